// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.policies;

import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/**
 * What a document said from some time on.
 *
 * @param number counts those of the document, from 1
 * @param content what was written; empty where the document was removed
 * @param mode what a policy does
 * @param pins ids of the VMs it names, by the names they bore then
 * @param author the user's name
 * @param time when it was written
 * @param comment why, in the author's words; may be empty
 * @param restoredFrom the revision that it equals because somebody went back to it
 */
record Revision(
    int number,
    Optional<String> content,
    Mode mode,
    Map<String, String> pins,
    String author,
    Instant time,
    String comment,
    Optional<Integer> restoredFrom) {

  Revision {
    pins = Map.copyOf(pins);
  }

  boolean isRemoval() {
    return content.isEmpty();
  }

  /** The same in force, as one in audit is judged and shown. */
  Revision inForce() {
    return new Revision(number, content, Mode.ENFORCE, pins, author, time, comment, restoredFrom);
  }
}
