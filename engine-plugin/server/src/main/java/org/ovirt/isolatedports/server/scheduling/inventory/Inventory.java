// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.scheduling.inventory;

import java.time.Instant;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.ovirt.isolatedports.scheduling.AssessedHost;
import org.ovirt.isolatedports.scheduling.GuardedNetwork;
import org.ovirt.isolatedports.scheduling.GuardedPorts;
import org.ovirt.isolatedports.scheduling.NicPlace;

/**
 * What is known of the engine beside the VM asked for, at one moment. Immutable; a newer one takes
 * its place.
 *
 * @param hosts hosts by id
 * @param guarded networks whose ports need a fit host, by id
 * @param profiles where each vNIC profile puts a vNIC, by id
 * @param guardedInCluster ids of the guarded networks attached to each cluster, by cluster id
 * @param exemptVms ids of VMs that are not ours to hold back, whatever happens. That a VM calls
 *     itself external or the hosted engine is not enough: whoever creates a VM may say so
 * @param networksSeen when networks, profiles and clusters were read; empty if they never were
 */
public record Inventory(
    Map<String, AssessedHost> hosts,
    Map<String, GuardedNetwork> guarded,
    Map<String, NicPlace> profiles,
    Map<String, Set<String>> guardedInCluster,
    Set<String> exemptVms,
    Optional<Instant> networksSeen) {

  /** Nothing was read yet. */
  public static final Inventory EMPTY =
      new Inventory(Map.of(), Map.of(), Map.of(), Map.of(), Set.of(), Optional.empty());

  public Inventory {
    hosts = Map.copyOf(hosts);
    guarded = Map.copyOf(guarded);
    profiles = Map.copyOf(profiles);
    guardedInCluster = Map.copyOf(guardedInCluster);
    exemptVms = Set.copyOf(exemptVms);
  }

  /** A host; empty if it is not known. */
  public Optional<AssessedHost> host(String id) {
    return Optional.ofNullable(hosts.get(id));
  }

  /**
   * The cluster of the first of some hosts that is known. The engine asks of one cluster a time.
   */
  public Optional<String> clusterOf(Collection<String> hostIds) {
    return hostIds.stream()
        .flatMap(id -> host(id).stream())
        .findFirst()
        .map(h -> h.host().clusterId());
  }

  /**
   * Ids of the guarded networks a VM of a cluster can be on.
   *
   * @param clusterId empty if the cluster is not known; then, and if it was not read yet, all
   *     guarded networks count
   */
  public Set<String> guardedIn(Optional<String> clusterId) {
    return clusterId
        .flatMap(id -> Optional.ofNullable(guardedInCluster.get(id)))
        .orElseGet(guarded::keySet);
  }

  /** The same, with other VMs that are not ours to hold back. */
  public Inventory exempting(Set<String> vms) {
    return new Inventory(hosts, guarded, profiles, guardedInCluster, vms, networksSeen);
  }

  /** What the vNICs of a VM ask of its host. */
  public GuardedPorts portsOf(VmNics vm) {
    return GuardedPorts.of(vm.nics().stream().map(this::placeOf).toList(), guarded);
  }

  /** Where a vNIC is. */
  public NicPlace placeOf(VmNics.Nic nic) {
    if (nic.place().isPresent()) {
      return nic.place().get();
    }
    if (nic.profileId().isEmpty()) {
      return new NicPlace.Nowhere();
    }
    NicPlace known = profiles.get(nic.profileId().get());
    return known == null ? new NicPlace.UnknownProfile(nic.profileId().get()) : known;
  }
}
