// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.options;

import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import org.ovirt.isolatedports.inventory.CompatibilityLevel;
import org.ovirt.isolatedports.inventory.LevelGate;

/**
 * The level gate as last read.
 *
 * @param gate the gate; empty if it could not be read
 * @param restartPending levels whose value the running engine does not have yet
 * @param readAt when that was
 */
public record GateView(
    Optional<LevelGate> gate, Set<CompatibilityLevel> restartPending, Instant readAt) {

  public GateView {
    restartPending = Set.copyOf(restartPending);
  }
}
