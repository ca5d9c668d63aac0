// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.twin;

import java.util.List;
import java.util.Optional;
import org.ovirt.isolatedports.inventory.LevelGate;
import org.ovirt.isolatedports.inventory.LogicalNetwork;
import org.ovirt.isolatedports.inventory.WatchedCluster;
import org.ovirt.isolatedports.inventory.WatchedProfile;

/**
 * A network and what is around it, as far as it matters for an isolated twin.
 *
 * @param network the network
 * @param id its id
 * @param vlan its VLAN tag
 * @param twin the twin's name
 * @param labels its labels
 * @param clusters the clusters it is attached to
 * @param profiles all vNIC profiles of the engine
 * @param failoverTargets ids of profiles, by those that fail over to them
 * @param hosts the hosts that carry it
 * @param gate the level gate
 */
public record Situation(
    LogicalNetwork network,
    String id,
    Optional<String> vlan,
    String twin,
    List<String> labels,
    List<WatchedCluster> clusters,
    List<WatchedProfile> profiles,
    java.util.Map<String, String> failoverTargets,
    List<CarryingHost> hosts,
    LevelGate gate) {

  /**
   * A host that carries the network.
   *
   * @param carriesTwin whether the twin is set up on it as well
   */
  public record CarryingHost(String name, boolean carriesTwin) {}
}
