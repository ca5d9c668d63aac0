// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.ovirt.isolatedports.standin.EngineStandIn;

/**
 * What an engine in trouble is asked in each minute, and how soon after its return everything
 * works: with the pauses as installed, on a clock that the test moves, so that a busy machine
 * changes nothing. All that ask do so four times a second.
 */
class EngineMinutesTest {

  private static final Duration TICK = Duration.ofMillis(250);
  private static final int TICKS_A_MINUTE = (int) Duration.ofMinutes(1).dividedBy(TICK);
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final int FEW = 10;

  private final EngineStandIn engine = EngineStandIn.builder().workers(4).start();
  private final AtomicLong now = new AtomicLong();
  private final TestClock clock = new TestClock();
  private final List<EngineHttpClient> clients = new ArrayList<>();
  private final List<Runnable> pollers = new ArrayList<>();
  private EngineGate gate;

  @BeforeEach
  void poll() {
    EngineSettings settings =
        new EngineSettings(
            URI.create(engine.url() + "/ovirt-engine"),
            Duration.ofSeconds(8),
            Optional.of("admin@internal"),
            Optional.of("admin"),
            Optional.empty());
    EngineHealth health = EngineHealth.of(settings);
    EngineGate.Pauses installed = EngineGate.Pauses.upTo(Duration.ofMinutes(1));
    gate =
        new EngineGate(
            health::saysYes,
            health,
            // Nobody waits for a verdict: the one thread here also moves the clock.
            new EngineGate.Pauses(installed.firstPause(), installed.longestPause(), Duration.ZERO),
            () -> 0.5 + 0.3 * Math.random(),
            now::get);
    EngineHttpClient http = client(settings, EngineGate.Lane.CALLERS);
    SingleSignOn sso = new SingleSignOn(http);
    ServiceAccount account = new ServiceAccount(sso, settings);
    ServiceEngine json = new ServiceEngine(http, account);
    EngineLookup looks = new EngineLookup(new JsonEngine(client(settings, EngineGate.Lane.LOOKS)));
    EventFollower follower = new EventFollower(json, List.of(), TICK, clock);
    pollers.add(
        () -> {
          Duration unused = follower.poll();
          follower
              .status()
              .failure()
              .ifPresent(
                  why -> {
                    throw new EngineException(EngineException.Kind.GARBAGE, why);
                  });
        });
    pollers.add(() -> assertThat(json.read("/clusters?follow=networks")).isNotNull());
    pollers.add(
        () ->
            assertThat(
                    account.<Boolean>call(
                        token -> looks.dataCenterByName(token, "Default").isPresent()))
                .isTrue());
    pollers.add(() -> assertThat(sso.login("admin@internal", "admin")).isPresent());
    await(this::everythingWorks);
  }

  private EngineHttpClient client(EngineSettings settings, EngineGate.Lane lane) {
    EngineHttpClient client = new EngineHttpClient(settings, settings.timeout(), gate, lane);
    clients.add(client);
    return client;
  }

  @AfterEach
  void stop() {
    gate.close();
    clients.forEach(EngineHttpClient::close);
    engine.close();
  }

  private static void await(BooleanSupplier condition) {
    Instant end = Instant.now().plus(LIMIT);
    while (!condition.getAsBoolean()) {
      assertThat(Instant.now()).as("a bound for a busy machine").isBefore(end);
      Thread.onSpinWait();
    }
  }

  /** All ask once, one after the other; says whether all were answered. */
  private boolean everythingWorks() {
    boolean all = true;
    for (Runnable poller : pollers) {
      try {
        poller.run();
      } catch (EngineException e) {
        all = false;
      }
    }
    return all;
  }

  /** A quarter of a second of the engine's: all ask, and what the prober has begun is over. */
  private boolean tick(boolean probesEnd) {
    now.addAndGet(TICK.toNanos());
    clock.forward(TICK);
    gate.look();
    if (probesEnd) {
      await(() -> !gate.isProbeDue());
    }
    return everythingWorks();
  }

  /** Requests in each of some minutes. */
  private List<Long> minutes(int number, boolean probesEnd, LongSupplier total) {
    List<Long> perMinute = new ArrayList<>();
    for (int minute = 0; minute < number; minute++) {
      long before = total.getAsLong();
      for (int i = 0; i < TICKS_A_MINUTE; i++) {
        boolean unused = tick(probesEnd);
      }
      perMinute.add(total.getAsLong() - before);
    }
    return perMinute;
  }

  private void everythingWorksSoon() {
    Duration took = Duration.ZERO;
    while (!tick(true)) {
      took = took.plus(TICK);
      assertThat(took).as("since its return, by its clock").isLessThan(SOON);
    }
  }

  @Test
  void anAbsentEngine() throws IOException, InterruptedException {
    engine.refuseConnections();
    AtomicInteger asked = new AtomicInteger();
    try (ServerSocket nobody =
        new ServerSocket(engine.url().getPort(), 50, InetAddress.getLoopbackAddress())) {
      Thread counting = new Thread(() -> hangUp(nobody, asked), "nobody");
      counting.setDaemon(true);
      counting.start();
      assertThat(minutes(10, true, asked::get)).allMatch(count -> count > 0 && count < FEW);
    }
    engine.acceptConnections();
    everythingWorksSoon();
  }

  private static void hangUp(ServerSocket nobody, AtomicInteger asked) {
    try {
      while (true) {
        try (Socket caller = nobody.accept()) {
          caller.setSoLinger(true, 0);
          asked.incrementAndGet();
        }
      }
    } catch (IOException e) {
      // The engine is to come back.
    }
  }

  /** All of it, as a proxy before it does, or its API alone, while its health says yes. */
  @ParameterizedTest
  @ValueSource(strings = {"/ovirt-engine", "/ovirt-engine/api"})
  void anEngineThatAnswers503ForTenMinutes(String what) {
    engine.calls().reset();
    engine.faults().answerStatus(what, 503);
    assertThat(minutes(10, true, engine.calls()::total))
        .allMatch(count -> count > 0 && count < FEW);
    engine.faults().clear();
    everythingWorksSoon();
  }

  @Test
  void anEngineThatTakesThreeMinutesToStart() {
    engine.refuseConnections();
    boolean unused = tick(true);
    engine.startSlowly();
    engine.calls().reset();
    assertThat(minutes(3, false, engine.calls()::total)).allMatch(count -> count < FEW);
    assertThat(engine.mostQueued()).as("requests in its queue").isLessThanOrEqualTo(2);
    engine.finishStart();
    everythingWorksSoon();
    assertThat(engine.hangs()).isFalse();
  }
}
