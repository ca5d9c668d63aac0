// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.engine;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.ovirt.isolatedports.body.ApiBody;

/**
 * Follows the engine's event log, so that whoever listens need not poll for what it tells.
 *
 * <p>It brings every event once. Events become visible up to two seconds after they got their
 * number, and a few out of order, so it goes on from the last number before which none is missing;
 * a number that stays missing for {@link #PATIENCE} was never used. It asks for the oldest first:
 * with {@code max} alone the engine answers the newest and leaves out the middle.
 *
 * <p>Where it cannot tell what was missed (its own start, an engine restored from a backup) it says
 * so, and listeners read everything again.
 *
 * <p>{@link #poll} is called by one thread; {@link #status} by any.
 */
public final class EventFollower {

  /** Who wants to know. Called on the follower's thread; must not take long. */
  public interface Listener {

    /** New events, in the order of their numbers. Never empty. */
    void happened(List<AuditEvent> events);

    /** It is not known what happened: read everything again. */
    void lostTrack();
  }

  /**
   * How following goes.
   *
   * @param lastContact when the engine last answered; empty if it never did
   * @param failure why it did not the last time; empty if it did
   * @param engineStarted when the engine last started, by its own clock; empty if that is not in
   *     its event log
   */
  public record Status(
      Optional<Instant> lastContact, Optional<String> failure, Optional<Instant> engineStarted) {}

  /** How long a number may be missing. "Finished" events of networks take up to 1.8 s. */
  static final Duration PATIENCE = Duration.ofSeconds(10);

  /**
   * AFFINITY_RULES_ENFORCEMENT_MANAGER_START, the one event that an engine writes at each of its
   * starts and at no other time.
   */
  public static final int ENGINE_STARTED = 10780;

  private static final Logger LOG = Logger.getLogger(EventFollower.class.getName());
  private static final int PAGE = 200;
  private static final int MAX_PAGES = 50;
  private static final int OVERLAP = 20;
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);
  private static final Duration CHECK_ORDER = Duration.ofSeconds(30);

  private final JsonReader engine;
  private final List<Listener> listeners;
  private final Duration interval;
  private final Clock clock;

  /** No event up to this number will be brought any more; negative before the first contact. */
  private long settled = -1;

  /** Numbers above {@link #settled} that were brought. */
  private final TreeSet<Long> brought = new TreeSet<>();

  /** Listeners that failed when they were told something. */
  private final Set<Listener> behind = new LinkedHashSet<>();

  private Instant missingSince = Instant.MAX;
  private Instant orderChecked = Instant.MIN;
  private int failures;
  private volatile Status status = new Status(Optional.empty(), Optional.empty(), Optional.empty());

  /**
   * A follower.
   *
   * @param interval how long to wait between two looks while the engine answers
   */
  public EventFollower(
      JsonReader engine, List<Listener> listeners, Duration interval, Clock clock) {
    this.engine = engine;
    this.listeners = List.copyOf(listeners);
    this.interval = interval;
    this.clock = clock;
  }

  /** How following goes. */
  public Status status() {
    return status;
  }

  /**
   * Looks once.
   *
   * @return how long to wait until the next look; never throws
   */
  public Duration poll() {
    List<Listener> again = List.copyOf(behind);
    behind.clear();
    tell(again, Listener::lostTrack);
    try {
      if (settled < 0) {
        begin();
      } else {
        follow();
        checkOrder();
      }
      succeed();
    } catch (EngineException e) {
      fail(e.getMessage());
    } catch (RuntimeException e) {
      LOG.log(Level.SEVERE, "Following the engine's events failed", e);
      fail("Isolated Ports failed to read the engine's events; the reason is in its log.");
    }
    return failures == 0 ? interval : pause();
  }

  private Duration pause() {
    Duration longer = interval.multipliedBy(1L << Math.min(failures, 6));
    return longer.compareTo(LONGEST_PAUSE) < 0 ? longer : LONGEST_PAUSE;
  }

  private void succeed() {
    if (failures > 0) {
      LOG.info("The oVirt engine answers again.");
    }
    failures = 0;
    status = new Status(Optional.of(clock.instant()), Optional.empty(), status.engineStarted());
  }

  private void fail(String why) {
    if (!status.failure().equals(Optional.of(why))) {
      LOG.log(Level.WARNING, "The oVirt engine''s events cannot be followed: {0}", why);
    }
    failures++;
    status = new Status(status.lastContact(), Optional.of(why), status.engineStarted());
  }

  private void begin() {
    long newest = newest();
    List<AuditEvent> starts = events("?max=1&search=type%3D" + ENGINE_STARTED);
    starts.forEach(this::noteStart);
    // Some that have lower numbers may not be visible yet.
    settled = Math.max(0, newest - OVERLAP);
    tell(listeners, Listener::lostTrack);
  }

  private void follow() {
    List<AuditEvent> fresh = new ArrayList<>();
    long cursor = settled;
    for (int page = 0; page < MAX_PAGES; page++) {
      List<AuditEvent> events =
          events("?from=" + cursor + "&max=" + PAGE + "&search=sortby%20time%20asc");
      long newest = cursor;
      for (AuditEvent event : events) {
        newest = Math.max(newest, event.id());
        if (event.id() > settled && brought.add(event.id())) {
          fresh.add(event);
        }
      }
      if (events.size() < PAGE) {
        break;
      }
      cursor = Math.max(cursor + 1, newest - OVERLAP);
    }
    settle();
    if (!fresh.isEmpty()) {
      fresh.sort((one, other) -> Long.compare(one.id(), other.id()));
      fresh.forEach(this::noteStart);
      List<AuditEvent> happened = List.copyOf(fresh);
      tell(listeners, listener -> listener.happened(happened));
    }
  }

  /** Moves on over numbers that are complete, and over those that stay missing. */
  private void settle() {
    boolean moved = settleComplete();
    if (brought.isEmpty()) {
      missingSince = Instant.MAX;
      return;
    }
    Instant now = clock.instant();
    if (moved || missingSince.equals(Instant.MAX)) {
      missingSince = now;
    } else if (!now.isBefore(missingSince.plus(PATIENCE))) {
      settled = brought.first() - 1;
      settleComplete();
      missingSince = brought.isEmpty() ? Instant.MAX : now;
    }
  }

  private boolean settleComplete() {
    boolean moved = false;
    while (brought.remove(settled + 1)) {
      settled++;
      moved = true;
    }
    return moved;
  }

  /** Numbers that go down are those of another engine, or of this one from a backup. */
  private void checkOrder() {
    Instant now = clock.instant();
    if (orderChecked.equals(Instant.MIN)) {
      orderChecked = now;
    }
    if (now.isBefore(orderChecked.plus(CHECK_ORDER))) {
      return;
    }
    orderChecked = now;
    long newest = newest();
    if (newest < settled && newest > 0) {
      LOG.warning("The oVirt engine's events start anew; reading everything again.");
      settled = newest;
      brought.clear();
      missingSince = Instant.MAX;
      tell(listeners, Listener::lostTrack);
    }
  }

  /** One that fails keeps nothing from the others, and is told to read everything again. */
  private void tell(Collection<Listener> whom, Consumer<Listener> news) {
    for (Listener listener : whom) {
      try {
        news.accept(listener);
      } catch (RuntimeException e) {
        LOG.log(Level.SEVERE, "A listener to the engine's events failed; it is told again.", e);
        behind.add(listener);
      }
    }
  }

  private long newest() {
    return events("?max=1").stream().mapToLong(AuditEvent::id).max().orElse(0);
  }

  private void noteStart(AuditEvent event) {
    if (event.code() == ENGINE_STARTED
        && status.engineStarted().filter(known -> !known.isBefore(event.time())).isEmpty()) {
      status = new Status(status.lastContact(), status.failure(), Optional.of(event.time()));
    }
  }

  private List<AuditEvent> events(String query) {
    List<AuditEvent> events = new ArrayList<>();
    for (ApiBody event : engine.read("/events" + query).items("event")) {
      events.add(event(event));
    }
    return events;
  }

  private static AuditEvent event(ApiBody event) {
    try {
      return new AuditEvent(
          Long.parseLong(event.text("id").orElse("")),
          Integer.parseInt(event.text("code").orElse("0")),
          Instant.ofEpochMilli(Long.parseLong(event.text("time").orElse("0"))),
          link(event, "vm"),
          link(event, "host"),
          link(event, "cluster"));
    } catch (NumberFormatException e) {
      throw new EngineException(
          EngineException.Kind.GARBAGE, "The oVirt engine's answer holds an event without number.");
    }
  }

  private static Optional<String> link(ApiBody event, String name) {
    return event.child(name).flatMap(linked -> linked.text("id"));
  }
}
