// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.options;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.ovirt.isolatedports.inventory.LevelGate;

/**
 * The level gate for whoever looks at it often: read every few seconds, so that a change is in
 * effect within ten without a restart. What attaches a network reads the {@link LevelGateStore}
 * itself.
 *
 * <p>A gate that could not be read for {@link #MAX_AGE} is unreadable, which closes it.
 */
@ApplicationScoped
public class LevelGateWatch {

  /** How old a value may be before it counts as none. */
  static final Duration MAX_AGE = Duration.ofSeconds(10);

  private static final Logger LOG = Logger.getLogger(LevelGateWatch.class.getName());

  private final LevelGateStore store;
  private final LevelGateMemory memory;
  private volatile GateView last = new GateView(Optional.empty(), Set.of(), Instant.EPOCH);
  private boolean failing;
  private volatile boolean tried;

  @Inject
  public LevelGateWatch(LevelGateStore store, LevelGateMemory memory) {
    this.store = store;
    this.memory = memory;
  }

  /** Reads the gate. Never throws. */
  public synchronized void poll(Instant now, Optional<Instant> engineStarted) {
    try {
      LevelGateStore.Reading reading = store.readWithSource();
      LevelGate gate = reading.gate();
      last =
          new GateView(
              Optional.of(gate),
              reading.ofEngine() ? memory.see(gate, now, engineStarted) : Set.of(),
              now);
      failing = false;
    } catch (SQLException | RuntimeException e) {
      if (!failing) {
        LOG.log(Level.WARNING, "The level gate cannot be read: {0}", e.getMessage());
      }
      failing = true;
    }
    tried = true;
  }

  /** Whether there was an attempt to read the gate, so that "unreadable" is more than "not yet". */
  public boolean isTried() {
    return tried;
  }

  /** The gate as last read; without a gate if that is too long ago. */
  public GateView current() {
    GateView view = last;
    return view.readAt().plus(MAX_AGE).isBefore(Instant.now())
        ? new GateView(Optional.empty(), view.restartPending(), view.readAt())
        : view;
  }
}
