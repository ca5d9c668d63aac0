// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.ovirt.isolatedports.lab.GuestKind;
import org.ovirt.isolatedports.lab.Reachability;

/** The demo is a proof only if it fails when isolation does. */
@Tag("root")
class DemoLabIT {

  private static final Path PROJECT = Path.of(System.getProperty("isolated-ports.project"));

  @Test
  void realGuestsAreKeptApartByTheHook() {
    Report report = run("--guests", "auto");

    assertThat(report.steps()).allMatch(Report.Step::ok);
    assertThat(report.pairs()).isNotEmpty().allMatch(Report.Pair::ok);
    assertThat(report.ok()).isTrue();
  }

  @Test
  void anEngineThatKnowsTheAttributeNeedsNoProperty() {
    Report report = run("--guests", "netns", "--native", "on");

    assertThat(report.steps()).allMatch(Report.Step::ok);
    assertThat(report.pairs()).isNotEmpty().allMatch(Report.Pair::ok);
  }

  @Test
  void withoutTheHookTheDemoFails() {
    Report report = run("--guests", "netns", "--hook", "off");

    assertThat(report.ok()).isFalse();
    assertThat(report.steps())
        .as("no host can isolate, so none is given a VM")
        .last()
        .matches(step -> step.name().startsWith("5. ") && !step.ok())
        .matches(step -> step.outcome().contains("install the package vdsm-hook-isolated-ports"));
  }

  @Test
  void withUnprotectedSwitchPortsExactlyTheRowsAcrossHostsFail() {
    Report report = run("--guests", "netns", "--switch-protected", "off");

    assertThat(report.ok()).isFalse();
    assertThat(failed(report)).contains("7. Two VMs on separate hosts cannot communicate");
    assertThat(failed(report)).doesNotContain("6. Two VMs on the same host cannot communicate");
    assertThat(report.pairs().stream().filter(pair -> !pair.ok()))
        .isNotEmpty()
        .allMatch(pair -> pair.network().equals("tenants"))
        .noneMatch(
            pair -> Stream.of(pair.from(), pair.to()).anyMatch(Reachability.GATEWAY::equals));
  }

  private static List<String> failed(Report report) {
    return report.steps().stream().filter(step -> !step.ok()).map(Report.Step::name).toList();
  }

  private static Report run(String... arguments) {
    Options options = Options.parse(List.of(arguments));
    assertThat(options.guests()).isIn(GuestKind.AUTO, GuestKind.NETNS);
    Report report = new Report();
    // A step that fails as it should is not to be found among what the tests print.
    boolean sabotage = !options.hook() || !options.switchProtected();
    try (Walk walk =
        new Walk(
            PROJECT, options, report, sabotage ? unused -> {} : text -> System.out.print(text))) {
      walk.run();
    }
    return report;
  }
}
