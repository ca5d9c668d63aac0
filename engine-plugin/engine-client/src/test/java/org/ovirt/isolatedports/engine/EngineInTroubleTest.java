// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.ovirt.isolatedports.standin.EngineStandIn;

/**
 * What an engine in trouble sees of us: pollers over both clients, JSON and SDK, that never pause
 * of themselves. A minute of the engine is a second here, so they ask sixty times too often as
 * well.
 */
class EngineInTroubleTest {

  private static final Duration MINUTE = Duration.ofSeconds(1);
  private static final Duration LIMIT = Duration.ofSeconds(90);

  /** Of an engine with few workers, so that a little is enough to make it hang. */
  private final EngineStandIn engine = EngineStandIn.builder().workers(4).start();

  private final AtomicInteger works = new AtomicInteger();
  private final ExecutorService pollers = Executors.newCachedThreadPool();
  private EngineGate gate;
  private final List<EngineHttpClient> clients = new ArrayList<>();

  @BeforeEach
  void poll() {
    EngineSettings settings =
        new EngineSettings(
            URI.create(engine.url() + "/ovirt-engine"),
            Duration.ofMillis(130),
            Optional.of("admin@internal"),
            Optional.of("admin"),
            Optional.empty());
    EngineHealth health = EngineHealth.of(settings);
    gate =
        new EngineGate(
            health::saysYes,
            health,
            new EngineGate.Pauses(Duration.ofMillis(17), MINUTE, Duration.ofMillis(5)),
            () -> 0.65,
            System::nanoTime);
    EngineHttpClient http = client(settings, EngineGate.Lane.CALLERS);
    ServiceAccount account = new ServiceAccount(new SingleSignOn(http), settings);
    ServiceEngine json = new ServiceEngine(http, account);
    EngineLookup lookup = new EngineLookup(new JsonEngine(http));
    EngineLookup looks = new EngineLookup(new JsonEngine(client(settings, EngineGate.Lane.LOOKS)));
    EventFollower follower =
        new EventFollower(json, List.of(), Duration.ofMillis(1), Clock.systemUTC());
    again(
        () -> {
          assertThat(follower.poll()).isNotNull();
          follower
              .status()
              .failure()
              .ifPresent(
                  why -> {
                    throw new EngineException(EngineException.Kind.GARBAGE, why);
                  });
        });
    again(() -> assertThat(json.read("/clusters?follow=networks")).isNotNull());
    again(() -> assertThat(dataCenter(account, lookup)).isPresent());
    again(() -> assertThat(dataCenter(account, looks)).isPresent());
    await(() -> works.get() > 10);
  }

  private static Optional<UUID> dataCenter(ServiceAccount account, EngineLookup lookup) {
    return account.call(token -> lookup.dataCenterByName(token, "Default"));
  }

  private EngineHttpClient client(EngineSettings settings, EngineGate.Lane lane) {
    EngineHttpClient client = new EngineHttpClient(settings, settings.timeout(), gate, lane);
    clients.add(client);
    return client;
  }

  private void again(Runnable step) {
    pollers.execute(
        () -> {
          while (!Thread.currentThread().isInterrupted()) {
            try {
              step.run();
              works.incrementAndGet();
            } catch (EngineException e) {
              // Asked again at once.
            }
            try {
              Thread.sleep(1);
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
          }
        });
  }

  @AfterEach
  void stop() throws InterruptedException {
    pollers.shutdownNow();
    assertThat(pollers.awaitTermination(1, TimeUnit.MINUTES)).isTrue();
    gate.close();
    clients.forEach(EngineHttpClient::close);
    engine.close();
  }

  private static void await(BooleanSupplier condition) {
    Instant end = Instant.now().plus(LIMIT);
    while (!condition.getAsBoolean()) {
      assertThat(Instant.now()).isBefore(end);
      pause(Duration.ofMillis(10));
    }
  }

  private static void pause(Duration duration) {
    try {
      Thread.sleep(duration.toMillis());
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Back at work within a minute of the engine's, and a busy machine's time besides. */
  private void worksAgain() {
    int before = works.get();
    await(() -> works.get() > before + 10 && gate.isOpen());
  }

  /** Three minutes, in which the engine's own start leaves what it is asked in its queue. */
  @Test
  void aSlowStartFindsNoMoreThanTwoRequestsInTheQueue() {
    engine.refuseConnections();
    pause(MINUTE.dividedBy(4));
    engine.startSlowly();
    pause(MINUTE.multipliedBy(3));
    assertThat(engine.mostQueued()).as("requests in its queue").isLessThanOrEqualTo(2);
    engine.finishStart();
    worksAgain();
    assertThat(engine.hangs()).isFalse();
  }

  @Test
  void anEngineThatAnswers503IsAskedLessThanTenTimesAMinute() {
    engine.faults().answerStatus("/ovirt-engine", 503);
    pause(MINUTE);
    for (int minute = 1; minute < 4; minute++) {
      engine.calls().reset();
      pause(MINUTE);
      assertThat(engine.calls().total()).as("requests in minute " + minute).isLessThan(10);
    }
    engine.faults().clear();
    worksAgain();
  }

  @Test
  void anAbsentEngineIsFoundAgain() {
    engine.refuseConnections();
    pause(MINUTE.multipliedBy(2));
    assertThat(gate.isOpen()).isFalse();
    engine.acceptConnections();
    worksAgain();
  }

  /** Its workers answer nothing any more, as while each waits for another. */
  @Test
  void anEngineThatHangsIsGivenUpByAllAtOnceAndThenLeftAlone() {
    engine.faults().delay("/ovirt-engine", Duration.ofMinutes(5));
    pause(MINUTE.multipliedBy(3));
    engine.calls().reset();
    pause(MINUTE.multipliedBy(2));
    assertThat(engine.calls().total()).isLessThan(3);
    engine.faults().clear();
    worksAgain();
  }
}
