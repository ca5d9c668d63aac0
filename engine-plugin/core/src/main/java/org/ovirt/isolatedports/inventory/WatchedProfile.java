// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.inventory;

import java.util.Optional;

/**
 * A vNIC profile.
 *
 * @param id the engine's id
 * @param name its name
 * @param networkId id of its network
 * @param property the custom property {@code port_isolation}; empty if it has none
 * @param passThrough whether its vNICs are virtual functions of a host's card
 * @param portMirroring whether its vNICs get copies of the network's frames
 * @param failover whether its vNICs fail over to another profile
 * @param forEveryone whether the group Everyone may put a vNIC on it
 * @param holdsMacs whether its network filter holds its vNICs to their own MAC addresses
 */
public record WatchedProfile(
    String id,
    String name,
    String networkId,
    Optional<String> property,
    Stated passThrough,
    Stated portMirroring,
    boolean failover,
    boolean forEveryone,
    boolean holdsMacs) {

  /** A profile with a network filter as the engine gives each new one. */
  public WatchedProfile(
      String id,
      String name,
      String networkId,
      Optional<String> property,
      Stated passThrough,
      Stated portMirroring,
      boolean failover,
      boolean forEveryone) {
    this(id, name, networkId, property, passThrough, portMirroring, failover, forEveryone, true);
  }

  /** The same profile with or without a network filter against forged MAC addresses. */
  public WatchedProfile withHoldsMacs(boolean holds) {
    return new WatchedProfile(
        id, name, networkId, property, passThrough, portMirroring, failover, forEveryone, holds);
  }

  /** The same profile, with what is known of who may use it. */
  public WatchedProfile withForEveryone(boolean everyone) {
    return new WatchedProfile(
        id, name, networkId, property, passThrough, portMirroring, failover, everyone, holdsMacs);
  }
}
