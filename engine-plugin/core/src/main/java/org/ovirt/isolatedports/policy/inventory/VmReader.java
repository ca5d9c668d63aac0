// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.inventory;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.ovirt.isolatedports.policy.address.Addresses;
import org.ovirt.isolatedports.policy.address.Bits;
import org.ovirt.isolatedports.policy.address.IpRange;
import org.ovirt.isolatedports.policy.address.IpText;
import org.ovirt.isolatedports.policy.finding.Finding;
import org.ovirt.isolatedports.policy.finding.SourceLocation;
import org.ovirt.isolatedports.policy.kubernetes.KubernetesNames;
import org.ovirt.isolatedports.policy.role.PortRole;
import org.ovirt.isolatedports.policy.yaml.YamlFields;
import org.ovirt.isolatedports.policy.yaml.YamlNode;

/** Reads the VMs of an inventory, and their vNICs. */
final class VmReader {

  private static final Set<String> VM = Set.of("id", "name", "namespace", "labels", "host", "nics");
  private static final Set<String> NIC =
      Set.of("name", "network", "mac", "ips", "role", "ports", "anti_spoof", "port");
  private static final Set<String> PORT = Set.of("name", "protocol", "port");

  private final Networks networks;
  private final Consumer<Finding> findings;
  private final Map<String, Vm> vms = new LinkedHashMap<>();
  private final Map<String, Vm> namedOnNetwork = new HashMap<>();
  private final List<Nic> nics = new ArrayList<>();
  private final Map<String, SourceLocation> macs = new HashMap<>();
  private final Map<String, SourceLocation> devices = new HashMap<>();
  private final Map<String, String> addressOwners = new HashMap<>();
  private final Map<String, SourceLocation> places = new HashMap<>();
  private final Set<String> portNames = new HashSet<>();
  private final Set<String> nicNames = new HashSet<>();

  /**
   * @param networks the networks that vNICs may name
   */
  VmReader(Networks networks, Consumer<Finding> findings) {
    this.networks = networks;
    this.findings = findings;
  }

  List<Vm> vms() {
    return List.copyOf(vms.values());
  }

  List<Nic> nics() {
    return nics;
  }

  /** What the vNICs of a VM have in common. */
  private record Common(
      Vm vm, String namespace, Map<String, String> labels, Optional<String> host) {}

  void read(YamlFields fields) {
    fields.allowOnly(VM);
    fields.refuseEmpty();
    Optional<String> name = fields.requiredText("name");
    if (name.isEmpty()) {
      return;
    }
    Optional<String> id = NetworkReader.filled(fields, "id");
    Common vm = readCommon(fields, new Vm(id.orElse(name.get()), name.get()));
    checkIdentity(fields, vm.vm());
    places.put(vm.vm().id(), fields.locationOf("name"));
    vms.put(vm.vm().id(), vm.vm());
    int count = 0;
    for (YamlNode node : fields.list("nics")) {
      count++;
      String fallback = "nic" + count;
      YamlFields.of(node, "A vNIC of VM " + name.get(), findings)
          .ifPresent(nic -> readNic(nic, vm, fallback));
    }
  }

  /** VMs of two data centers may share a name; then their ids tell them apart. */
  private void checkIdentity(YamlFields fields, Vm vm) {
    Vm same = vms.get(vm.id());
    if (same != null && !same.name().equals(vm.name())) {
      fields.error(
          "id", "The id " + vm.id() + " is also that of VM " + same.name() + "; each has its own.");
    } else if (same != null || vms.values().stream().anyMatch(other -> isSame(other, vm))) {
      fields.error(
          "name",
          "There are two VMs named "
              + vm.name()
              + "; VM names must be unique, rename one, or give each its \"id\".");
    }
  }

  /** Whether nothing but an id that one of the two lacks tells them apart. */
  private static boolean isSame(Vm one, Vm other) {
    return one.name().equals(other.name())
        && (one.id().equals(one.name()) || other.id().equals(other.name()));
  }

  private static Common readCommon(YamlFields fields, Vm vm) {
    Map<String, String> labels = new TreeMap<>(InventoryReader.readLabels(fields));
    for (String own : List.of(InventoryReader.VM_NAME_LABEL, InventoryReader.VM_ID_LABEL)) {
      if (labels.containsKey(own)) {
        fields.error(
            "labels",
            "The label " + own + " is the VM's own name or id and cannot be set; leave it out.");
      }
    }
    labels.put(InventoryReader.VM_NAME_LABEL, vm.name());
    fields.text("id").ifPresent(id -> labels.put(InventoryReader.VM_ID_LABEL, id));
    String key = fields.has("namespace") ? "namespace" : "labels";
    String namespace =
        NetworkReader.filled(fields, "namespace")
            .or(() -> Optional.ofNullable(labels.get("namespace")))
            .orElse(Inventory.DEFAULT_NAMESPACE);
    InventoryReader.checkNamespace(fields, key, namespace);
    return new Common(vm, namespace, labels, NetworkReader.filled(fields, "host"));
  }

  /**
   * Reports VMs that bear a name by which something else is met. It stops nothing: whoever can
   * rename a VM must neither be met by another's rules, nor keep everyone's from being compiled.
   */
  void checkNames() {
    for (Vm vm : vms.values()) {
      if (Inventory.RESERVED_NAMES.contains(vm.name())) {
        reserved(vm, "the uplink");
      } else if (portNames.contains(vm.name())) {
        reserved(vm, "the vNIC of another VM (VM/NIC)");
      }
    }
  }

  private void reserved(Vm vm, String other) {
    findings.accept(
        Finding.error(
                places.get(vm.id()),
                "A VM cannot be named \""
                    + vm.name()
                    + "\" here, since that stands for "
                    + other
                    + "; a match meets this one by VM/NIC alone. Give it another name.")
            .readClosed()
            .ofKind(InventoryReader.RESERVED_NAME));
  }

  private void readNic(YamlFields fields, Common common, String fallback) {
    Vm vm = common.vm();
    fields.allowOnly(NIC);
    fields.refuseEmpty();
    Optional<Network> network = readNetworkOf(fields, vm.name());
    Optional<Bits> mac = readMac(fields, vm.name());
    String name = NetworkReader.filled(fields, "name").orElse(fallback);
    if (name.contains("/")) {
      fields.error(
          "name",
          "A vNIC's name cannot contain / here, since VM/NIC names a port, and \""
              + name
              + "\" could be one; give it another name.");
    }
    if (network.isEmpty() || mac.isEmpty()) {
      return;
    }
    Nic nic =
        new Nic(
            vm,
            name,
            network.get().id(),
            common.namespace(),
            common.labels(),
            common.host(),
            mac.get(),
            NetworkReader.readRanges(
                fields, "ips", "a vNIC of VM " + vm.name(), IpText::addressProblem),
            readRole(fields, vm.name(), network.get()),
            fields.flag("anti_spoof").orElse(true),
            readDevice(fields, vm.name()),
            readPorts(fields, vm.name()));
    checkPortName(fields, nic, network.get());
    String device = nic.host().orElse("") + " " + nic.device();
    unique(devices, device, fields, "port", vm.name(), nic.device());
    checkAddresses(fields, nic, network.get());
    nics.add(nic);
  }

  /** Within a network {@code VM/NIC} must name one port, as it does in the engine. */
  private void checkPortName(YamlFields fields, Nic nic, Network network) {
    Vm vm = nic.vm();
    Vm other = namedOnNetwork.putIfAbsent(network.id() + " " + vm.name(), vm);
    if (other != null && !other.equals(vm)) {
      fields.error(
          "network",
          "There are two VMs named "
              + vm.name()
              + " on network "
              + network.qualifiedName()
              + "; within a data center VM names are unique, rename one.");
    }
    portNames.add(nic.portName());
    if (!nicNames.add(vm.id() + "/" + nic.name())) {
      fields.error(
          "name", "VM " + vm.name() + " has two vNICs named " + nic.name() + "; rename one.");
    }
  }

  /** Addresses that a guest would have trouble with, and rules too. */
  private void checkAddresses(YamlFields fields, Nic nic, Network network) {
    if (network.gatewayMacs().contains(nic.mac())) {
      fields.warning(
          "mac",
          "The mac of vNIC "
              + nic.portName()
              + " is also that of a gateway of network "
              + network.name()
              + ", so frames of the one pass for the other's; correct it.");
    }
    for (IpRange address : nic.addresses()) {
      String whose = "The address " + address + " of vNIC " + nic.portName();
      if (network.isOutside(address)) {
        warn(
            fields,
            "address-outside-network",
            whose + " lies outside the cidr of network " + network.name() + "; correct it.");
      }
      if (network.gateways().contains(address)) {
        warn(
            fields,
            "address-of-gateway",
            whose
                + " is that of the gateway of network "
                + network.name()
                + ", so rules about the one are about the other; correct it.");
      }
      String owner = addressOwners.putIfAbsent(network.id() + " " + address, nic.portName());
      if (owner != null) {
        warn(
            fields,
            "address-twice",
            whose + " is also that of vNIC " + owner + " on the network; give each its own.");
      }
    }
  }

  private static void warn(YamlFields fields, String kind, String message) {
    fields.warning("ips", message, kind);
  }

  private static void unique(
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
    List<Network> called = name.map(networks::called).orElse(List.of());
    if (called.size() > 1) {
      fields.error(
          "network",
          "A vNIC of VM "
              + vm
              + " is on network "
              + name.get()
              + ", and several bear that name: "
              + networks.namesOf(called)
              + ". Write one of these.");
      return Optional.empty();
    }
    if (name.isPresent() && called.isEmpty()) {
      fields.error(
          "network",
          "A vNIC of VM "
              + vm
              + " is on network "
              + name.get()
              + ", which is not listed; there are "
              + networks.names()
              + ".");
    }
    return called.stream().findFirst();
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

  private static PortRole readRole(YamlFields fields, String vm, Network network) {
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

  private static Optional<String> readDevice(YamlFields fields, String vm) {
    Optional<String> device = fields.text("port");
    if (device.isPresent() && !NetworkReader.isDeviceName(device.get())) {
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
      YamlFields.of(node, "A port of a vNIC of VM " + vm, findings)
          .flatMap(VmReader::readPort)
          .ifPresent(ports::add);
    }
    return ports;
  }

  private static Optional<Nic.NamedPort> readPort(YamlFields port) {
    port.allowOnly(PORT);
    port.refuseEmpty();
    Optional<String> name = port.requiredText("name");
    name.flatMap(KubernetesNames::portName)
        .ifPresent(
            problem ->
                port.error(
                    "name",
                    "The name of a port has an invalid value: \""
                        + name.get()
                        + "\": "
                        + problem
                        + "."));
    String protocol = port.text("protocol").orElse("TCP");
    if (!Set.of("TCP", "UDP", "SCTP").contains(protocol)) {
      port.error(
          "protocol", "A port's protocol must be TCP, UDP or SCTP, not \"" + protocol + "\".");
    }
    if (!port.names("port")) {
      port.error("port", "A port needs \"port\"; write its number.");
    }
    Optional<Integer> number = port.integer("port", 1, 65535);
    return name.flatMap(n -> number.map(p -> new Nic.NamedPort(n, protocol, p)));
  }
}
