// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.lab;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** A running guest. Waits for it to boot where something is asked of it. */
public final class Guest extends Station {

  private static final Duration BOOT = Duration.ofMinutes(5);

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

  /** The addresses obtained by DHCP so far, by the MAC of the NIC in lower case. */
  public Map<String, String> leases() {
    Map<String, String> leases = new TreeMap<>();
    nics().forEach(nic -> nic.lease().ifPresent(address -> leases.put(nic.mac(), address)));
    return leases;
  }

  /** Waits until the NICs with these MACs have a lease; returns all leases as {@link #leases}. */
  public Map<String, String> awaitLeases(Duration limit, Collection<String> macs) {
    List<String> wanted = macs.stream().map(mac -> mac.toLowerCase(Locale.ROOT)).toList();
    Poll.until(
        limit,
        () -> leases().keySet().containsAll(wanted),
        () ->
            "The guest '%s' has no DHCP lease on all of %s after %d s, only %s."
                .formatted(name, wanted, limit.toSeconds(), leases()));
    return leases();
  }

  /** Asks for new leases on every NIC, as after a change of network. */
  public void renewLeases() {
    agent().lines(Duration.ofSeconds(90), "renew");
  }
}
