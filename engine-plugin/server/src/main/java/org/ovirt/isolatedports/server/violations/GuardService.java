// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.violations;

import jakarta.annotation.PreDestroy;
import jakarta.annotation.Resource;
import jakarta.enterprise.concurrent.ManagedThreadFactory;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.context.Dependent;
import jakarta.enterprise.context.Initialized;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.inject.Any;
import jakarta.enterprise.inject.Instance;
import jakarta.inject.Inject;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.ovirt.isolatedports.engine.EventFollower;
import org.ovirt.isolatedports.engine.ServiceAccount;
import org.ovirt.isolatedports.engine.ServiceEngine;
import org.ovirt.isolatedports.engine.VnicProfiles;
import org.ovirt.isolatedports.server.database.Schema;
import org.ovirt.isolatedports.server.engine.EngineMirror;
import org.ovirt.isolatedports.server.engine.EngineReader;
import org.ovirt.isolatedports.server.options.LevelGateWatch;

/** Runs the guard, the follower of the engine's events and the watch on the level gate. */
@ApplicationScoped
public class GuardService {

  private static final Duration GATE_INTERVAL = Duration.ofSeconds(3);
  private static final Duration TICK = Duration.ofMillis(250);
  private static final Duration WITHOUT_ACCOUNT = Duration.ofMinutes(1);

  private final ServiceEngine engine;
  private final EngineMirror mirror;
  private final EngineReader reader;
  private final ServiceAccount account;
  private final VnicProfiles profiles;
  private final StoredNetworks register;
  private final Violations violations;
  private final LevelGateWatch gates;
  private final Schema schema;
  private final SchedulingView scheduler;
  private final NetworksBeingMade creations;
  private final Instance<ViolationSource> sources;
  private final Instance<EventFollower.Listener> listeners;
  private final Times settings;

  @Resource ManagedThreadFactory threads;

  /** How often to look, as configured. */
  @Dependent
  static final class Times {
    private final Duration events;
    private final GuardTimes guard;

    @Inject
    Times(
        @ConfigProperty(name = "isolated-ports.events.interval-ms", defaultValue = "1000")
            long eventsMillis,
        @ConfigProperty(name = "isolated-ports.guard.poll-ms", defaultValue = "2000")
            long pollMillis,
        @ConfigProperty(name = "isolated-ports.guard.full-pass-s", defaultValue = "180")
            long fullSeconds) {
      this.events = Duration.ofMillis(eventsMillis);
      this.guard =
          new GuardTimes(
              Duration.ofMillis(pollMillis),
              Duration.ofSeconds(fullSeconds),
              GuardTimes.DEFAULT.settle(),
              GuardTimes.DEFAULT.over(),
              GuardTimes.DEFAULT.retry());
    }
  }

  private ExecutorService executor;
  private EventFollower follower;
  private Guard guard;
  private EventLog log;
  private volatile Instant lastSign = Instant.now();

  @Inject
  GuardService(
      ServiceEngine engine,
      EngineMirror mirror,
      EngineReader reader,
      ServiceAccount account,
      VnicProfiles profiles,
      StoredNetworks register,
      Violations violations,
      LevelGateWatch gates,
      Schema schema,
      SchedulingView scheduler,
      NetworksBeingMade creations,
      @Any Instance<ViolationSource> sources,
      @Any Instance<EventFollower.Listener> listeners,
      Times settings) {
    this.engine = engine;
    this.mirror = mirror;
    this.reader = reader;
    this.account = account;
    this.profiles = profiles;
    this.register = register;
    this.violations = violations;
    this.gates = gates;
    this.schema = schema;
    this.scheduler = scheduler;
    this.creations = creations;
    this.sources = sources;
    this.listeners = listeners;
    this.settings = settings;
  }

  void start(@Observes @Initialized(ApplicationScoped.class) Object event) {
    Clock clock = Clock.systemUTC();
    GuardTimes times = settings.guard;
    guard =
        new Guard(
            mirror,
            reader,
            register,
            violations,
            this::align,
            gates::current,
            scheduler,
            sources.stream().toList(),
            creations::networks,
            times,
            clock);
    List<EventFollower.Listener> all = new ArrayList<>();
    // First, as whoever hears of an event after it reads from the mirror.
    all.add(mirror);
    listeners.forEach(all::add);
    all.add(guard);
    follower = new EventFollower(engine, all, settings.events, clock);
    log = new EventLog(engine, violations, times.over(), clock);
    // Three threads: none of the three may keep another waiting.
    executor = Executors.newFixedThreadPool(3, threads);
    repeat(this::follow);
    repeat(this::watchGate);
    repeat(this::guardOnce);
  }

  private void align(String networkId) {
    account.call(
        token -> {
          profiles.isolate(token, networkId);
          return networkId;
        });
  }

  /**
   * Does something again and again until the server stops.
   *
   * @param step does it once, and says how long to wait
   */
  private void repeat(Supplier<Duration> step) {
    executor.execute(
        () -> {
          while (!Thread.currentThread().isInterrupted()) {
            try {
              Thread.sleep(step.get().toMillis());
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
          }
        });
  }

  private Duration follow() {
    return account.isConfigured() ? follower.poll() : WITHOUT_ACCOUNT;
  }

  private Duration watchGate() {
    if (schema.isReady()) {
      gates.poll(Instant.now(), follower.status().engineStarted());
    }
    return GATE_INTERVAL;
  }

  private Duration guardOnce() {
    lastSign = Instant.now();
    if (schema.isReady() && account.isConfigured() && gates.isTried()) {
      guard.tick();
      log.bring();
    }
    return TICK;
  }

  @PreDestroy
  void stop() {
    if (executor != null) {
      executor.shutdownNow();
    }
  }

  /** How following the engine's events goes. */
  public EventFollower.Status following() {
    return follower.status();
  }

  /** How guarding goes. */
  public Guard.Status guarding() {
    return guard.status();
  }

  /** When the guard's thread last gave a sign of life, whether it could do anything or not. */
  public Instant lastSign() {
    return lastSign;
  }

  /** Whether there is an account to guard with. */
  public boolean isConfigured() {
    return account.isConfigured();
  }
}
