// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.violations;

import java.util.EnumSet;
import java.util.Set;
import org.ovirt.isolatedports.engine.EventSubject;
import org.ovirt.isolatedports.server.violations.Guard.Part;

/** What the events of the engine say to look at again. */
final class EventParts {

  private static final Set<EventSubject> VNIC_SUBJECTS =
      EnumSet.of(EventSubject.VM, EventSubject.VNIC, EventSubject.SNAPSHOT);

  private EventParts() {}

  /** Which parts an event says to read again. */
  static Set<Part> of(int code) {
    return EventSubject.of(code)
        .map(
            subject ->
                switch (subject) {
                  case NETWORK ->
                      EnumSet.of(Part.NETWORKS, Part.PROFILES, Part.PERMISSIONS, Part.CLUSTERS);
                  case CLUSTER_NETWORK -> EnumSet.of(Part.CLUSTERS);
                  case PROFILE -> EnumSet.of(Part.PROFILES, Part.PERMISSIONS);
                  case CLUSTER -> EnumSet.of(Part.CLUSTERS, Part.VMS);
                  case PERMISSION -> EnumSet.of(Part.PERMISSIONS);
                  case ENGINE -> EnumSet.allOf(Part.class);
                  case VM, VNIC, SNAPSHOT, SCHEDULING_POLICY -> EnumSet.noneOf(Part.class);
                })
        .orElse(EnumSet.noneOf(Part.class));
  }

  /** Whether an event says that a VM may have other vNICs now, or be elsewhere. */
  static boolean concernsVnics(int code) {
    return EventSubject.of(code).filter(VNIC_SUBJECTS::contains).isPresent();
  }
}
