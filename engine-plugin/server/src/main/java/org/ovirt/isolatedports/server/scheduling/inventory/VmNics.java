// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.scheduling.inventory;

import java.util.List;
import java.util.Optional;
import org.ovirt.isolatedports.inventory.VmKind;
import org.ovirt.isolatedports.inventory.WatchedVm;
import org.ovirt.isolatedports.scheduling.NicPlace;

/**
 * A VM with its vNICs, as one look at the engine shows them.
 *
 * @param id the engine's id
 * @param name its name
 * @param clusterId id of its cluster
 * @param kind what of VM it is
 * @param nics its vNICs
 */
public record VmNics(String id, String name, String clusterId, VmKind kind, List<Nic> nics) {

  /**
   * A vNIC.
   *
   * @param profileId id of its profile; empty if it is on no network
   * @param place where the profile puts it; empty if that was not asked for
   */
  public record Nic(Optional<String> profileId, Optional<NicPlace> place) {}

  public VmNics {
    nics = List.copyOf(nics);
  }

  /** A VM of the engine's picture, of which only the profiles of the vNICs are known. */
  static VmNics of(WatchedVm vm) {
    return new VmNics(
        vm.id(),
        vm.name(),
        vm.clusterId(),
        VmKind.ORDINARY,
        vm.nics().stream().map(nic -> new Nic(nic.profileId(), Optional.empty())).toList());
  }
}
