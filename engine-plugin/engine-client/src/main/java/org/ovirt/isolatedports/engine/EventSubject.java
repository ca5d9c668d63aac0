// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.engine;

import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * What an event of the engine's log is about, as far as somebody here has to look again: the one
 * table of its codes (engine class {@code AuditLogType}).
 */
public enum EventSubject {
  /** Networks added, removed, updated; a new one brings a profile. */
  NETWORK(942, 944, 1114),
  /** Networks attached to clusters, detached, and their roles there. */
  CLUSTER_NETWORK(946, 948, 1112),
  /** vNIC profiles added, updated, removed. */
  PROFILE(1122, 1124, 1126),
  /** Clusters added, updated, removed, updated by the system. */
  CLUSTER(809, 811, 813, 835),
  /** Scheduling policies added, updated, removed. */
  SCHEDULING_POLICY(9910, 9912, 9914),
  /** Permissions added or removed, on anything. */
  PERMISSION(IntStream.rangeClosed(850, 869).boxed().toArray(Integer[]::new)),
  /** The vNICs of a VM added, changed, removed, plugged; the VM itself changed. */
  VNIC(35, 930, 931, 932, 933, 934, 935, 1012, 1013, 1014, 1015),
  /** Snapshots previewed, restored, committed and undone, which bring back the vNICs of then. */
  SNAPSHOT(46, 47, 71, 94, 95, 96, 99, 100, 101, 650, 651, 652, 1190),
  /** VMs added, started, migrated. */
  VM(32, 34, 53, 63, 153),
  /** The engine has started. */
  ENGINE(EventFollower.ENGINE_STARTED);

  private static final Map<Integer, EventSubject> BY_CODE =
      Arrays.stream(values())
          .flatMap(subject -> subject.codes.stream().map(code -> Map.entry(code, subject)))
          .collect(Collectors.toUnmodifiableMap(Map.Entry::getKey, Map.Entry::getValue));

  /** Unmodifiable, as {@code Set.of} makes it. */
  @SuppressWarnings("ImmutableEnumChecker")
  private final Set<Integer> codes;

  EventSubject(Integer... codes) {
    this.codes = Set.of(codes);
  }

  /** What an event of this code is about; empty if nobody here has to look again. */
  public static Optional<EventSubject> of(int code) {
    return Optional.ofNullable(BY_CODE.get(code));
  }
}
