// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.match;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * The sets a match may name.
 *
 * @param addressSets addresses of {@code $name}, each written as in a match
 * @param portGroups port names of {@code @name}
 * @param incomplete names of the address sets of which an entry could not be read
 */
public record NameSets(
    Map<String, List<String>> addressSets,
    Map<String, List<String>> portGroups,
    Set<String> incomplete) {

  public static final NameSets NONE = new NameSets(Map.of(), Map.of());

  public NameSets {
    addressSets = new TreeMap<>(addressSets);
    portGroups = new TreeMap<>(portGroups);
    incomplete = Set.copyOf(incomplete);
  }

  /** Sets all entries of which could be read. */
  public NameSets(Map<String, List<String>> addressSets, Map<String, List<String>> portGroups) {
    this(addressSets, portGroups, Set.of());
  }
}
