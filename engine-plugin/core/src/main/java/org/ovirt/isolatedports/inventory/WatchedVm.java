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
 * @param hostId id of the host it runs on; empty if it runs on none
 * @param nics its vNICs
 */
public record WatchedVm(
    String id, String name, String clusterId, Optional<String> hostId, List<Nic> nics) {

  /**
   * A vNIC.
   *
   * @param id the engine's id
   * @param name its name
   * @param profileId id of its profile; empty if it is on no network
   * @param plugged whether it is plugged in
   */
  public record Nic(String id, String name, Optional<String> profileId, boolean plugged) {}

  public WatchedVm {
    nics = List.copyOf(nics);
  }
}
