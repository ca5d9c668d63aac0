// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.inventory;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.ovirt.isolatedports.inventory.VmWithVnics;
import org.ovirt.isolatedports.inventory.WatchedProfile;
import org.ovirt.isolatedports.policy.address.Addresses;
import org.ovirt.isolatedports.policy.address.Bits;
import org.ovirt.isolatedports.policy.address.IpRange;
import org.ovirt.isolatedports.policy.inventory.Inventory;
import org.ovirt.isolatedports.policy.inventory.InventoryReader;
import org.ovirt.isolatedports.policy.inventory.Network;
import org.ovirt.isolatedports.policy.inventory.Networks;
import org.ovirt.isolatedports.policy.inventory.Nic;
import org.ovirt.isolatedports.policy.inventory.Vm;
import org.ovirt.isolatedports.policy.match.NameSets;
import org.ovirt.isolatedports.rules.UnknownIsUnsafe;
import org.ovirt.isolatedports.server.engine.EnginePicture;
import org.ovirt.isolatedports.server.http.Ids;
import org.ovirt.isolatedports.server.labels.Labels;
import org.ovirt.isolatedports.server.roles.Roles;
import org.ovirt.isolatedports.server.uplink.Uplink;

/**
 * What policies are applied to, made of the engine's picture and of what only we know. Immutable.
 *
 * <p>A vNIC that cannot be told from another one is in no rule, so that its port stays closed: one
 * without a usable MAC, with the MAC of a gateway, or with a MAC that another one of its data
 * center has as well.
 */
public final class LiveInventory {

  /** What a bridge may be called; the engine gives networks with other names one of its making. */
  private static final Pattern DEVICE = Pattern.compile("[A-Za-z0-9_-]{1,15}");

  private final Inventory inventory;
  private final Map<String, List<Port>> ports;
  private final List<String> problems;

  private LiveInventory(Inventory inventory, Map<String, List<Port>> ports, List<String> problems) {
    this.inventory = inventory;
    this.ports = ports;
    this.problems = List.copyOf(problems);
  }

  /**
   * Makes the inventory.
   *
   * @param picture the engine as last read
   * @param isolated ids of the networks that are isolated
   * @param uplinks the uplink of a network, by id
   * @param labels what administrators say of vNICs
   * @param roles roles that they gave single vNICs, by id
   */
  public static LiveInventory of(
      EnginePicture picture,
      Set<UUID> isolated,
      Function<UUID, Uplink> uplinks,
      Labels.All labels,
      Map<UUID, Roles.Given> roles) {
    return of(picture, isolated, uplinks, labels, roles, Set.of());
  }

  /**
   * The same with vNICs that may be routers and DHCP servers.
   *
   * @param serving ids of the vNIC profiles whose vNICs may
   */
  public static LiveInventory of(
      EnginePicture picture,
      Set<UUID> isolated,
      Function<UUID, Uplink> uplinks,
      Labels.All labels,
      Map<UUID, Roles.Given> roles,
      Set<UUID> serving) {
    return new Maker(picture, isolated, uplinks, labels, roles, serving).make();
  }

  /** Networks, VMs and vNICs for policies; it names no sets, which each network has its own. */
  public Inventory inventory() {
    return inventory;
  }

  /** The vNICs of a network that are in rules, by device; none for one that is not known. */
  public List<Port> ports(String networkId) {
    return ports.getOrDefault(networkId, List.of());
  }

  /** Why some vNICs are in no rule, a sentence each. */
  public List<String> problems() {
    return problems;
  }

  private static final class Maker {
    private final EnginePicture picture;
    private final Set<UUID> isolated;
    private final Function<UUID, Uplink> uplinks;
    private final Labels.All labels;
    private final Map<UUID, Roles.Given> roles;
    private final Set<UUID> serving;
    private final Map<String, Network> networks = new TreeMap<>();
    private final Map<String, String> dataCenters = new HashMap<>();
    private final List<String> problems = new ArrayList<>();

    Maker(
        EnginePicture picture,
        Set<UUID> isolated,
        Function<UUID, Uplink> uplinks,
        Labels.All labels,
        Map<UUID, Roles.Given> roles,
        Set<UUID> serving) {
      this.picture = picture;
      this.isolated = isolated;
      this.uplinks = uplinks;
      this.labels = labels;
      this.roles = roles;
      this.serving = serving;
    }

    LiveInventory make() {
      picture.networks().values().stream()
          .filter(network -> network.vmNetwork() && !network.external())
          .forEach(this::addNetwork);
      Map<List<String>, List<Port>> byMac = new LinkedHashMap<>();
      for (VmWithVnics vm : picture.vms().values()) {
        for (VmWithVnics.Vnic vnic : vm.vnics()) {
          port(vm, vnic)
              .ifPresent(
                  port ->
                      byMac.computeIfAbsent(identity(port), key -> new ArrayList<>(1)).add(port));
        }
      }
      Map<String, List<Port>> ports = new TreeMap<>();
      byMac.values().stream()
          .flatMap(same -> distinct(same).stream())
          .forEach(
              port ->
                  ports.computeIfAbsent(port.nic().networkId(), id -> new ArrayList<>()).add(port));
      ports.replaceAll((id, list) -> sorted(list));
      return new LiveInventory(
          new Inventory(
              Networks.of(networks.values()),
              Map.of(),
              picture.vms().values().stream().map(vm -> new Vm(vm.id(), vm.name())).toList(),
              ports.values().stream().flatMap(List::stream).map(Port::nic).toList(),
              NameSets.NONE),
          Collections.unmodifiableMap(ports),
          problems);
    }

    private static List<Port> sorted(List<Port> ports) {
      return ports.stream().sorted(Comparator.comparing(port -> port.nic().device())).toList();
    }

    private void addNetwork(org.ovirt.isolatedports.inventory.Network network) {
      String id = network.id().toString();
      Uplink uplink = uplinks.apply(network.id());
      networks.put(
          id,
          new Network(
              id,
              network.name(),
              Optional.empty(),
              bridgeOf(network),
              ranges(uplink.hairpin().subnets()),
              ranges(uplink.hairpin().gatewayAddresses()),
              uplink.gatewayMacs().stream()
                  .flatMap(mac -> Addresses.parseMac(mac).stream())
                  .toList(),
              isolated.contains(network.id()),
              uplink.gatewaysOnly() ? Network.Uplink.GATEWAYS : Network.Uplink.OPEN,
              uplink.hairpin().drops()));
      dataCenters.put(id, network.dataCenterId().map(UUID::toString).orElse(""));
    }

    private static List<IpRange> ranges(List<String> texts) {
      return texts.stream().flatMap(text -> IpRange.parse(text).stream()).toList();
    }

    private Optional<Port> port(VmWithVnics vm, VmWithVnics.Vnic vnic) {
      Optional<WatchedProfile> profile =
          vnic.profileId().map(picture.profiles()::get).filter(each -> each != null);
      Optional<Network> network =
          profile.map(each -> networks.get(each.networkId())).filter(each -> each != null);
      if (network.isEmpty()) {
        return Optional.empty();
      }
      Optional<Bits> mac =
          vnic.mac().flatMap(Addresses::parseMac).filter(address -> !address.bit(40));
      if (mac.isEmpty()) {
        problem(vm, vnic, network.get(), "the engine gives no MAC of it; give it one");
        return Optional.empty();
      }
      if (network.get().gatewayMacs().contains(mac.get())) {
        problem(vm, vnic, network.get(), "its MAC is that of a gateway; give it another one");
        return Optional.empty();
      }
      return Optional.of(
          new Port(vm, vnic, nic(vm, vnic, network.get(), profile.get(), mac.get())));
    }

    private Nic nic(
        VmWithVnics vm, VmWithVnics.Vnic vnic, Network network, WatchedProfile profile, Bits mac) {
      Labels.Said said = said(vm.id(), vnic.id());
      Map<String, String> all = new TreeMap<>(said.labels());
      all.put(InventoryReader.VM_NAME_LABEL, vm.name());
      all.put(InventoryReader.VM_ID_LABEL, vm.id());
      return new Nic(
          new Vm(vm.id(), vm.name()),
          // A slash parts VM and vNIC in a port's name.
          vnic.name().isEmpty() || vnic.name().contains("/") ? vnic.id() : vnic.name(),
          network.id(),
          said.namespace().orElse(Inventory.DEFAULT_NAMESPACE),
          all,
          // Where a VM runs changes no rule.
          Optional.empty(),
          mac,
          said.addresses().stream().flatMap(text -> IpRange.parse(text).stream()).toList(),
          UnknownIsUnsafe.roleOf(
              own(vnic.id(), network.id()).or(profile::property), network.portIsolation()),
          true,
          Optional.empty(),
          List.of(),
          Ids.uuid(profile.id()).filter(serving::contains).isPresent());
    }

    /** A role that was given for another network means nothing on this one. */
    private Optional<String> own(String vnic, String network) {
      return Ids.uuid(vnic)
          .map(roles::get)
          .filter(given -> given.networkId().toString().equals(network))
          .map(Roles.Given::role);
    }

    private Labels.Said said(String vm, String vnic) {
      try {
        return labels.of(UUID.fromString(vm), UUID.fromString(vnic));
      } catch (IllegalArgumentException e) {
        return Labels.Said.NOTHING;
      }
    }

    /** What a host knows a port by: hosts have the networks of one data center. */
    private List<String> identity(Port port) {
      return List.of(dataCenters.get(port.nic().networkId()), port.nic().device());
    }

    /** Of vNICs with one MAC the one that is plugged in; none if several are. */
    private List<Port> distinct(List<Port> same) {
      if (same.size() == 1) {
        return same;
      }
      List<Port> plugged = same.stream().filter(port -> port.vnic().plugged()).toList();
      same.stream()
          .filter(port -> plugged.size() != 1 || !port.equals(plugged.get(0)))
          .forEach(
              port ->
                  problem(
                      port.vm(),
                      port.vnic(),
                      networks.get(port.nic().networkId()),
                      "another vNIC has its MAC "
                          + port.vnic().mac().orElse("")
                          + " as well; give"
                          + " each its own"));
      return plugged.size() == 1 ? plugged : List.of();
    }

    private void problem(VmWithVnics vm, VmWithVnics.Vnic vnic, Network network, String why) {
      problems.add(
          "vNIC "
              + vnic.name()
              + " of VM "
              + vm.name()
              + " on network "
              + network.name()
              + " is in no ruleset: "
              + why
              + ".");
    }
  }

  /** The bridge of a network on the hosts; where the engine does not say, by the engine's rule. */
  public static String bridgeOf(org.ovirt.isolatedports.inventory.Network network) {
    return network
        .bridge()
        .orElseGet(
            () ->
                DEVICE.matcher(network.name()).matches()
                    ? network.name()
                    : "on" + network.id().toString().replace("-", "").substring(0, 13));
  }
}
