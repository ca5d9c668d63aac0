// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.violations;

import java.util.EnumSet;
import java.util.Set;
import org.ovirt.isolatedports.engine.EventFollower;
import org.ovirt.isolatedports.server.violations.Guard.Part;

/** What the events of the engine say to look at again. */
final class EventParts {

  private EventParts() {}

  /** Which parts an event says to read again (codes of the engine class {@code AuditLogType}). */
  static Set<Part> of(int code) {
    return switch (code) {
      // Networks added, removed, updated; a new one brings a profile.
      case 942, 944, 1114 ->
          EnumSet.of(Part.NETWORKS, Part.PROFILES, Part.PERMISSIONS, Part.CLUSTERS);
      // Networks of clusters detached, updated.
      case 948, 1112 -> EnumSet.of(Part.CLUSTERS);
      // Profiles added, updated, removed.
      case 1122, 1124, 1126 -> EnumSet.of(Part.PROFILES, Part.PERMISSIONS);
      // Clusters added, updated, removed, updated by the system.
      case 809, 811, 813, 835 -> EnumSet.of(Part.CLUSTERS, Part.VMS);
      case EventFollower.ENGINE_STARTED -> EnumSet.allOf(Part.class);
      default ->
          // Permissions added or removed, on anything.
          code >= 850 && code <= 869 ? EnumSet.of(Part.PERMISSIONS) : EnumSet.noneOf(Part.class);
    };
  }

  /** VMs added, moved, started, migrated; their vNICs added, changed, plugged. */
  static boolean concernsVnics(int code) {
    return switch (code) {
      case 32, 34, 35, 53, 63, 153, 930, 932, 934, 1012, 1014 -> true;
      default -> false;
    };
  }
}
