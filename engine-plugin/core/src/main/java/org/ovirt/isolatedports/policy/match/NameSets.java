// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.match;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The sets a match may name.
 *
 * @param addressSets addresses of {@code $name}, each written as in a match
 * @param portGroups port names of {@code @name}
 */
public record NameSets(
    Map<String, List<String>> addressSets, Map<String, List<String>> portGroups) {

  public static final NameSets NONE = new NameSets(Map.of(), Map.of());

  public NameSets {
    addressSets = new TreeMap<>(addressSets);
    portGroups = new TreeMap<>(portGroups);
  }
}
