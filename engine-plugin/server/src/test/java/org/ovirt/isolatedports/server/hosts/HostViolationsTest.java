// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.hosts;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.ovirt.isolatedports.server.policies.HostAbilities;
import org.ovirt.isolatedports.server.scheduling.inventory.EngineEvent;

/** What is said of hosts in the engine's log. */
class HostViolationsTest {

  private static final Instant NOW = Instant.parse("2026-11-25T10:00:00Z");
  private static final String WANTED = "00000000000000aa";
  private static final String BEFORE = "00000000000000bb";
  private static final Instant LONG_AGO = NOW.minus(HostViolations.LATE).minusSeconds(1);

  private static PortReports.Received report(String loaded, String error, Instant at) {
    return new PortReports.Received(
        new PortReport(
            "h1",
            Optional.of(loaded),
            Optional.of(loaded),
            Optional.empty(),
            Optional.of(error).filter(text -> !text.isEmpty()),
            0,
            List.of(),
            Optional.empty(),
            HostAbilities.UNKNOWN,
            List.of()),
        at);
  }

  private static Optional<String> problem(Instant since, PortReports.Received report) {
    return HostViolations.problem("host1", true, WANTED, since, report, NOW);
  }

  @Test
  void aHostWithTheNewestRulesetIsFineAndOneIsGivenTime() {
    assertThat(problem(LONG_AGO, report(WANTED, "", NOW))).isEmpty();
    assertThat(problem(NOW.minusSeconds(30), report(BEFORE, "nft says no", NOW))).isEmpty();
  }

  @Test
  void aHostThatRefusesARulesetIsSaidToWithItsReason() {
    assertThat(problem(LONG_AGO, report(BEFORE, "nft says no", NOW)))
        .contains(
            "Host host1 does not take ruleset 00000000000000aa and keeps the one before: nft says"
                + " no.");
  }

  @Test
  void aHostWhoseRulesetIsOldIsSaidTo() {
    assertThat(problem(LONG_AGO, report(BEFORE, "", NOW)).orElseThrow())
        .startsWith("Host host1 has not loaded ruleset 00000000000000aa, which is there since ")
        .contains("ruleset 00000000000000bb is in force there.");
  }

  @Test
  void aHostThatIsUpAndSilentIsSaidToBeSo() {
    Instant silent = NOW.minus(HostViolations.SILENT).minusSeconds(1);
    assertThat(problem(LONG_AGO, report(WANTED, "", silent)).orElseThrow())
        .startsWith("Host host1 has not reported since ");
    assertThat(
            HostViolations.problem(
                "host1", false, WANTED, LONG_AGO, report(WANTED, "", silent), NOW))
        .as("in maintenance")
        .isEmpty();
  }

  @Test
  void thatPoliciesAreInForceIsSaidOnceAllHostsHaveThem() {
    assertThat(PolicyEvents.event("blue", 2, 1, NOW, NOW.plusSeconds(5))).isEmpty();
    assertThat(PolicyEvents.event("blue", 2, 2, NOW, NOW.plusSeconds(5)).orElseThrow())
        .satisfies(
            event -> {
              assertThat(event.severity()).isEqualTo(EngineEvent.Severity.NORMAL);
              assertThat(event.text())
                  .contains("network blue are in force")
                  .contains("all 2 hosts");
            });
    Instant late = NOW.plus(PolicyEvents.PATIENCE).plusSeconds(1);
    assertThat(PolicyEvents.event("blue", 2, 1, NOW, late).orElseThrow())
        .satisfies(
            event -> {
              assertThat(event.severity()).isEqualTo(EngineEvent.Severity.WARNING);
              assertThat(event.text()).contains("on 1 of the 2 hosts");
            });
    assertThat(PolicyEvents.event("blue", 0, 0, NOW, NOW).orElseThrow().text())
        .as("where no host has the network")
        .isEmpty();
  }
}
