// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.rulesets;

import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Networks that the engine does not list any more. An engine that is being repaired, or whose
 * account of ours lost a right, may answer with fewer networks than there are, and hosts would drop
 * the rules of the others. So what is known of a network stays until a list that was read a while
 * later has it neither. Meanwhile nothing about it changes.
 */
final class HeldNetworks {

  /** A network that is gone does no harm on hosts while it is still listed there. */
  static final Duration HOLD = Duration.ofMinutes(2);

  private final Map<String, NetworkInput> last = new TreeMap<>();
  private final Map<String, Instant> missingSince = new HashMap<>();

  /**
   * What rulesets are made of.
   *
   * @param now the networks that hosts have to know of, by the engine's newest list
   * @param listed ids of all networks in that list
   * @param readAt when it was read
   */
  Map<String, NetworkInput> with(
      Map<String, NetworkInput> now, Set<String> listed, Instant readAt) {
    Map<String, NetworkInput> all = new TreeMap<>(now);
    missingSince.keySet().removeAll(listed);
    last.forEach(
        (id, input) -> {
          if (!listed.contains(id)) {
            Instant since = missingSince.computeIfAbsent(id, missing -> readAt);
            if (readAt.isBefore(since.plus(HOLD))) {
              all.put(id, input);
            }
          }
        });
    missingSince.keySet().retainAll(all.keySet());
    last.clear();
    last.putAll(all);
    return all;
  }

  /** Whether there are any, so that time alone may change something. */
  boolean isHolding() {
    return !missingSince.isEmpty();
  }
}
