// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.scheduler;

import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** VMs as they were last seen, for when the engine cannot be asked. Bounded in number and age. */
final class VmCache {

  private static final int MOST = 20_000;

  private record Seen(VmNics vm, Instant at) {}

  private final Duration maxAge;
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

  synchronized void put(VmNics vm, Instant now) {
    byId.remove(vm.id());
    byId.put(vm.id(), new Seen(vm, now));
  }

  /** The VM, if it was seen recently enough. */
  synchronized Optional<VmNics> get(String id, Instant now) {
    return Optional.ofNullable(byId.get(id))
        .filter(seen -> Duration.between(seen.at(), now).compareTo(maxAge) < 0)
        .map(Seen::vm);
  }

  /** Forgets a VM whose vNICs have changed since. */
  synchronized void forget(String id) {
    byId.remove(id);
  }

  /** Forgets all, as any may have changed. */
  synchronized void forgetAll() {
    byId.clear();
  }
}
