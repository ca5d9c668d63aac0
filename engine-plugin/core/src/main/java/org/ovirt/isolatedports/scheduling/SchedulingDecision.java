// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.scheduling;

import java.util.List;

/**
 * Which of the hosts asked about a VM may run on.
 *
 * @param kept ids of the hosts kept, in the order in which they were asked about
 * @param dropped the others, in the same order
 */
public record SchedulingDecision(List<String> kept, List<DroppedHost> dropped) {

  /**
   * A host a VM is kept away from.
   *
   * @param id the engine's id
   * @param name its name; the id where the name is not known
   * @param reasons what stands against it, as sentences, never empty
   */
  public record DroppedHost(String id, String name, List<String> reasons) {

    public DroppedHost {
      reasons = List.copyOf(reasons);
      if (reasons.isEmpty()) {
        throw new IllegalArgumentException("A host is dropped for a reason.");
      }
    }
  }

  public SchedulingDecision {
    kept = List.copyOf(kept);
    dropped = List.copyOf(dropped);
  }

  /** Whether every host asked about was dropped. */
  public boolean refusesAll() {
    return kept.isEmpty() && !dropped.isEmpty();
  }
}
