// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.scheduling;

import java.util.Optional;

/** Where a vNIC is, as far as its profile says. */
public sealed interface NicPlace {

  /** The vNIC has no profile, so it is on no network: VDSM gives it a bridge of its own. */
  record Nowhere() implements NicPlace {}

  /**
   * The vNIC is on a network.
   *
   * @param networkId the engine's id
   * @param networkName its name
   * @param isolated whether the engine itself says that the network's ports are isolated
   * @param property the profile's custom property {@code port_isolation}; empty if it has none
   */
  record OnNetwork(
      String networkId, String networkName, boolean isolated, Optional<String> property)
      implements NicPlace {}

  /**
   * The vNIC has a profile that is not known, as one made a second ago.
   *
   * @param profileId the engine's id of it
   */
  record UnknownProfile(String profileId) implements NicPlace {}
}
