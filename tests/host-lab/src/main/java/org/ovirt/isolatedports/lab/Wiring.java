// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.lab;

import java.util.ArrayList;
import java.util.List;

/**
 * The cables of one host: eth0 to the management network, an uplink of its own for each network
 * that is no VLAN, and one shared uplink, {@code trunk}, for those that are.
 *
 * @param index the host's number, from 1
 */
record Wiring(int index, List<LabNetwork> networks, Switch peer) {

  private static final String TRUNK = "trunk";

  String managementAddress() {
    return "10.254.0." + (10 + index);
  }

  boolean isUplink(String device) {
    return device.startsWith("eth") || device.startsWith(TRUNK);
  }

  /** Lays the cables and makes the bridges, as the host's boot does. */
  void connect(Namespace host) {
    List<String> cables = new ArrayList<>(List.of(cable(host, "eth0", port("m"))));
    for (int i = 0; i < networks.size(); i++) {
      if (networks.get(i).vlan().isEmpty()) {
        cables.add(cable(host, "eth" + (i + 1), port("p" + (i + 1))));
      }
    }
    if (networks.stream().anyMatch(network -> network.vlan().isPresent())) {
      cables.add(cable(host, TRUNK, port("t")));
    }
    Command.output(List.of("ip", "-batch", "-"), String.join("\n", cables) + "\n");

    List<String> lines =
        new ArrayList<>(
            List.of(
                "address add %s/24 dev eth0".formatted(managementAddress()), "link set eth0 up"));
    peer.plug(port("m"), Switch.MANAGEMENT, false);
    for (int i = 0; i < networks.size(); i++) {
      LabNetwork network = networks.get(i);
      String uplink = "eth" + (i + 1);
      String port = port("p" + (i + 1));
      if (network.vlan().isPresent()) {
        uplink = host.vlan(TRUNK, network.vlan().get());
        port = peer.machine().vlan(port("t"), network.vlan().get());
      }
      lines.addAll(Switch.bridge(network.name()));
      lines.add("link set %s master %s".formatted(uplink, network.name()));
      lines.add("link set %s up".formatted(uplink));
      peer.plug(port, network.name(), true);
    }
    host.ip(lines);
  }

  /** Takes away what {@link #connect} made and whatever else the host put on its devices. */
  void disconnect(Namespace host) {
    host.output(
        "sh",
        "-c",
        """
        nft flush ruleset
        for device in $(ls /sys/class/net); do
          [ "$device" = lo ] || ip link del "$device" 2> /dev/null || :
        done
        """);
  }

  private String port(String kind) {
    return "h" + index + kind;
  }

  private String cable(Namespace host, String uplink, String port) {
    return "link add %s netns %d type veth peer name %s netns %d"
        .formatted(uplink, host.pid(), port, peer.machine().pid());
  }
}
