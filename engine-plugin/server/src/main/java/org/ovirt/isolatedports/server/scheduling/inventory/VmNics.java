// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.scheduling.inventory;

import java.util.List;
import java.util.Optional;
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
public record VmNics(String id, String name, String clusterId, Kind kind, List<Nic> nics) {

  /** What a VM calls itself: the engine takes it from whoever creates the VM. */
  public enum Kind {
    /** A VM of a tenant. */
    ORDINARY,
    /** The VM the engine itself runs in. */
    HOSTED_ENGINE,
    /** A VM that somebody started on a host without the engine. */
    EXTERNAL;

    /** The kind that goes with the engine's {@code origin} of a VM. */
    public static Kind ofOrigin(String origin) {
      return switch (origin) {
        case "hosted_engine", "managed_hosted_engine" -> HOSTED_ENGINE;
        case "external" -> EXTERNAL;
        default -> ORDINARY;
      };
    }
  }

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
}
