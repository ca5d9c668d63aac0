// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.scheduling.inventory;

import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;

/** When the engine last talked to the scheduler. */
public final class SchedulerActivity {

  private final AtomicReference<Optional<Instant>> discovered =
      new AtomicReference<>(Optional.empty());
  private final AtomicReference<Optional<Instant>> asked = new AtomicReference<>(Optional.empty());

  public void discovered(Instant now) {
    discovered.set(Optional.of(now));
  }

  public void asked(Instant now) {
    asked.set(Optional.of(now));
  }

  /** When the engine last asked what we offer, which it does at its start. */
  public Optional<Instant> lastDiscovered() {
    return discovered.get();
  }

  /** When the engine last asked about a VM. */
  public Optional<Instant> lastAsked() {
    return asked.get();
  }
}
