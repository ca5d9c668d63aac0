// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.violations;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.ovirt.isolatedports.engine.EngineException;
import org.ovirt.isolatedports.engine.ExternalEvent;
import org.ovirt.isolatedports.engine.ServiceEngine;
import org.ovirt.isolatedports.rules.GuardViolation.Item;

/**
 * Brings violations to the engine's event log: once when found, once when over.
 *
 * <p>The number of an event is stored before it is sent, and the engine takes each number once, so
 * that neither a lost answer nor our own restart brings it twice. However much breaks at once, no
 * more than {@link #MOST_A_MINUTE} are brought a minute.
 */
final class EventLog {

  static final int MOST_A_MINUTE = 60;

  private static final Logger LOG = Logger.getLogger(EventLog.class.getName());
  private static final Duration TRY_AGAIN = Duration.ofSeconds(10);
  private static final int AT_ONCE = 20;
  private static final int TRIES = 3;
  private static final int LONGEST_TEXT = 2_000;

  /** Statuses that judge the event; with any other the engine may take it another time. */
  private static final Set<Integer> JUDGED = Set.of(400, 404, 409, 413);

  private static final String TAKEN = "custom id already exists";

  private final ServiceEngine engine;
  private final ViolationStore violations;
  private final Duration over;
  private final Clock clock;
  private final Map<UUID, Integer> refusals = new HashMap<>();
  private Instant minute = Instant.MIN;
  private int thisMinute;
  private Instant tryAgain = Instant.MIN;

  EventLog(ServiceEngine engine, ViolationStore violations, Duration over, Clock clock) {
    this.engine = engine;
    this.violations = violations;
    this.over = over;
    this.clock = clock;
  }

  /** Brings what has not been brought. Never throws; called by one thread. */
  void bring() {
    Instant now = clock.instant();
    int most = Math.min(AT_ONCE, left(now));
    if (most == 0 || now.isBefore(tryAgain)) {
      return;
    }
    try {
      List<ViolationStore.Line> lines = violations.unreported(now.minus(over), most);
      for (ViolationStore.Line line : lines) {
        thisMinute++;
        if (bring(line)) {
          violations.markReported(line);
        }
      }
    } catch (EngineException e) {
      tryAgain = now.plus(TRY_AGAIN);
      LOG.log(Level.FINE, "Events cannot be brought to the engine now: {0}", e.getMessage());
    } catch (Exception e) {
      tryAgain = now.plus(TRY_AGAIN);
      LOG.log(Level.WARNING, "Bringing violations to the engine's event log failed", e);
    }
  }

  private int left(Instant now) {
    if (minute.equals(Instant.MIN) || !now.isBefore(minute.plusSeconds(60))) {
      minute = now;
      thisMinute = 0;
    }
    return Math.max(0, MOST_A_MINUTE - thisMinute);
  }

  /** Whether the line needs not be brought again. */
  private boolean bring(ViolationStore.Line line) {
    try {
      engine.add("/events", body(line));
      refusals.remove(line.violationId());
      return true;
    } catch (EngineException e) {
      if (e.kind() != EngineException.Kind.REFUSED || !JUDGED.contains(e.engineStatus())) {
        throw e;
      }
      if (e.getMessage().contains(TAKEN)) {
        return true;
      }
      return refused(line, e);
    }
  }

  private boolean refused(ViolationStore.Line line, EngineException why) {
    int tries = refusals.merge(line.violationId(), 1, Integer::sum);
    if (tries < TRIES) {
      return false;
    }
    refusals.remove(line.violationId());
    LOG.log(
        Level.WARNING,
        "The engine does not take an event ({0}): {1}",
        new Object[] {why.getMessage(), line.text()});
    return true;
  }

  private String body(ViolationStore.Line line) {
    ExternalEvent event =
        new ExternalEvent(
            line.customId(),
            line.severity(),
            line.text().substring(0, Math.min(line.text().length(), LONGEST_TEXT)));
    // What the engine refused may have been the link, to something that is gone.
    return line.subject()
        .filter(subject -> !refusals.containsKey(line.violationId()))
        .flatMap(subject -> link(subject).map(kind -> event.about(kind, subject.id())))
        .orElse(event)
        .json();
  }

  /** The links an event may have, of those a violation can be about. */
  private static Optional<String> link(Item subject) {
    return switch (subject.kind()) {
      case CLUSTER -> Optional.of("cluster");
      case VM -> Optional.of("vm");
      case HOST -> Optional.of("host");
      case NETWORK, VNIC_PROFILE -> Optional.empty();
    };
  }
}
