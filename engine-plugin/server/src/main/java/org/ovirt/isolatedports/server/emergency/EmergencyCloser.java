// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.emergency;

import jakarta.annotation.PreDestroy;
import jakarta.annotation.Resource;
import jakarta.enterprise.concurrent.ManagedScheduledExecutorService;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.context.Initialized;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Inject;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Collectors;
import org.ovirt.isolatedports.engine.ServiceAccount;
import org.ovirt.isolatedports.engine.ServiceEngine;
import org.ovirt.isolatedports.engine.VnicProfiles;
import org.ovirt.isolatedports.rules.GuardViolation;
import org.ovirt.isolatedports.rules.GuardViolation.Item;
import org.ovirt.isolatedports.rules.GuardViolation.Kind;
import org.ovirt.isolatedports.rules.GuardViolation.Severity;
import org.ovirt.isolatedports.server.database.Schema;
import org.ovirt.isolatedports.server.emergency.Emergency.Status;
import org.ovirt.isolatedports.server.http.EntityVersions;
import org.ovirt.isolatedports.server.journal.InFlight;
import org.ovirt.isolatedports.server.violations.ViolationSource;
import org.ovirt.isolatedports.server.violations.Violations;
import org.ovirt.isolatedports.validation.ValidationMessage;

/**
 * Closes the networks that were opened, when their time is over, when somebody says so, and when
 * the opening itself was cut short; and shows them as violations while they last.
 *
 * <p>It goes by the rows alone, so that a restart changes nothing. An engine that gives no answer
 * is asked again every second. A row is closed only when nothing is left open and the engine's
 * event log has it.
 */
@ApplicationScoped
public class EmergencyCloser implements ViolationSource {

  private static final Logger LOG = Logger.getLogger(EmergencyCloser.class.getName());
  private static final long EVERY_MILLIS = 1000;

  @Resource ManagedScheduledExecutorService executor;

  private final Emergencies emergencies;
  private final InFlight inFlight;
  private final ServiceEngine engine;
  private final ServiceAccount account;
  private final VnicProfiles profiles;
  private final Violations violations;
  private final EntityVersions versions;
  private final Schema schema;

  /** When this process first saw an emergency, by a clock that is never set. */
  private final Map<UUID, Long> watchedSince = new ConcurrentHashMap<>();

  private final Map<UUID, Reclosing> reclosings = new ConcurrentHashMap<>();
  private final Map<UUID, List<Left>> left = new ConcurrentHashMap<>();
  private final AtomicReference<Optional<ScheduledFuture<?>>> task =
      new AtomicReference<>(Optional.empty());

  @Inject
  public EmergencyCloser(
      Emergencies emergencies,
      InFlight inFlight,
      ServiceEngine engine,
      ServiceAccount account,
      VnicProfiles profiles,
      Violations violations,
      EntityVersions versions,
      Schema schema) {
    this.emergencies = emergencies;
    this.inFlight = inFlight;
    this.engine = engine;
    this.account = account;
    this.profiles = profiles;
    this.violations = violations;
    this.versions = versions;
    this.schema = schema;
  }

  void start(@Observes @Initialized(ApplicationScoped.class) Object event) {
    task.set(
        Optional.of(
            executor.scheduleWithFixedDelay(
                this::step, EVERY_MILLIS, EVERY_MILLIS, TimeUnit.MILLISECONDS)));
  }

  @PreDestroy
  void stop() {
    task.get().ifPresent(scheduled -> scheduled.cancel(false));
  }

  /** Closes what is due. Nothing gets out, or the executor would not come again. */
  void step() {
    if (!schema.isReady()) {
      return;
    }
    try {
      List<Emergency> lasting = emergencies.lasting();
      Set<UUID> ids = lasting.stream().map(Emergency::id).collect(Collectors.toSet());
      watchedSince.keySet().retainAll(ids);
      reclosings.keySet().retainAll(ids);
      left.keySet().retainAll(ids);
      for (Emergency emergency : lasting) {
        if (isDue(emergency)) {
          close(emergency);
        }
      }
    } catch (Exception e) {
      LOG.log(Level.WARNING, "What is open cannot be read now: {0}", e.getMessage());
    }
  }

  private boolean isDue(Emergency emergency) {
    return switch (emergency.status()) {
      // While the request is at it, closing would race with it; it ends in time by itself.
      case OPENING -> !inFlight.has(emergency.id()) && isOpeningStill(emergency);
      case OPEN -> isOver(emergency);
      case CLOSING -> true;
      case CLOSED -> false;
    };
  }

  /**
   * The request may have ended since the row was read; it writes what came of it before it ends.
   */
  private boolean isOpeningStill(Emergency emergency) {
    return emergencies
        .latest(emergency.networkId())
        .filter(now -> now.id().equals(emergency.id()) && now.status() == Status.OPENING)
        .isPresent();
  }

  private boolean isOver(Emergency emergency) {
    long since = watchedSince.computeIfAbsent(emergency.id(), id -> System.nanoTime());
    return emergency
        .period()
        .isOver(Instant.now(), Duration.ofNanos(Math.max(0, System.nanoTime() - since)));
  }

  private void close(Emergency emergency) {
    try {
      if (emergency.status() != Status.CLOSING) {
        emergencies.closing(emergency.id(), Optional.empty());
        versions.count("emergency:" + emergency.networkId());
      }
      List<Left> stillOpen =
          reclosings
              .computeIfAbsent(
                  emergency.id(), id -> new Reclosing(engine, this::align, emergency.networkId()))
              .close();
      left.put(emergency.id(), stillOpen);
      if (stillOpen.isEmpty() && violations.wasTold(violation(emergency, stillOpen).key())) {
        emergencies.closed(emergency.id(), Instant.now());
        versions.count("emergency:" + emergency.networkId());
        LOG.log(Level.INFO, "Network {0} is isolated again.", emergency.networkName());
      }
    } catch (Exception e) {
      List<Left> before =
          left.put(
              emergency.id(),
              List.of(
                  new Left(
                      Optional.empty(), "Its vNIC profiles may be open still: " + e.getMessage())));
      if (before == null || before.isEmpty()) {
        LOG.log(
            Level.WARNING,
            "Network {0} cannot be isolated again yet; it is tried every second: {1}",
            new Object[] {emergency.networkName(), e.getMessage()});
      }
    }
  }

  private void align(String network) {
    account.call(
        token -> {
          profiles.isolate(token, network);
          return network;
        });
  }

  /** What may be open still of an emergency that is being closed. */
  List<Left> left(UUID emergency) {
    return left.getOrDefault(emergency, List.of());
  }

  @Override
  public List<GuardViolation> current() {
    return emergencies.lasting().stream()
        .map(emergency -> violation(emergency, left(emergency.id())))
        .toList();
  }

  private static GuardViolation violation(Emergency emergency, List<Left> left) {
    String network = emergency.networkId().toString();
    String text =
        ValidationMessage.GUARD_NETWORK_OPENED.text(
            Map.of(
                "network",
                emergency.networkName(),
                "user",
                emergency.openedBy(),
                "until",
                emergency.period().until().truncatedTo(ChronoUnit.SECONDS).toString(),
                "reason",
                emergency.reason()));
    return new GuardViolation(
        ValidationMessage.GUARD_NETWORK_OPENED,
        Severity.ERROR,
        Optional.of(new Item(Kind.NETWORK, network, emergency.networkName())),
        // Each opening is one of its own, however soon it comes after another.
        Optional.of(
            new Item(Kind.NETWORK, network, emergency.networkName(), emergency.id().toString())),
        left.isEmpty() ? text : text + " " + notClosed(left, network));
  }

  /** Without the VMs' names: who sees the network need not see them. */
  private static String notClosed(List<Left> left, String network) {
    return "Not closed yet: "
        + left.size()
        + " of its vNICs or vNIC profiles; GET /ovirt-isolated-ports/api/networks/"
        + network
        + "/emergency names them.";
  }

  @Override
  public Set<String> leftOpen() {
    return emergencies.lasting().stream()
        .filter(each -> each.status() == Status.OPENING || each.status() == Status.OPEN)
        .filter(each -> !isOver(each))
        .map(each -> each.networkId().toString())
        .collect(Collectors.toSet());
  }
}
