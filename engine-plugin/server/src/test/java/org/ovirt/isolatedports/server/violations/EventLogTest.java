// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.violations;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.ovirt.isolatedports.inventory.CompatibilityLevel;
import org.ovirt.isolatedports.inventory.LevelGate;
import org.ovirt.isolatedports.rules.GuardViolation;
import org.ovirt.isolatedports.rules.GuardViolation.Item;
import org.ovirt.isolatedports.rules.GuardViolation.Kind;
import org.ovirt.isolatedports.rules.GuardViolation.Severity;
import org.ovirt.isolatedports.server.options.LevelGateMemory;
import org.ovirt.isolatedports.validation.ValidationMessage;

/** What is stored and said, on a real database. */
class EventLogTest {

  private static TestDatabase database;
  private GuardRig rig;
  private ViolationStore store;

  @BeforeAll
  static void startDatabase() {
    database = new TestDatabase();
  }

  @AfterAll
  static void stopDatabase() {
    database.close();
  }

  @BeforeEach
  void start() {
    rig = new GuardRig(database, GuardRig.engine().start());
    store = database.violationStore();
  }

  @AfterEach
  void stop() throws IOException {
    rig.close();
  }

  private static GuardViolation violation(int number, Kind kind) {
    return new GuardViolation(
        ValidationMessage.GUARD_PROFILE_FAILOVER,
        Severity.ERROR,
        Optional.of(new Item(Kind.NETWORK, "n" + number, "net" + number)),
        Optional.of(new Item(kind, "00000000-0000-0000-0000-00000000000" + number % 10, "x")),
        "Number " + number + ".");
  }

  private void replace(GuardViolation... found) {
    Instant now = rig.clock.instant();
    store.replace(List.of(found), Set.of(), now, now.minus(GuardTimes.DEFAULT.settle()));
  }

  @Test
  void saysNoMoreThanSixtyAMinuteAndAllInTheEnd() {
    replace(
        IntStream.range(0, 100)
            .mapToObj(number -> violation(number, Kind.VNIC_PROFILE))
            .toArray(GuardViolation[]::new));
    for (int i = 0; i < 20; i++) {
      rig.log.bring();
    }
    assertThat(rig.events()).hasSize(EventLog.MOST_A_MINUTE);
    rig.clock.forward(Duration.ofSeconds(61));
    for (int i = 0; i < 20; i++) {
      rig.log.bring();
    }
    assertThat(rig.events()).hasSize(100).doesNotHaveDuplicates();
  }

  @Test
  void doesNotRepeatWhatTheEngineTookWhileWeCouldNotNoteIt() {
    replace(violation(1, Kind.VNIC_PROFILE));
    rig.log.bring();
    database.execute("UPDATE violation SET found_posted = false");
    rig.log.bring();
    assertThat(rig.events()).hasSize(1);
    assertThat(store.unreported(rig.clock.instant(), 10)).isEmpty();
  }

  @Test
  void saysItWithoutTheLinkWhereTheEngineDoesNotKnowTheThing() {
    replace(violation(1, Kind.VM));
    for (int i = 0; i < 4; i++) {
      rig.log.bring();
    }
    assertThat(rig.events()).hasSize(1);
  }

  @Test
  void waitsWhileTheEngineFails() {
    replace(violation(1, Kind.VNIC_PROFILE));
    rig.standIn.faults().answerStatus("/ovirt-engine/api/events", 503);
    rig.standIn.calls().reset();
    for (int i = 0; i < 20; i++) {
      rig.log.bring();
    }
    assertThat(rig.standIn.calls().count("POST", "/ovirt-engine/api/events")).isOne();
    rig.standIn.faults().clear();
    rig.clock.forward(Duration.ofSeconds(11));
    rig.log.bring();
    assertThat(rig.events()).hasSize(1);
  }

  @Test
  void saysNothingOfWhatWasOverBeforeItCouldBeSaid() {
    replace(violation(1, Kind.VNIC_PROFILE));
    replace();
    rig.clock.forward(Duration.ofSeconds(11));
    rig.log.bring();
    assertThat(rig.events()).isEmpty();
    assertThat(database.violations(false)).hasSize(1);
  }

  @Test
  void forgetsWhatHasBeenOverForLong() {
    replace(violation(1, Kind.VNIC_PROFILE), violation(2, Kind.VNIC_PROFILE));
    replace(violation(2, Kind.VNIC_PROFILE));
    store.forgetOver(rig.clock.instant().plusSeconds(1));
    assertThat(database.violations(false))
        .extracting(Violation::description)
        .containsExactly("Number 2.");
  }

  @Test
  void knowsWhichLevelsTheEngineHasNotReadYet() {
    database.execute("DELETE FROM level_gate_seen");
    LevelGateMemory memory = database.levelGateMemory();
    CompatibilityLevel level = new CompatibilityLevel(4, 8);
    LevelGate open = LevelGate.defaults();
    java.util.TreeMap<CompatibilityLevel, Boolean> values =
        new java.util.TreeMap<>(open.supported());
    values.put(level, false);
    LevelGate closed = new LevelGate(values);
    Instant start = Instant.parse("2026-11-21T20:00:00Z");
    Optional<Instant> engine = Optional.of(start.minusSeconds(60));

    assertThat(memory.see(open, start, engine)).isEmpty();
    assertThat(memory.see(closed, start.plusSeconds(3), engine)).containsExactly(level);
    assertThat(memory.see(closed, start.plusSeconds(6), Optional.empty())).containsExactly(level);
    assertThat(memory.see(open, start.plusSeconds(9), engine)).as("taken back").isEmpty();
    assertThat(memory.see(closed, start.plusSeconds(12), engine)).containsExactly(level);
    Set<CompatibilityLevel> afterRestart =
        memory.see(closed, start.plusSeconds(60), Optional.of(start.plusSeconds(30)));
    assertThat(afterRestart).isEmpty();
  }
}
