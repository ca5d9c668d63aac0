// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.ovirt.isolatedports.engine.EngineGate.Lane;

/** The one door to the engine. A minute of the engine is a second here. */
class EngineGateTest {

  private static final Duration MINUTE = Duration.ofSeconds(1);
  private static final EngineGate.Pauses FAST =
      new EngineGate.Pauses(Duration.ofMillis(17), MINUTE, Duration.ofMillis(5));
  private static final Duration LIMIT = Duration.ofSeconds(30);

  private final AtomicBoolean healthy = new AtomicBoolean();
  private final AtomicInteger probes = new AtomicInteger();
  private EngineGate gate = gate(this::probe);

  private boolean probe() {
    probes.incrementAndGet();
    return healthy.get();
  }

  private static EngineGate gate(BooleanSupplier health) {
    return new EngineGate(health, FAST);
  }

  @AfterEach
  void stop() {
    gate.close();
  }

  private void refusesAtOnce(Lane lane) {
    Instant begun = Instant.now();
    EngineException refused =
        catchThrowableOfType(EngineException.class, () -> gate.enter(lane).close());
    assertThat(refused.kind()).isEqualTo(EngineException.Kind.NOT_ASKED);
    assertThat(refused.retryAfter()).isPresent();
    assertThat(Duration.between(begun, Instant.now())).isLessThan(Duration.ofSeconds(30));
  }

  private void opens() {
    await(
        () -> {
          try (EngineGate.Pass pass = gate.enter(Lane.CALLERS)) {
            pass.answered();
            return true;
          } catch (EngineException e) {
            return false;
          }
        });
  }

  private static void await(BooleanSupplier condition) {
    Instant end = Instant.now().plus(LIMIT);
    while (!condition.getAsBoolean()) {
      assertThat(Instant.now()).isBefore(end);
      try {
        Thread.sleep(5);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  private void fail() {
    try (EngineGate.Pass pass = gate.enter(Lane.SERVICE)) {
      pass.failed("it gave no answer");
    }
  }

  @Test
  void letsNobodyInUntilTheHealthSaysYes() {
    refusesAtOnce(Lane.SERVICE);
    refusesAtOnce(Lane.CALLERS);
    healthy.set(true);
    opens();
  }

  @Test
  void asksOneAtATimeAndWaitsForAnEngineThatTakesItsTime() throws InterruptedException {
    CountDownLatch up = new CountDownLatch(1);
    gate.close();
    gate =
        gate(
            () -> {
              probes.incrementAndGet();
              try {
                return up.await(1, TimeUnit.MINUTES);
              } catch (InterruptedException e) {
                return false;
              }
            });
    refusesAtOnce(Lane.SERVICE);
    for (int i = 0; i < 20; i++) {
      refusesAtOnce(Lane.CALLERS);
      Thread.sleep(20);
    }
    assertThat(probes).hasValue(1);
    up.countDown();
    opens();
  }

  @Test
  void asksLessThanTenTimesAMinuteHoweverManyWantIn() throws InterruptedException {
    List<Integer> perMinute = new ArrayList<>();
    for (int minute = 0; minute < 4; minute++) {
      int before = probes.get();
      Instant end = Instant.now().plus(MINUTE);
      while (Instant.now().isBefore(end)) {
        assertThatThrownBy(() -> gate.enter(Lane.SERVICE)).isInstanceOf(EngineException.class);
        Thread.sleep(2);
      }
      perMinute.add(probes.get() - before);
    }
    assertThat(perMinute).allMatch(asked -> asked < 10).last().matches(asked -> asked <= 4);
    healthy.set(true);
    int before = probes.get();
    opens();
    assertThat(probes.get() - before).as("the first look that could see it").isOne();
  }

  @Test
  void asksTheHealthAtOnceAfterOneFailureAndOpensAgain() {
    healthy.set(true);
    opens();
    int before = probes.get();
    fail();
    opens();
    assertThat(probes.get()).isEqualTo(before + 1);
  }

  /** A health that says yes is no proof: what fails again and again is tried less and less. */
  @Test
  void pausesGrowAlsoWhileTheHealthSaysYesAndTheRestFails() throws InterruptedException {
    healthy.set(true);
    opens();
    int before = probes.get();
    Instant end = Instant.now().plus(MINUTE.multipliedBy(2));
    while (Instant.now().isBefore(end)) {
      try {
        fail();
      } catch (EngineException e) {
        Thread.sleep(2);
      }
    }
    assertThat(probes.get() - before).isLessThan(12);
    opens();
  }

  @Test
  void holdsEachLaneToItsMostAndLetsTheOthersPass() {
    healthy.set(true);
    opens();
    for (int i = 0; i < 6; i++) {
      opens();
    }
    List<EngineGate.Pass> held = new ArrayList<>();
    for (int i = 0; i < Lane.SERVICE.most(); i++) {
      held.add(gate.enter(Lane.SERVICE));
    }
    try (EngineGate.Pass look = gate.enter(Lane.LOOKS)) {
      look.answered();
    }
    opens();
    held.forEach(EngineGate.Pass::close);
    try (EngineGate.Pass again = gate.enter(Lane.SERVICE)) {
      again.answered();
    }
  }

  @Test
  void aLookIsToldSoonThatAllOfItsLaneAreUnderWay() {
    healthy.set(true);
    for (int i = 0; i < 6; i++) {
      opens();
    }
    List<EngineGate.Pass> held = new ArrayList<>();
    for (int i = 0; i < Lane.LOOKS.most(); i++) {
      held.add(gate.enter(Lane.LOOKS));
    }
    refusesAtOnce(Lane.LOOKS);
    held.forEach(EngineGate.Pass::close);
  }

  @Test
  void togetherTheLanesLeaveAnEngineWithSixteenWorkersOne() {
    int all = 0;
    for (Lane lane : Lane.values()) {
      all += lane.most();
    }
    assertThat(all).isLessThan(16);
  }
}
