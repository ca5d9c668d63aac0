// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.roles;

import java.util.Map;
import java.util.UUID;

/**
 * Roles that administrators gave single vNICs, over those of their profiles. Whoever keeps them
 * hears of changes by {@link RolesChanged}.
 */
public interface Roles {

  /**
   * A role of a vNIC.
   *
   * @param networkId the network for which it was given; on another one it means nothing
   * @param role as {@code PortRole} reads it
   */
  record Given(UUID networkId, String role) {}

  /** All of them, by the engine's ids of vNICs. */
  Map<UUID, Given> all();
}
