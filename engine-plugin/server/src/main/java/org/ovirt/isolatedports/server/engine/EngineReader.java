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
import java.util.concurrent.ConcurrentHashMap;
import org.ovirt.isolatedports.body.ApiBody;
import org.ovirt.isolatedports.engine.EntityParser;
import org.ovirt.isolatedports.engine.JsonReader;
import org.ovirt.isolatedports.engine.Vnics;
import org.ovirt.isolatedports.inventory.Cluster;
import org.ovirt.isolatedports.inventory.HostAttachment;
import org.ovirt.isolatedports.inventory.Network;
import org.ovirt.isolatedports.inventory.VmKind;
import org.ovirt.isolatedports.inventory.VmWithVnics;
import org.ovirt.isolatedports.inventory.WatchedCluster;
import org.ovirt.isolatedports.inventory.WatchedHost;
import org.ovirt.isolatedports.inventory.WatchedProfile;
import org.ovirt.isolatedports.inventory.WatchedVm;
import org.ovirt.isolatedports.rules.UnknownIsUnsafe;
import org.ovirt.isolatedports.scheduling.IsolatedPortsFilter;
import org.ovirt.isolatedports.scheduling.ReportedHook;

/**
 * Reads from the engine what the rules and the scheduler need, in as few requests as the engine
 * allows. Any thread may use it.
 */
public final class EngineReader {

  /** The group that every user is in; the engine creates it with this id. */
  public static final String EVERYONE = "eee00000-0000-0000-0000-123456789eee";

  /** Filters that let a vNIC send from its own MAC address only; libvirt's own include it. */
  private static final Set<String> AGAINST_FORGED_MACS =
      Set.of("vdsm-no-mac-spoofing", "no-mac-spoofing", "clean-traffic", "clean-traffic-gateway");

  /** Names the engine gives to hosted-engine VMs and to VMs it finds on hosts; there are few. */
  private static final String EXEMPT_NAMES = "name%3DHostedEngine%20or%20name%3Dexternal-*";

  /** Our filter as the engine knows it, and the scheduling policies that use it. */
  public record FilterRead(Optional<Boolean> enabled, Set<String> policyIds) {}

  private final JsonReader engine;
  private final Map<String, Boolean> filtersAgainstForging = new ConcurrentHashMap<>();

  public EngineReader(JsonReader engine) {
    this.engine = engine;
  }

  /** All networks, in one request. */
  public List<Network> networks() {
    return engine.read("/networks").items("network").stream().map(EntityParser::network).toList();
  }

  /** Whether the engine still shows a network. */
  public boolean hasNetwork(UUID id) {
    return engine.find("/networks/" + id).isPresent();
  }

  /** All clusters with their networks: one request, and one a cluster where "follow" is ignored. */
  public List<WatchedCluster> clusters() {
    List<WatchedCluster> clusters = new ArrayList<>();
    for (ApiBody cluster : engine.read("/clusters?follow=networks").items("cluster")) {
      String id = EntityParser.id(cluster);
      List<ApiBody> networks =
          cluster
              .child("networks")
              .filter(list -> list.has("network"))
              .orElseGet(() -> engine.read("/clusters/" + id + "/networks"))
              .items("network");
      clusters.add(EntityParser.cluster(cluster, networks));
    }
    return clusters;
  }

  /** All vNIC profiles, in one request; who may use them is not in it. */
  public List<WatchedProfile> profiles() {
    List<ApiBody> all = engine.read("/vnicprofiles").items("vnic_profile");
    knowFilters(all);
    return all.stream()
        .flatMap(
            profile ->
                EntityParser.profile(profile)
                    .map(each -> each.withHoldsMacs(holdsMacs(profile)))
                    .stream())
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
                    EntityParser.id(filter),
                    filter.text("name").filter(AGAINST_FORGED_MACS::contains).isPresent()));
  }

  private static Optional<String> filterOf(ApiBody profile) {
    return profile.child("network_filter").map(EntityParser::id);
  }

  /** A filter that is not known is taken to hold nothing. */
  private boolean holdsMacs(ApiBody profile) {
    return filterOf(profile).map(id -> filtersAgainstForging.getOrDefault(id, false)).orElse(false);
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
          engine
              .find("/vnicprofiles/" + profile + "/permissions")
              .map(
                  list ->
                      list.items("permission").stream()
                          .filter(EngineReader::isForEveryone)
                          .flatMap(each -> each.child("role").map(EntityParser::id).stream())
                          .anyMatch(role -> known.computeIfAbsent(role, this::mayUseProfiles)))
              .orElse(true);
      if (everyone) {
        open.add(profile);
      }
    }
    return open;
  }

  private static boolean isForEveryone(ApiBody permission) {
    return permission.child("group").map(EntityParser::id).filter(EVERYONE::equals).isPresent();
  }

  private boolean mayUseProfiles(String role) {
    return UnknownIsUnsafe.mayUseProfiles(
        role,
        UnknownIsUnsafe.dependsOnPermits(role)
            ? engine.find("/roles/" + role + "/permits").map(EntityParser::permits)
            : Optional.empty());
  }

  /** Names of the iSCSI bonds of some data centers, by the networks in them. */
  public Map<String, String> storageBonds(Collection<String> dataCenterIds) {
    Map<String, String> bonds = new HashMap<>();
    for (String dataCenter : dataCenterIds) {
      String path = "/datacenters/" + dataCenter + "/iscsibonds";
      for (ApiBody bond :
          engine.find(path).map(list -> list.items("iscsi_bond")).orElse(List.of())) {
        String name = bond.text("name").orElse(EntityParser.id(bond));
        engine.find(path + "/" + EntityParser.id(bond) + "/networks").stream()
            .flatMap(list -> list.items("network").stream())
            .forEach(network -> bonds.put(EntityParser.id(network), name));
      }
    }
    return bonds;
  }

  /** All hosts, in one request. */
  public List<WatchedHost> hosts() {
    return engine.read("/hosts").items("host").stream().map(EntityParser::host).toList();
  }

  /** The hooks a host reports. */
  public List<ReportedHook> hooks(String hostId) {
    return EntityParser.hooks(engine.read("/hosts/" + hostId + "/hooks"));
  }

  /** The networks attached to a host; the engine cannot follow this link in a list of hosts. */
  public List<HostAttachment> attachments(String hostId) {
    return EntityParser.attachments(engine.read("/hosts/" + hostId + "/networkattachments"));
  }

  /** The hosted-engine VM and external VMs, by what they call themselves, with their vNICs. */
  public List<WatchedVm> saidToBeExempt() {
    return engine.read("/vms?follow=nics&search=" + EXEMPT_NAMES).items("vm").stream()
        .filter(vm -> EntityParser.kind(vm) != VmKind.ORDINARY)
        .map(this::vm)
        .toList();
  }

  /**
   * How the engine sees our filter.
   *
   * @param policyIds the policies to look into
   */
  public FilterRead filter(Collection<String> policyIds) {
    Optional<ApiBody> ours =
        engine.read("/schedulingpolicyunits").items("scheduling_policy_unit").stream()
            .filter(unit -> unit.text("name").filter(IsolatedPortsFilter.NAME::equals).isPresent())
            .filter(unit -> !EntityParser.isTrue(unit, "internal"))
            .findFirst();
    if (ours.isEmpty()) {
      return new FilterRead(Optional.empty(), Set.of());
    }
    String id = EntityParser.id(ours.get());
    Set<String> using = new HashSet<>();
    for (String policy : policyIds) {
      boolean uses =
          engine.read("/schedulingpolicies/" + policy + "/filters").items("filter").stream()
              .map(filter -> filter.child("scheduling_policy_unit").orElse(filter))
              .anyMatch(unit -> unit.text("id").filter(id::equals).isPresent());
      if (uses) {
        using.add(policy);
      }
    }
    return new FilterRead(Optional.of(EntityParser.isTrue(ours.get(), "enabled")), using);
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

  /** All VMs with their vNICs, a hundred a request. */
  public List<VmWithVnics> placedVms() {
    return Vnics.allVms(engine).stream().map(this::placed).toList();
  }

  /** A VM with its vNICs and where it is; empty if the engine shows none. */
  public Optional<VmWithVnics> placedVm(String id) {
    return engine.find("/vms/" + id + "?follow=nics").map(this::placed);
  }

  private VmWithVnics placed(ApiBody vm) {
    return EntityParser.placed(vm, Vnics.nics(engine, vm));
  }

  private WatchedVm vm(ApiBody vm) {
    return EntityParser.vm(vm, Vnics.nics(engine, vm));
  }
}
