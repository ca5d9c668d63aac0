// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.inventory;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Function;
import org.ovirt.isolatedports.policy.address.Addresses;
import org.ovirt.isolatedports.policy.address.Bits;
import org.ovirt.isolatedports.policy.address.IpRange;
import org.ovirt.isolatedports.policy.address.IpText;
import org.ovirt.isolatedports.policy.finding.Finding;
import org.ovirt.isolatedports.policy.finding.SourceLocation;
import org.ovirt.isolatedports.policy.yaml.YamlFields;
import org.ovirt.isolatedports.policy.yaml.YamlNode;

/** Reads the networks of an inventory. */
final class NetworkReader {

  private static final Set<String> KEYS =
      Set.of(
          "id",
          "name",
          "data_center",
          "bridge",
          "cidr",
          "gateway",
          "gateway_macs",
          "port_isolation",
          "uplink",
          "drop_hairpin");

  private final Map<String, Network> networks = new TreeMap<>();
  private final Map<String, List<Network>> byName = new TreeMap<>();
  private final Consumer<Finding> findings;

  NetworkReader(Consumer<Finding> findings) {
    this.findings = findings;
  }

  /** The networks that were read. */
  Networks networks() {
    return Networks.of(networks.values());
  }

  void read(YamlFields fields) {
    fields.allowOnly(KEYS);
    fields.refuseEmpty();
    Optional<String> name = fields.requiredText("name");
    if (name.isEmpty()) {
      return;
    }
    Optional<String> dataCenter = filled(fields, "data_center");
    String qualified = dataCenter.map(center -> center + "/" + name.get()).orElse(name.get());
    Network network =
        new Network(
            filled(fields, "id").orElse(qualified),
            name.get(),
            dataCenter,
            readBridge(fields, name.get()),
            readRanges(fields, "cidr", "network " + name.get(), IpText::blockProblem),
            readRanges(fields, "gateway", "network " + name.get(), IpText::addressProblem),
            readGatewayMacs(fields, name.get()),
            fields.flag("port_isolation").orElse(false),
            readUplink(fields, name.get()),
            fields.flag("drop_hairpin").orElse(false));
    checkIdentity(fields, network);
    networks.put(network.id(), network);
    byName.computeIfAbsent(network.name(), n -> new ArrayList<>()).add(network);
    checkGateway(fields, network);
    if (fields.has("uplink")
        && network.uplink() == Network.Uplink.GATEWAYS
        && network.gatewayMacs().isEmpty()) {
      fields.warning(
          "uplink",
          "Network "
              + name.get()
              + " has \"uplink: gateways\" and lists no gateway_macs: on the hosts its isolated ports"
              + " get nothing from the uplink, not even from its gateway. List the gateway's MAC.");
    }
  }

  /** Names repeat across data centers, ids nowhere; one must tell any two apart. */
  private void checkIdentity(YamlFields fields, Network network) {
    Network same = networks.get(network.id());
    if (same != null && !same.qualifiedName().equals(network.qualifiedName())) {
      fields.error(
          "id",
          "The id "
              + network.id()
              + " is also that of network "
              + same.qualifiedName()
              + "; each network has its own.");
    } else if (same != null
        || byName.getOrDefault(network.name(), List.of()).stream()
            .anyMatch(other -> other.dataCenter().equals(network.dataCenter()))) {
      fields.error(
          "name",
          "There are two networks named "
              + network.qualifiedName()
              + "; keep one, or say by \"data_center\" which is which.");
    }
  }

  /** A text that is not empty, if there is one. */
  static Optional<String> filled(YamlFields fields, String key) {
    Optional<String> text = fields.text(key);
    if (text.isPresent() && text.get().isEmpty()) {
      fields.error(key, "\"" + key + "\" is empty; write a value, or leave the key out.");
    }
    return text;
  }

  private void checkGateway(YamlFields fields, Network network) {
    for (IpRange gateway : network.gateways()) {
      if (network.isOutside(gateway)) {
        findings.accept(
            Finding.warning(
                fields.locationOf("gateway"),
                "The gateway "
                    + gateway
                    + " of network "
                    + network.name()
                    + " lies outside its cidr; correct the one or the other."));
      }
    }
  }

  private static String readBridge(YamlFields fields, String network) {
    String bridge = fields.text("bridge").orElse(network);
    if (!isDeviceName(bridge)) {
      fields.error(
          "bridge",
          "The bridge of network "
              + network
              + " must be the name of a device (1 to 15 characters, no space, / or quote), not \""
              + bridge
              + "\"; write \"bridge: ...\" as VDSM names it.");
    }
    return bridge;
  }

  /** Whether the kernel and the ruleset take it for the name of a device. */
  static boolean isDeviceName(String text) {
    return text.matches("[A-Za-z0-9_.@:+-]{1,15}") && !text.equals(".") && !text.equals("..");
  }

  /** Addresses or blocks; those that are none are reported and left out. */
  static List<IpRange> readRanges(
      YamlFields fields, String key, String whose, Function<String, Optional<String>> problemOf) {
    List<IpRange> ranges = new ArrayList<>();
    for (Part part : listOrText(fields, key)) {
      Optional<String> problem = problemOf.apply(part.text());
      if (problem.isEmpty()) {
        IpRange.parse(part.text()).ifPresent(ranges::add);
      } else {
        fields.errorAt(
            part.location(),
            "The "
                + key
                + " of "
                + whose
                + " has an invalid value: \""
                + part.text()
                + "\": "
                + problem.get()
                + ".");
      }
    }
    return ranges;
  }

  /** One of several values. */
  record Part(String text, SourceLocation location) {}

  /** One value, several separated by commas (as Kube-OVN writes dual stack), or a list. */
  static List<Part> listOrText(YamlFields fields, String key) {
    List<Part> parts = new ArrayList<>();
    if (fields.node(key).filter(node -> node instanceof YamlNode.Sequence).isPresent()) {
      fields.scalars(key).forEach(item -> parts.add(new Part(item.text(), item.location())));
      return parts;
    }
    fields
        .text(key)
        .ifPresent(
            text -> {
              for (String part : text.split(",", -1)) {
                parts.add(new Part(part.strip(), fields.locationOf(key)));
              }
            });
    return parts;
  }

  private static List<Bits> readGatewayMacs(YamlFields fields, String network) {
    List<Bits> result = new ArrayList<>();
    for (Part part : listOrText(fields, "gateway_macs")) {
      Optional<Bits> mac = Addresses.parseMac(part.text());
      mac.ifPresent(result::add);
      if (mac.isEmpty()) {
        fields.errorAt(
            part.location(),
            "The gateway_macs of network "
                + network
                + " must be MACs such as 52:54:00:00:00:01, not \""
                + part.text()
                + "\".");
      }
    }
    return result;
  }

  private static Network.Uplink readUplink(YamlFields fields, String network) {
    String text = fields.text("uplink").orElse("open").toLowerCase(Locale.ROOT);
    if (text.equals("gateways")) {
      return Network.Uplink.GATEWAYS;
    }
    if (!text.equals("open")) {
      fields.error(
          "uplink",
          "The uplink of network " + network + " must be gateways or open, not \"" + text + "\".");
    }
    return Network.Uplink.OPEN;
  }
}
