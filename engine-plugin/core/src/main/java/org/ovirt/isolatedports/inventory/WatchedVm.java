// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.inventory;

import java.util.List;
import java.util.Optional;

/**
 * A VM with its vNICs.
 *
 * @param id the engine's id
 * @param name its name
 * @param clusterId id of its cluster
 * @param nics its vNICs
 */
public record WatchedVm(String id, String name, String clusterId, List<Nic> nics) {

  /**
   * A vNIC.
   *
   * @param id the engine's id
   * @param name its name
   * @param profileId id of its profile; empty if it is on no network
   */
  public record Nic(String id, String name, Optional<String> profileId) {}

  public WatchedVm {
    nics = List.copyOf(nics);
  }
}
