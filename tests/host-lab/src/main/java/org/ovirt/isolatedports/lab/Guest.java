// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.lab;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;

/** A running guest. Waits for it to boot where something is asked of it. */
public final class Guest extends Station {

  private static final Duration BOOT = Duration.ofMinutes(3);

  private final String vmId;
  private final String name;
  private LabHost host;
  private Agent agent;

  Guest(String vmId, String name, LabHost host) {
    this.vmId = vmId;
    this.name = name;
    this.host = host;
  }

  public String vmId() {
    return vmId;
  }

  @Override
  public String name() {
    return name;
  }

  /** The host it runs on now. */
  public synchronized LabHost host() {
    return host;
  }

  @Override
  synchronized Agent agent() {
    if (agent == null) {
      Path control = host.hypervisor().control(vmId);
      Agent connected = Agent.connect(name, control);
      try {
        connected.lines(BOOT, "hello");
      } catch (LabException e) {
        connected.close();
        throw e;
      }
      agent = connected;
    }
    return agent;
  }

  /** Its channel is at another host now. */
  synchronized void moved(LabHost destination) {
    disconnect();
    host = destination;
  }

  synchronized void disconnect() {
    if (agent != null) {
      agent.close();
      agent = null;
    }
  }

  /** DHCP leases by NIC address: the IPv4 addresses obtained so far. */
  public Map<String, String> leases() {
    Map<String, String> addresses = new TreeMap<>();
    Map<String, String> macs = new TreeMap<>();
    nics().forEach(nic -> macs.put(nic.name(), nic.mac()));
    run("cat /run/lease.eth* 2> /dev/null || true")
        .lines()
        .map(line -> line.split(" ", -1))
        .filter(words -> macs.containsKey(words[0]))
        .forEach(words -> addresses.put(macs.get(words[0]), words[1].replaceAll("/.*", "")));
    return addresses;
  }

  /** Waits until these NICs have a lease and returns the leases by NIC address. */
  public Map<String, String> awaitLeases(Duration limit, List<String> macs) {
    Supplier<String> missing =
        () -> {
          List<String> without = macs.stream().filter(mac -> !leases().containsKey(mac)).toList();
          return "The guest '%s' obtained no DHCP lease for %s within %d s."
              .formatted(name, without, limit.toSeconds());
        };
    Poll.until(limit, () -> leases().keySet().containsAll(macs), missing);
    return leases();
  }

  /** Asks for new leases on every NIC, as after a change of network. */
  public void renewLeases() {
    agent().lines(Duration.ofSeconds(30), "renew");
  }
}
