// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.engine;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.ovirt.isolatedports.body.ApiBody;
import org.ovirt.isolatedports.engine.EngineException;
import org.ovirt.isolatedports.engine.JsonReader;
import org.ovirt.isolatedports.engine.VnicProfiles;
import org.ovirt.isolatedports.engine.Vnics;
import org.ovirt.isolatedports.inventory.Cluster;
import org.ovirt.isolatedports.inventory.CompatibilityLevel;
import org.ovirt.isolatedports.inventory.NetworkRole;
import org.ovirt.isolatedports.inventory.SwitchType;
import org.ovirt.isolatedports.inventory.WatchedCluster;
import org.ovirt.isolatedports.inventory.WatchedProfile;
import org.ovirt.isolatedports.inventory.WatchedVm;

/** Reads from the engine what the guard's rules need, in as few requests as the engine allows. */
public final class EngineReader {

  /** The group that every user is in; the engine creates it with this id. */
  public static final String EVERYONE = "eee00000-0000-0000-0000-123456789eee";

  /**
   * UserProfileEditor, which Everyone has on the whole system as installed: it opens no network.
   */
  private static final String USER_PROFILE_EDITOR = "def00021-0000-0000-0000-def000000015";

  /** VnicProfileUser, the role that is there to let use profiles. */
  private static final String VNIC_PROFILE_USER = "def0000a-0000-0000-0000-def000000010";

  /** The permit by which a user may put a vNIC on a profile (engine class {@code ActionGroup}). */
  private static final String USE_PROFILE = "configure_vm_network";

  /**
   * A network as the engine shows it.
   *
   * @param isolated the attribute; empty where the engine does not know it
   */
  public record NetworkRead(
      UUID id,
      UUID dataCenterId,
      String name,
      boolean vmNetwork,
      boolean external,
      Optional<Boolean> isolated) {}

  /** Filters that let a vNIC send from its own MAC address only; libvirt's own include it. */
  private static final Set<String> AGAINST_FORGED_MACS =
      Set.of("vdsm-no-mac-spoofing", "no-mac-spoofing", "clean-traffic", "clean-traffic-gateway");

  private final JsonReader engine;
  private final Map<String, Boolean> filtersAgainstForging = new HashMap<>();

  public EngineReader(JsonReader engine) {
    this.engine = engine;
  }

  /** All networks, in one request. */
  public List<NetworkRead> networks() {
    List<NetworkRead> networks = new ArrayList<>();
    for (ApiBody network : engine.read("/networks").items("network")) {
      Optional<UUID> dataCenter = network.child("data_center").map(EngineReader::uuid);
      if (dataCenter.isPresent()) {
        networks.add(
            new NetworkRead(
                uuid(network),
                dataCenter.get(),
                network.text("name").orElse(""),
                network.texts("usages", "usage").map(u -> u.contains("vm")).orElse(false),
                network.has("external_provider"),
                network.flag("port_isolation")));
      }
    }
    return networks;
  }

  /** Whether the engine still shows a network. */
  public boolean hasNetwork(UUID id) {
    return engine.find("/networks/" + id).isPresent();
  }

  /** All clusters with their networks: one request, and one a cluster where "follow" is ignored. */
  public List<WatchedCluster> clusters() {
    List<WatchedCluster> clusters = new ArrayList<>();
    for (ApiBody cluster : engine.read("/clusters?follow=networks").items("cluster")) {
      String id = id(cluster);
      List<ApiBody> networks =
          cluster
              .child("networks")
              .filter(list -> list.has("network"))
              .orElseGet(() -> engine.read("/clusters/" + id + "/networks"))
              .items("network");
      Map<String, Set<NetworkRole>> attached = new HashMap<>();
      for (ApiBody network : networks) {
        Set<NetworkRole> roles = new HashSet<>();
        network
            .texts("usages", "usage")
            .orElse(List.of())
            .forEach(usage -> NetworkRole.ofUsage(usage).ifPresent(roles::add));
        attached.put(id(network), roles);
      }
      clusters.add(
          new WatchedCluster(
              new Cluster(id, cluster.text("name").orElse(id), level(cluster), switchType(cluster)),
              attached));
    }
    return clusters;
  }

  private static CompatibilityLevel level(ApiBody cluster) {
    return cluster
        .child("version")
        .flatMap(
            version ->
                CompatibilityLevel.parse(
                    version.text("major").orElse("") + "." + version.text("minor").orElse("")))
        .orElseThrow(() -> garbage("a cluster without compatibility level"));
  }

  private static SwitchType switchType(ApiBody cluster) {
    return cluster.text("switch_type").filter(type -> !type.equals("legacy")).isPresent()
        ? SwitchType.OVS
        : SwitchType.LINUX_BRIDGE;
  }

  /** All vNIC profiles, in one request; who may use them is not in it. */
  public List<WatchedProfile> profiles() {
    List<ApiBody> all = engine.read("/vnicprofiles").items("vnic_profile");
    knowFilters(all);
    return all.stream()
        .flatMap(
            profile ->
                profile(profile).map(each -> each.withHoldsMacs(holdsMacs(profile))).stream())
        .toList();
  }

  /** Which network filters there are never changes while an engine runs. */
  private void knowFilters(List<ApiBody> profiles) {
    boolean allKnown =
        profiles.stream()
            .flatMap(profile -> filterOf(profile).stream())
            .allMatch(filtersAgainstForging::containsKey);
    if (allKnown) {
      return;
    }
    engine.find("/networkfilters").stream()
        .flatMap(list -> list.items("network_filter").stream())
        .forEach(
            filter ->
                filtersAgainstForging.put(
                    id(filter),
                    filter.text("name").filter(AGAINST_FORGED_MACS::contains).isPresent()));
  }

  private static Optional<String> filterOf(ApiBody profile) {
    return profile.child("network_filter").map(EngineReader::id);
  }

  /** A filter that is not known is taken to hold nothing. */
  private boolean holdsMacs(ApiBody profile) {
    return filterOf(profile).map(id -> filtersAgainstForging.getOrDefault(id, false)).orElse(false);
  }

  /** A profile as the engine shows it; one without a network is none of a VM's. */
  public static Optional<WatchedProfile> profile(ApiBody profile) {
    return profile
        .child("network")
        .map(EngineReader::id)
        .map(
            network ->
                new WatchedProfile(
                    id(profile),
                    profile.text("name").orElse(""),
                    network,
                    property(profile),
                    isPassThrough(profile),
                    profile.flag("port_mirroring").orElse(false),
                    profile.has("failover"),
                    false));
  }

  public static boolean isPassThrough(ApiBody profile) {
    return profile
        .child("pass_through")
        .flatMap(mode -> mode.text("mode"))
        .filter(mode -> !mode.equals("disabled"))
        .isPresent();
  }

  public static Optional<String> property(ApiBody profile) {
    return profile.child("custom_properties").stream()
        .flatMap(properties -> properties.items("custom_property").stream())
        .filter(each -> each.text("name").filter(VnicProfiles.PROPERTY::equals).isPresent())
        .flatMap(each -> each.text("value").stream())
        .findFirst();
  }

  /**
   * Those of some profiles that the group Everyone may put a vNIC on. The permissions the engine
   * lists for a profile include those inherited from its network, data center and the system.
   */
  public Set<String> forEveryone(Collection<String> profileIds) {
    Map<String, Boolean> known = new HashMap<>();
    Set<String> open = new HashSet<>();
    for (String profile : profileIds) {
      boolean everyone =
          engine.find("/vnicprofiles/" + profile + "/permissions").stream()
              .flatMap(list -> list.items("permission").stream())
              .filter(
                  each ->
                      each.child("group")
                          .map(EngineReader::id)
                          .filter(EVERYONE::equals)
                          .isPresent())
              .flatMap(each -> each.child("role").map(EngineReader::id).stream())
              .anyMatch(role -> known.computeIfAbsent(role, this::letsUseProfile));
      if (everyone) {
        open.add(profile);
      }
    }
    return open;
  }

  /** A role whose permits cannot be read is taken to let. */
  private boolean letsUseProfile(String role) {
    if (role.equals(USER_PROFILE_EDITOR)) {
      return false;
    }
    if (role.equals(VNIC_PROFILE_USER)) {
      return true;
    }
    return engine
        .find("/roles/" + role + "/permits")
        .map(
            permits ->
                permits.items("permit").stream()
                    .anyMatch(
                        permit -> permit.text("name").filter(USE_PROFILE::equals).isPresent()))
        .orElse(true);
  }

  /** Names of the iSCSI bonds of some data centers, by the networks in them. */
  public Map<String, String> storageBonds(Collection<String> dataCenterIds) {
    Map<String, String> bonds = new HashMap<>();
    for (String dataCenter : dataCenterIds) {
      String path = "/datacenters/" + dataCenter + "/iscsibonds";
      for (ApiBody bond :
          engine.find(path).map(list -> list.items("iscsi_bond")).orElse(List.of())) {
        String name = bond.text("name").orElse(id(bond));
        engine.find(path + "/" + id(bond) + "/networks").stream()
            .flatMap(list -> list.items("network").stream())
            .forEach(network -> bonds.put(id(network), name));
      }
    }
    return bonds;
  }

  /** The VMs of a cluster with their vNICs. */
  public List<WatchedVm> vms(Cluster cluster) {
    return Vnics.vms(engine, cluster.id(), cluster.name()).stream().map(this::vm).toList();
  }

  /** The VMs that run on a host, with their vNICs. */
  public List<WatchedVm> vmsOn(String hostId, String hostName) {
    return Vnics.vmsOn(engine, hostId, hostName).stream().map(this::vm).toList();
  }

  /** A VM with its vNICs; empty if the engine shows none. */
  public Optional<WatchedVm> vm(String id) {
    return engine.find("/vms/" + id + "?follow=nics").map(this::vm);
  }

  private WatchedVm vm(ApiBody vm) {
    List<ApiBody> nics = Vnics.nics(engine, vm);
    return new WatchedVm(
        id(vm),
        vm.text("name").orElse(""),
        vm.child("cluster").map(EngineReader::id).orElse(""),
        vm.child("host").map(EngineReader::id),
        nics.stream()
            .map(
                nic ->
                    new WatchedVm.Nic(
                        id(nic),
                        nic.text("name").orElse(""),
                        nic.child("vnic_profile").map(EngineReader::id),
                        nic.flag("plugged").orElse(true)))
            .toList());
  }

  private static String id(ApiBody entity) {
    return entity.text("id").orElseThrow(() -> garbage("an entity without id"));
  }

  private static UUID uuid(ApiBody entity) {
    try {
      return UUID.fromString(id(entity));
    } catch (IllegalArgumentException e) {
      throw garbage("an id that is none");
    }
  }

  private static EngineException garbage(String what) {
    return new EngineException(
        EngineException.Kind.GARBAGE, "The oVirt engine's answer holds " + what + ".");
  }
}
