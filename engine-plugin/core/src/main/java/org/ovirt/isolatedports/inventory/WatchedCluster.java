// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.inventory;

import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A cluster with the networks attached to it.
 *
 * @param cluster what our rules need of it
 * @param attached the roles each attached network has there, by network id
 * @param schedulingPolicyId id of its scheduling policy; empty where the engine names none
 */
public record WatchedCluster(
    Cluster cluster, Map<String, Set<NetworkRole>> attached, Optional<String> schedulingPolicyId) {

  /** A cluster of whose scheduling nothing is asked. */
  public WatchedCluster(Cluster cluster, Map<String, Set<NetworkRole>> attached) {
    this(cluster, attached, Optional.empty());
  }

  public WatchedCluster {
    attached = Map.copyOf(attached);
  }
}
