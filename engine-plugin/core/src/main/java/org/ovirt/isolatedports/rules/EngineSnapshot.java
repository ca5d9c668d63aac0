// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.rules;

import java.util.List;
import java.util.Optional;
import org.ovirt.isolatedports.inventory.LevelGate;
import org.ovirt.isolatedports.inventory.WatchedCluster;
import org.ovirt.isolatedports.inventory.WatchedNetwork;
import org.ovirt.isolatedports.inventory.WatchedProfile;
import org.ovirt.isolatedports.inventory.WatchedVm;
import org.ovirt.isolatedports.scheduling.AssessedHost;

/**
 * What the guard knows of the engine at one moment. Its parts may have been read seconds apart; the
 * next pass sees what changed in between.
 *
 * @param gate the level gate; empty if it cannot be read
 * @param networks the isolated networks
 * @param clusters all clusters
 * @param profiles all vNIC profiles
 * @param vms the VMs of clusters for which the level gate is closed, and those on hosts that cannot
 *     enforce port isolation
 * @param hosts the hosts with what stands against them
 * @param scheduling whether the engine asks us where VMs may start
 */
public record EngineSnapshot(
    Optional<LevelGate> gate,
    List<WatchedNetwork> networks,
    List<WatchedCluster> clusters,
    List<WatchedProfile> profiles,
    List<WatchedVm> vms,
    List<AssessedHost> hosts,
    SchedulingState scheduling) {

  public EngineSnapshot {
    networks = List.copyOf(networks);
    clusters = List.copyOf(clusters);
    profiles = List.copyOf(profiles);
    vms = List.copyOf(vms);
    hosts = List.copyOf(hosts);
  }
}
