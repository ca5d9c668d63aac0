// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.lab;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * What lies behind the switch: on every network the address .1 and a DHCP server. It does not
 * forward, not even within a network: a gateway that does would connect isolated guests again.
 */
public final class Gateway extends Station {

  private final Agent agent;

  private Gateway(Agent agent) {
    this.agent = agent;
  }

  static Gateway start(
      Namespace machine, List<LabNetwork> networks, Switch peer, LabCache cache, Path logs) {
    machine.output(
        "sh", "-c", "mount -t tmpfs tmpfs /run && echo 0 > /proc/sys/net/ipv4/ip_forward");
    List<String> cables = new ArrayList<>();
    List<String> lines = new ArrayList<>();
    List<String> dnsmasq =
        new ArrayList<>(
            List.of(
                "dnsmasq",
                "--keep-in-foreground",
                "--conf-file=/dev/null",
                "--port=0",
                "--user=root",
                "--no-ping",
                "--dhcp-authoritative",
                "--dhcp-sequential-ip",
                "--log-dhcp",
                "--dhcp-leasefile=/run/leases",
                "--pid-file=/run/dnsmasq.pid",
                "--log-facility=-"));
    for (int i = 0; i < networks.size(); i++) {
      LabNetwork network = networks.get(i);
      cables.add(
          "link add %s netns %d type veth peer name gw%d netns %d"
              .formatted(network.name(), machine.pid(), i, peer.machine().pid()));
      lines.add("address add %s/24 dev %s".formatted(network.gateway(), network.name()));
      lines.add("link set %s up".formatted(network.name()));
      dnsmasq.add("--interface=" + network.name());
      dnsmasq.add(
          "--dhcp-range=%s.2,%s.250,255.255.255.0,1h"
              .formatted(network.prefix(), network.prefix()));
    }
    Command.output(List.of("ip", "-batch", "-"), String.join("\n", cables) + "\n");
    machine.ip(lines);
    for (int i = 0; i < networks.size(); i++) {
      peer.plug("gw" + i, networks.get(i).name(), false);
    }
    machine.spawn(logs.resolve("dnsmasq.log"), dnsmasq);
    machine.spawn(
        logs.resolve("gateway.log"), List.of(cache.agent().toString(), "serve", "/run/agent"));
    Path control = machine.path("/run/agent");
    Poll.until(
        Duration.ofSeconds(90),
        () -> Files.exists(control) && Files.exists(machine.path("/run/dnsmasq.pid")),
        () -> "The gateway's DHCP server or agent did not start; see %s.".formatted(logs));
    return new Gateway(Agent.connect("gateway", control));
  }

  @Override
  Agent agent() {
    return agent;
  }

  @Override
  public String name() {
    return "gateway";
  }

  void close() {
    agent.close();
  }
}
