// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.lab;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * The switch between the hosts and the gateway: a Linux bridge per network. A protected port is one
 * with the kernel's isolated flag: no frame passes from one protected port to another.
 *
 * <p>A network that is a VLAN has its own port device on the shared cable, so that ports can be
 * protected per VLAN, as with the private VLANs of real switches.
 */
final class Switch {

  /** The network VDSM and libvirt use among hosts. */
  static final String MANAGEMENT = "mgmt";

  private final Namespace machine;
  private final Map<String, Boolean> protectedNetworks = new ConcurrentHashMap<>();
  private final Map<String, List<String>> hostPorts = new ConcurrentHashMap<>();

  Switch(Namespace machine, List<LabNetwork> networks) {
    this.machine = machine;
    List<String> lines = new ArrayList<>(bridge(MANAGEMENT));
    networks.forEach(network -> lines.addAll(bridge(network.name())));
    machine.output("sh", "-c", "echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6");
    machine.ip(lines);
  }

  /** A bridge that forwards from the start: no spanning tree, no delay. */
  static List<String> bridge(String name) {
    return List.of(
        "link add %s type bridge stp_state 0 forward_delay 0".formatted(name),
        "link set %s up".formatted(name));
  }

  Namespace machine() {
    return machine;
  }

  /** Puts a port device of this machine on a network. */
  void plug(String port, String network, boolean towardsHost) {
    boolean isProtected = towardsHost && protectedNetworks.getOrDefault(network, false);
    machine.ip(
        List.of(
            "link set %s master %s".formatted(port, network),
            "link set %s type bridge_slave isolated %s".formatted(port, isProtected ? "on" : "off"),
            "link set %s up".formatted(port)));
    if (towardsHost) {
      List<String> ports = hostPorts.computeIfAbsent(network, name -> new CopyOnWriteArrayList<>());
      ports.remove(port);
      ports.add(port);
    }
  }

  /** Protects, or stops protecting, the ports towards hosts on one network. */
  void protect(String network, boolean on) {
    protectedNetworks.put(network, on);
    Optional.ofNullable(hostPorts.get(network))
        .ifPresent(
            ports ->
                ports.forEach(
                    port ->
                        machine.ip(
                            List.of(
                                "link set %s type bridge_slave isolated %s"
                                    .formatted(port, on ? "on" : "off")))));
  }
}
