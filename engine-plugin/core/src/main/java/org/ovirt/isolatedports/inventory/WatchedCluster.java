// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.inventory;

import java.util.Map;
import java.util.Set;

/**
 * A cluster with the networks attached to it.
 *
 * @param cluster what our rules need of it
 * @param attached the roles each attached network has there, by network id
 */
public record WatchedCluster(Cluster cluster, Map<String, Set<NetworkRole>> attached) {

  public WatchedCluster {
    attached = Map.copyOf(attached);
  }
}
