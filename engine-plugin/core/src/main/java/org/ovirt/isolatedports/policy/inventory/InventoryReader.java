// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.inventory;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.ovirt.isolatedports.policy.Finding;
import org.ovirt.isolatedports.policy.IpRange;
import org.ovirt.isolatedports.policy.PolicyException;
import org.ovirt.isolatedports.policy.SourceLocation;
import org.ovirt.isolatedports.policy.match.Addresses;
import org.ovirt.isolatedports.policy.match.Bits;
import org.ovirt.isolatedports.policy.match.NameSets;
import org.ovirt.isolatedports.policy.role.PortRole;
import org.ovirt.isolatedports.policy.yaml.YamlFields;
import org.ovirt.isolatedports.policy.yaml.YamlNode;
import org.ovirt.isolatedports.policy.yaml.YamlReader;

/** Reads an inventory file: networks, namespaces, VMs and their vNICs. */
public final class InventoryReader {

  /** The label every namespace carries with its name (Kubernetes, NamespaceDefaultLabelName). */
  public static final String NAME_LABEL = "kubernetes.io/metadata.name";

  /** The label by which a policy selects a VM by its name (KubeVirt). */
  public static final String VM_NAME_LABEL = "vm.kubevirt.io/name";

  /** The label by which a policy selects a VM whose name was pinned. */
  public static final String VM_ID_LABEL = "isolated-ports.ovirt.org/vm-id";

  private static final Set<String> TOP =
      Set.of("networks", "namespaces", "vms", "address_sets", "port_groups");
  private static final Set<String> NETWORK =
      Set.of("name", "bridge", "cidr", "gateway", "gateway_macs", "port_isolation", "uplink");
  private static final Set<String> VM = Set.of("id", "name", "namespace", "labels", "host", "nics");
  private static final Set<String> NIC =
      Set.of("name", "network", "mac", "ips", "role", "ports", "anti_spoof", "port");
  private static final Set<String> PORT = Set.of("name", "protocol", "port");

  private final List<Finding> findings = new ArrayList<>();
  private final Map<String, Network> networks = new TreeMap<>();
  private final Map<String, Map<String, String>> namespaces = new TreeMap<>();
  private final Set<String> vms = new LinkedHashSet<>();
  private final List<Nic> nics = new ArrayList<>();
  private final Map<String, SourceLocation> macs = new HashMap<>();
  private final Map<String, SourceLocation> devices = new HashMap<>();
  private final Set<String> portNames = new HashSet<>();
  private NameSets sets = NameSets.NONE;

  private InventoryReader() {}

  /**
   * What was read.
   *
   * @param inventory what could be read; of use only without errors
   * @param findings what is wrong
   */
  public record Result(Inventory inventory, List<Finding> findings) {}

  public static Result read(Path file) throws PolicyException {
    return read(file.toString(), YamlReader.read(file));
  }

  /** Reads an inventory from text that messages call {@code name}. */
  public static Result read(String name, String text) throws PolicyException {
    return read(name, YamlReader.read(name, text));
  }

  private static Result read(String name, List<YamlNode> documents) throws PolicyException {
    if (documents.size() != 1) {
      throw new PolicyException(
          new SourceLocation(name, 1, 1),
          "An inventory is one YAML document with networks and vms; this file has "
              + documents.size()
              + ".");
    }
    InventoryReader reader = new InventoryReader();
    YamlFields.of(documents.get(0), "The inventory", reader.findings::add)
        .ifPresent(reader::readAll);
    return new Result(
        new Inventory(
            reader.networks, reader.namespaces, List.copyOf(reader.vms), reader.nics, reader.sets),
        List.copyOf(reader.findings));
  }

  private void readAll(YamlFields top) {
    top.allowOnly(TOP);
    if (!top.has("networks")) {
      top.error("networks", "The inventory needs \"networks\"; list at least one with its name.");
    }
    for (YamlNode node : top.list("networks")) {
      YamlFields.of(node, "A network", findings::add).ifPresent(this::readNetwork);
    }
    for (YamlNode node : top.list("namespaces")) {
      YamlFields.of(node, "A namespace", findings::add).ifPresent(this::readNamespace);
    }
    for (YamlNode node : top.list("vms")) {
      YamlFields.of(node, "A VM", findings::add).ifPresent(this::readVm);
    }
    sets = new NameSets(readSets(top, "address_sets"), readSets(top, "port_groups"));
  }

  private Map<String, List<String>> readSets(YamlFields top, String key) {
    Map<String, List<String>> result = new TreeMap<>();
    Optional<YamlFields> fields = top.fields(key);
    if (fields.isPresent()) {
      for (String name : fields.get().others(Set.of()).keySet()) {
        result.put(name, fields.get().texts(name));
      }
    }
    return result;
  }

  private void readNetwork(YamlFields fields) {
    fields.allowOnly(NETWORK);
    Optional<String> name = fields.requiredText("name");
    if (name.isEmpty()) {
      return;
    }
    if (networks.containsKey(name.get())) {
      fields.error("name", "There are two networks named " + name.get() + "; keep one.");
    }
    Network network =
        new Network(
            name.get(),
            readBridge(fields, name.get()),
            readBlocks(fields, "cidr", name.get()),
            readBlocks(fields, "gateway", name.get()),
            readGatewayMacs(fields, name.get()),
            fields.flag("port_isolation").orElse(false),
            readUplink(fields, name.get()));
    networks.put(name.get(), network);
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

  private String readBridge(YamlFields fields, String network) {
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
  private static boolean isDeviceName(String text) {
    return text.matches("[A-Za-z0-9_.@:+-]{1,15}") && !text.equals(".") && !text.equals("..");
  }

  private List<IpRange> readBlocks(YamlFields fields, String key, String network) {
    List<IpRange> blocks = new ArrayList<>();
    for (String text : listOrText(fields, key)) {
      Optional<IpRange> block = IpRange.parse(text);
      if (block.isEmpty() || (key.equals("gateway") && !block.get().isSingle())) {
        fields.error(
            key,
            "The "
                + key
                + " of network "
                + network
                + " must be "
                + (key.equals("gateway")
                    ? "an address such as 10.0.0.1"
                    : "a block such as 10.0.0.0/24")
                + ", not \""
                + text
                + "\".");
      } else {
        blocks.add(block.get());
      }
    }
    return blocks;
  }

  /** One value, several separated by commas (as Kube-OVN writes dual stack), or a list. */
  private static List<String> listOrText(YamlFields fields, String key) {
    if (fields.node(key).filter(node -> node instanceof YamlNode.Sequence).isPresent()) {
      return fields.texts(key);
    }
    List<String> parts = new ArrayList<>();
    fields
        .text(key)
        .ifPresent(
            text -> {
              for (String part : text.split(",", -1)) {
                parts.add(part.strip());
              }
            });
    return parts;
  }

  private List<Bits> readGatewayMacs(YamlFields fields, String network) {
    List<Bits> result = new ArrayList<>();
    for (String text : listOrText(fields, "gateway_macs")) {
      Optional<Bits> mac = Addresses.parseMac(text);
      mac.ifPresent(result::add);
      if (mac.isEmpty()) {
        fields.error(
            "gateway_macs",
            "The gateway_macs of network "
                + network
                + " must be MACs such as 52:54:00:00:00:01, not \""
                + text
                + "\".");
      }
    }
    return result;
  }

  private Network.Uplink readUplink(YamlFields fields, String network) {
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

  private void readNamespace(YamlFields fields) {
    fields.allowOnly(Set.of("name", "labels"));
    Optional<String> name = fields.requiredText("name");
    Map<String, String> labels = new TreeMap<>(fields.textMap("labels"));
    name.ifPresent(
        n -> {
          labels.put(NAME_LABEL, n);
          if (namespaces.put(n, labels) != null) {
            fields.error("name", "There are two namespaces named " + n + "; keep one.");
          }
        });
  }

  private void readVm(YamlFields fields) {
    fields.allowOnly(VM);
    Optional<String> name = fields.requiredText("name");
    if (name.isEmpty()) {
      return;
    }
    if (name.get().equals(Inventory.GATEWAY)) {
      fields.error(
          "name",
          "A VM cannot be named \"gateway\" here, since that stands for the uplink; give it"
              + " another name.");
    }
    if (!vms.add(name.get())) {
      fields.error(
          "name",
          "There are two VMs named " + name.get() + "; VM names must be unique, rename one.");
    }
    Map<String, String> labels = new TreeMap<>(fields.textMap("labels"));
    for (String own : List.of(VM_NAME_LABEL, VM_ID_LABEL)) {
      if (labels.containsKey(own)) {
        fields.error(
            "labels",
            "The label " + own + " is the VM's own name or id and cannot be set; leave it out.");
      }
    }
    labels.put(VM_NAME_LABEL, name.get());
    fields.text("id").ifPresent(id -> labels.put(VM_ID_LABEL, id));
    String namespace =
        fields
            .text("namespace")
            .or(() -> Optional.ofNullable(labels.get("namespace")))
            .orElse(Inventory.DEFAULT_NAMESPACE);
    int count = 0;
    for (YamlNode node : fields.list("nics")) {
      count++;
      String fallback = "nic" + count;
      YamlFields.of(node, "A vNIC of VM " + name.get(), findings::add)
          .ifPresent(
              nic -> readNic(nic, name.get(), fallback, namespace, labels, fields.text("host")));
    }
  }

  private void readNic(
      YamlFields fields,
      String vm,
      String fallback,
      String namespace,
      Map<String, String> labels,
      Optional<String> host) {
    fields.allowOnly(NIC);
    Optional<Network> network = readNetworkOf(fields, vm);
    Optional<Bits> mac = readMac(fields, vm);
    if (network.isEmpty() || mac.isEmpty()) {
      return;
    }
    Nic nic =
        new Nic(
            vm,
            fields.text("name").orElse(fallback),
            network.get().name(),
            namespace,
            labels,
            host,
            mac.get(),
            readAddresses(fields, vm),
            readRole(fields, vm, network.get()),
            fields.flag("anti_spoof").orElse(true),
            readDevice(fields, vm),
            readPorts(fields, vm));
    if (!portNames.add(nic.portName())) {
      fields.error("name", "VM " + vm + " has two vNICs named " + nic.name() + "; rename one.");
    }
    unique(devices, nic.host().orElse("") + " " + nic.device(), fields, "port", vm, nic.device());
    nics.add(nic);
  }

  private void unique(
      Map<String, SourceLocation> seen,
      String identity,
      YamlFields fields,
      String key,
      String vm,
      String shown) {
    SourceLocation earlier = seen.putIfAbsent(identity, fields.locationOf(key));
    if (earlier != null) {
      fields.error(
          key,
          "The "
              + key
              + " "
              + shown
              + " of a vNIC of VM "
              + vm
              + " is also that of the vNIC at line "
              + earlier.line()
              + "; each vNIC needs its own.");
    }
  }

  private Optional<Network> readNetworkOf(YamlFields fields, String vm) {
    Optional<String> name = fields.requiredText("network");
    Optional<Network> network = name.map(networks::get);
    if (name.isPresent() && network.isEmpty()) {
      fields.error(
          "network",
          "A vNIC of VM "
              + vm
              + " is on network "
              + name.get()
              + ", which is not listed; there are "
              + String.join(", ", networks.keySet())
              + ".");
    }
    return network;
  }

  private Optional<Bits> readMac(YamlFields fields, String vm) {
    Optional<String> text = fields.requiredText("mac");
    if (text.isEmpty()) {
      return Optional.empty();
    }
    Optional<Bits> mac = Addresses.parseMac(text.get());
    if (mac.isEmpty() || mac.get().bit(40)) {
      fields.error(
          "mac",
          "The mac of a vNIC of VM "
              + vm
              + " must be a unicast MAC such as 52:54:00:00:00:01, not \""
              + text.get()
              + "\".");
      return Optional.empty();
    }
    unique(macs, Addresses.formatMac(mac.get()), fields, "mac", vm, text.get());
    return mac;
  }

  private List<IpRange> readAddresses(YamlFields fields, String vm) {
    List<IpRange> addresses = new ArrayList<>();
    for (String text : listOrText(fields, "ips")) {
      Optional<IpRange> address = IpRange.parse(text).filter(IpRange::isSingle);
      address.ifPresent(addresses::add);
      if (address.isEmpty()) {
        fields.error(
            "ips",
            "The ips of a vNIC of VM "
                + vm
                + " must be addresses such as 10.0.0.2, not \""
                + text
                + "\".");
      }
    }
    return addresses;
  }

  private PortRole readRole(YamlFields fields, String vm, Network network) {
    PortRole fallback =
        network.portIsolation() ? new PortRole.Isolated() : new PortRole.Promiscuous();
    Optional<String> text = fields.text("role");
    if (text.isEmpty()) {
      return fallback;
    }
    Optional<PortRole> role = PortRole.parse(text.get());
    if (role.isEmpty()) {
      fields.error(
          "role",
          "The role of a vNIC of VM "
              + vm
              + " must be "
              + PortRole.SYNTAX
              + ", not \""
              + text.get()
              + "\".");
    }
    return role.orElse(fallback);
  }

  private Optional<String> readDevice(YamlFields fields, String vm) {
    Optional<String> device = fields.text("port");
    if (device.isPresent() && !isDeviceName(device.get())) {
      fields.error(
          "port",
          "The port of a vNIC of VM "
              + vm
              + " must be the name of its device, such as vnet0, not \""
              + device.get()
              + "\".");
    }
    return device;
  }

  private List<Nic.NamedPort> readPorts(YamlFields fields, String vm) {
    List<Nic.NamedPort> ports = new ArrayList<>();
    for (YamlNode node : fields.list("ports")) {
      Optional<YamlFields> found =
          YamlFields.of(node, "A port of a vNIC of VM " + vm, findings::add);
      if (found.isEmpty()) {
        continue;
      }
      YamlFields port = found.get();
      port.allowOnly(PORT);
      Optional<String> name = port.requiredText("name");
      String protocol = port.text("protocol").orElse("TCP").toUpperCase(Locale.ROOT);
      if (!Set.of("TCP", "UDP", "SCTP").contains(protocol)) {
        port.error(
            "protocol", "A port's protocol must be TCP, UDP or SCTP, not \"" + protocol + "\".");
      }
      Optional<Integer> number = port.integer("port", 1, 65535);
      if (number.isEmpty() && !port.has("port")) {
        port.error("port", "A port needs \"port\"; write its number.");
      }
      if (name.isPresent() && number.isPresent()) {
        ports.add(new Nic.NamedPort(name.get(), protocol, number.get()));
      }
    }
    return ports;
  }
}
