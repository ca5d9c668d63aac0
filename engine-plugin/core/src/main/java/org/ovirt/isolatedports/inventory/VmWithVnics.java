// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.inventory;

import java.util.List;
import java.util.Optional;

/**
 * A VM with its vNICs, as rules between ports need them. Addresses are not in it: those the engine
 * shows are reported by the guest, who may say what he likes.
 *
 * @param id the engine's id
 * @param name its name, which its owner can change
 * @param clusterId id of its cluster; empty text where the engine names none
 * @param kind what it calls itself
 * @param status the engine's word for its state, such as {@code up}; {@code unknown} where it says
 *     none
 * @param hostId id of the host it runs on; empty if it runs on none
 * @param vnics its vNICs, in the engine's order
 */
public record VmWithVnics(
    String id,
    String name,
    String clusterId,
    VmKind kind,
    String status,
    Optional<String> hostId,
    List<Vnic> vnics) {

  /**
   * A vNIC.
   *
   * @param id the engine's id
   * @param name its name
   * @param mac its MAC in lower case with colons; empty where the engine gives none, or one that
   *     cannot be read
   * @param profileId id of its profile; empty if it is on no network
   * @param plugged whether it is plugged in; one that is not said to be unplugged may be
   * @param linked whether its link is up; one that is not said to be down may be
   */
  public record Vnic(
      String id,
      String name,
      Optional<String> mac,
      Optional<String> profileId,
      boolean plugged,
      boolean linked) {}

  public VmWithVnics {
    vnics = List.copyOf(vnics);
  }
}
