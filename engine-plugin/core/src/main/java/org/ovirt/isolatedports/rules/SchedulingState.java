// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.rules;

import java.util.Collections;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * Whether the engine asks us where VMs may start.
 *
 * @param filter what it made of our filter
 * @param clustersWithout names of the clusters with isolated networks whose scheduling policy does
 *     not use the filter
 */
public record SchedulingState(FilterState filter, SortedSet<String> clustersWithout) {

  /** Nothing was read yet. */
  public static final SchedulingState UNKNOWN =
      new SchedulingState(FilterState.UNKNOWN, Collections.emptySortedSet());

  public SchedulingState {
    clustersWithout = Collections.unmodifiableSortedSet(new TreeSet<>(clustersWithout));
  }
}
