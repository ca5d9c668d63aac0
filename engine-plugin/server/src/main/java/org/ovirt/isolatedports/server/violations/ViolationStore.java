// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.violations;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.ovirt.isolatedports.rules.GuardViolation;
import org.ovirt.isolatedports.validation.ValidationMessage;

/** Keeps violations and what was said of them in the engine's event log. */
public interface ViolationStore {

  /**
   * Something to say in the engine's event log.
   *
   * @param violationId of which violation
   * @param over whether it is over; else it was found
   * @param customId the number under which the engine takes the event, once
   * @param severity the engine's severity
   * @param text sentences
   * @param subject what the event is to link to, where the engine can
   */
  record Line(
      UUID violationId,
      boolean over,
      int customId,
      String severity,
      String text,
      Optional<GuardViolation.Item> subject) {}

  /**
   * Makes these the violations there are now. One that is gone and comes back within the time given
   * goes on as the one it was.
   *
   * @param undecided rules of which nothing is known now: their violations stay as they are
   * @param settled violations that ended after this may go on
   */
  void replace(
      List<GuardViolation> found, Set<ValidationMessage> undecided, Instant now, Instant settled);

  /**
   * What has not been said yet, oldest first. Nothing is said of a violation that was over before
   * it could be told of.
   *
   * @param settled what ended after this is not called over yet
   */
  List<Line> unreported(Instant settled, int most);

  /** Notes that a line stands in the engine's event log. */
  void markReported(Line line);

  /** Forgets violations that were over before a time. */
  void forgetOver(Instant before);
}
