// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.scheduling.decision;

import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.ovirt.isolatedports.server.scheduling.inventory.VmNics;

/** VMs as they were last seen, for when the engine cannot be asked. Bounded in number and age. */
final class VmCache {

  private static final int MOST = 20_000;

  private record Seen(VmNics vm, Instant at) {}

  private final Duration maxAge;
  private long changes;
  private final Map<String, Seen> byId =
      new LinkedHashMap<>(16, 0.75f, false) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Seen> eldest) {
          return size() > MOST;
        }
      };

  VmCache(Duration maxAge) {
    this.maxAge = maxAge;
  }

  /** How many changes were told of; to be asked before a look at a VM, for {@link #put}. */
  synchronized long changes() {
    return changes;
  }

  /**
   * Keeps a VM, unless a change was told of while it was looked at: what was seen may be what it
   * was before.
   */
  synchronized void put(VmNics vm, Instant now, long changesBefore) {
    if (changes != changesBefore) {
      return;
    }
    byId.remove(vm.id());
    byId.put(vm.id(), new Seen(vm, now));
  }

  /** The VM, if it was seen recently enough; the clock may have been set back since. */
  synchronized Optional<VmNics> get(String id, Instant now) {
    return Optional.ofNullable(byId.get(id))
        .filter(seen -> Duration.between(seen.at(), now).abs().compareTo(maxAge) < 0)
        .map(Seen::vm);
  }

  /** Forgets a VM whose vNICs have changed since. */
  synchronized void forget(String id) {
    changes++;
    byId.remove(id);
  }

  /** Forgets all, as any may have changed. */
  synchronized void forgetAll() {
    changes++;
    byId.clear();
  }
}
