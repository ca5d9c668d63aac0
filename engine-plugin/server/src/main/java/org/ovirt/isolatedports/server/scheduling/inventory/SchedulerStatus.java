// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.scheduling.inventory;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import org.ovirt.isolatedports.rules.FilterState;
import org.ovirt.isolatedports.validation.ValidationMessage;

/**
 * Whether scheduling by us is in effect.
 *
 * @param filter what the engine has made of our filter
 * @param clustersWithout names of the clusters with isolated networks whose scheduling policy does
 *     not use our filter
 * @param lastDiscovered when the engine last asked what we offer; empty if it has not since our
 *     start
 * @param lastAsked when it last asked about a VM
 * @param networksSeen when networks and profiles were last read
 * @param hostsKnown how many hosts were read so far; a VM with isolated ports starts on no other
 * @param oldestHostSeen when the host read longest ago was read
 * @param lastFailure why the engine could not be read last time; empty if it could
 */
public record SchedulerStatus(
    FilterState filter,
    SortedSet<String> clustersWithout,
    Optional<Instant> lastDiscovered,
    Optional<Instant> lastAsked,
    Optional<Instant> networksSeen,
    int hostsKnown,
    Optional<Instant> oldestHostSeen,
    Optional<String> lastFailure) {

  public SchedulerStatus {
    clustersWithout = new TreeSet<>(clustersWithout);
  }

  /** What is wrong and what to do, in sentences; empty if nothing is. */
  public List<String> problems() {
    List<String> problems = new ArrayList<>();
    switch (filter) {
      case ABSENT -> problems.add(ValidationMessage.GUARD_SCHEDULER_ABSENT.text(Map.of()));
      case DISABLED -> problems.add(ValidationMessage.GUARD_SCHEDULER_DISABLED.text(Map.of()));
      case SWITCHED_OFF ->
          problems.add(ValidationMessage.GUARD_SCHEDULER_SWITCHED_OFF.text(Map.of()));
      case UNKNOWN, ENABLED -> {
        // Nothing is wrong, or nothing is known.
      }
    }
    if (filter == FilterState.ENABLED && !clustersWithout.isEmpty()) {
      problems.add(
          "The scheduling policies of the clusters "
              + String.join(", ", clustersWithout)
              + ", which have isolated networks, do not use the filter isolated_ports: add it to"
              + " them, or run isolated-ports-setup scheduler on.");
    }
    lastFailure.ifPresent(
        failure ->
            problems.add(
                "Isolated Ports cannot read hosts and networks from the oVirt engine: " + failure));
    return problems;
  }
}
