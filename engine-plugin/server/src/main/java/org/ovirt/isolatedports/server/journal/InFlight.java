// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.journal;

import jakarta.enterprise.context.ApplicationScoped;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/** The changes of the journal that a request is still working on. */
@ApplicationScoped
public class InFlight {

  private final Set<UUID> changes = ConcurrentHashMap.newKeySet();

  /** Runs a step while the recovery leaves the change alone. */
  public <T> T track(UUID change, Supplier<T> step) {
    changes.add(change);
    try {
      return step.get();
    } finally {
      changes.remove(change);
    }
  }

  /** Whether a request works on a change now. */
  public boolean has(UUID change) {
    return changes.contains(change);
  }
}
