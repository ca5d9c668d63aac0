// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.scheduling.decision;

import com.github.benmanes.caffeine.cache.Cache;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import org.ovirt.isolatedports.engine.TimedCaches;
import org.ovirt.isolatedports.server.scheduling.inventory.VmNics;

/** VMs as they were last seen, for when the engine cannot be asked. Bounded in number and age. */
final class VmCache {

  private static final int MOST = 20_000;

  private final Cache<String, VmNics> byId;
  private long changes;

  VmCache(Duration maxAge, Clock clock) {
    this.byId = TimedCaches.of(maxAge, MOST, clock).build();
  }

  /** How many changes were told of; to be asked before a look at a VM, for {@link #put}. */
  synchronized long changes() {
    return changes;
  }

  /**
   * Keeps a VM, unless a change was told of while it was looked at: what was seen may be what it
   * was before.
   */
  synchronized void put(VmNics vm, long changesBefore) {
    if (changes == changesBefore) {
      byId.put(vm.id(), vm);
    }
  }

  /** The VM, if it was seen recently enough; the clock may have been set back since. */
  Optional<VmNics> get(String id) {
    return Optional.ofNullable(byId.getIfPresent(id));
  }

  /** Forgets a VM whose vNICs have changed since. */
  synchronized void forget(String id) {
    changes++;
    byId.invalidate(id);
  }

  /** Forgets all, as any may have changed. */
  synchronized void forgetAll() {
    changes++;
    byId.invalidateAll();
  }
}
