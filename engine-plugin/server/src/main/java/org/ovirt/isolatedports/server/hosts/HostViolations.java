// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.hosts;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.ovirt.isolatedports.inventory.WatchedHost;
import org.ovirt.isolatedports.rules.GuardViolation;
import org.ovirt.isolatedports.rules.GuardViolation.Item;
import org.ovirt.isolatedports.rules.GuardViolation.Kind;
import org.ovirt.isolatedports.rules.GuardViolation.Severity;
import org.ovirt.isolatedports.server.rulesets.HostRuleset;
import org.ovirt.isolatedports.server.rulesets.RulesetBook;
import org.ovirt.isolatedports.server.rulesets.RulesetKeeper;
import org.ovirt.isolatedports.server.violations.ViolationSource;
import org.ovirt.isolatedports.validation.ValidationMessage;

/**
 * Hosts that do not enforce the newest ruleset although they could: one that refuses it, one that
 * has not loaded it for a while, one that reports no more. Of a host that never reported here since
 * the server started nothing is said; its fitness is another violation.
 */
@ApplicationScoped
public class HostViolations implements ViolationSource {

  /** A host has a change within seconds. */
  static final Duration LATE = Duration.ofSeconds(60);

  /** Hosts report each minute. */
  static final Duration SILENT = Duration.ofMinutes(3);

  private static final String UP = "up";

  private final HostServer server;
  private final RulesetKeeper keeper;
  private final PortReports reports;
  private final Clock clock = Clock.systemUTC();

  @Inject
  public HostViolations(HostServer server, RulesetKeeper keeper, PortReports reports) {
    this.server = server;
    this.keeper = keeper;
    this.reports = reports;
  }

  @Override
  public List<GuardViolation> current() {
    // What could not be compiled for a host is said of it already.
    Set<String> named =
        keeper.book().problems().stream()
            .filter(problem -> problem.networkId().isEmpty())
            .map(RulesetBook.Problem::hostId)
            .collect(Collectors.toSet());
    List<GuardViolation> found = new ArrayList<>();
    for (WatchedHost host : server.hosts()) {
      Optional<PortReports.Received> report = reports.of(host.id());
      Optional<HostRuleset> wanted = keeper.book().of(host.id());
      if (report.isPresent() && wanted.isPresent() && !named.contains(host.id())) {
        problem(
                host.name(),
                host.status().equals(UP),
                wanted.get().revision(),
                wanted.get().since(),
                report.get(),
                clock.instant())
            .ifPresent(text -> found.add(violation(host, text)));
      }
    }
    return found;
  }

  /** What is wrong with a host, in sentences. */
  static Optional<String> problem(
      String host,
      boolean up,
      String wanted,
      Instant since,
      PortReports.Received received,
      Instant now) {
    PortReport report = received.report();
    if (up && received.at().plus(SILENT).isBefore(now)) {
      return Optional.of(
          "Host "
              + host
              + " has not reported since "
              + received.at()
              + ", so it is not known what it enforces. See there what isolated-ports-host status"
              + " says, and whether it reaches this server.");
    }
    boolean newest = report.loaded().equals(Optional.of(wanted));
    if (newest || since.plus(LATE).isAfter(now)) {
      return Optional.empty();
    }
    return report
        .error()
        .map(
            error ->
                "Host "
                    + host
                    + " does not take ruleset "
                    + wanted
                    + " and keeps the one before: "
                    + sentence(error))
        .or(
            () ->
                Optional.of(
                    "Host "
                        + host
                        + " has not loaded ruleset "
                        + wanted
                        + ", which is there since "
                        + since
                        + report
                            .loaded()
                            .map(loaded -> "; ruleset " + loaded + " is in force there.")
                            .orElse("; none is in force there.")
                        + " See there what isolated-ports-host status says."));
  }

  private static String sentence(String text) {
    return text.endsWith(".") ? text : text + ".";
  }

  private static GuardViolation violation(WatchedHost host, String text) {
    return new GuardViolation(
        ValidationMessage.GUARD_RULES_NOT_ENFORCED,
        Severity.ERROR,
        Optional.empty(),
        Optional.of(new Item(Kind.HOST, host.id(), host.name())),
        text);
  }
}
