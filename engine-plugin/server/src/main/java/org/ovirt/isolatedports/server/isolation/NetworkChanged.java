// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.isolation;

import java.util.Optional;
import java.util.UUID;

/**
 * Something that only we know of a network is another now: whether it is isolated, or its uplink.
 * Fired in the transaction that changes it, for observers after it.
 *
 * @param networkId the network; empty for all
 */
public record NetworkChanged(Optional<UUID> networkId) {

  /** Everything may have changed. */
  public static final NetworkChanged ALL = new NetworkChanged(Optional.empty());

  /** One network changed. */
  public static NetworkChanged of(UUID networkId) {
    return new NetworkChanged(Optional.of(networkId));
  }
}
