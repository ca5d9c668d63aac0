// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.inventory;

import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * {@code IsPortIsolationSupported}: for which compatibility levels isolated networks may be
 * attached to a cluster.
 *
 * @param supported the option's value by level; a level that is not in it is not supported
 */
public record LevelGate(SortedMap<CompatibilityLevel, Boolean> supported) {

  /** The option's name, as engine-config knows it. */
  public static final String OPTION = "IsPortIsolationSupported";

  public LevelGate {
    supported = java.util.Collections.unmodifiableSortedMap(new TreeMap<>(supported));
  }

  /** The defaults of engine 4.5.8: false up to 4.4, true from 4.5. */
  public static LevelGate defaults() {
    return new LevelGate(
        new TreeMap<>(
            Map.of(
                new CompatibilityLevel(4, 2), false,
                new CompatibilityLevel(4, 3), false,
                new CompatibilityLevel(4, 4), false,
                new CompatibilityLevel(4, 5), true,
                new CompatibilityLevel(4, 6), true,
                new CompatibilityLevel(4, 7), true,
                new CompatibilityLevel(4, 8), true)));
  }

  /** Whether the option is true for a level. */
  public boolean isSupported(CompatibilityLevel level) {
    return supported.getOrDefault(level, false);
  }

  /** The lowest level for which the option is true. */
  public Optional<CompatibilityLevel> lowestSupported() {
    return supported.entrySet().stream()
        .filter(Map.Entry::getValue)
        .map(Map.Entry::getKey)
        .findFirst();
  }
}
