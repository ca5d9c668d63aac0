// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.health;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Inject;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.HealthCheckResponseBuilder;
import org.eclipse.microprofile.health.Liveness;
import org.eclipse.microprofile.health.Readiness;
import org.ovirt.isolatedports.engine.EventFollower;
import org.ovirt.isolatedports.server.database.Schema;
import org.ovirt.isolatedports.server.hosts.HostServer;
import org.ovirt.isolatedports.server.options.GateView;
import org.ovirt.isolatedports.server.options.LevelGateWatch;
import org.ovirt.isolatedports.server.rulesets.RulesetKeeper;
import org.ovirt.isolatedports.server.scheduling.SchedulerServer;
import org.ovirt.isolatedports.server.violations.Guard;
import org.ovirt.isolatedports.server.violations.GuardService;

/**
 * Health, at {@code /health/ready} and {@code /health/live} of the management port.
 *
 * <p>Ready says that what we know is fresh and that we can act on it; each check carries how old
 * what it judges is. Live says that a restart of ours would not help.
 */
@ApplicationScoped
public class HealthChecks {

  /** Longer than the longest pause after a failure, and than any one request to the engine. */
  static final Duration STALE = Duration.ofSeconds(30);

  /** Thousands of VMs take their time to be read. */
  static final Duration RULESETS_STALE = Duration.ofMinutes(2);

  /** A guard that does not even fail within this time hangs. */
  static final Duration HANGING = Duration.ofMinutes(5);

  @Inject Schema schema;
  @Inject GuardService guard;
  @Inject LevelGateWatch gates;
  @Inject SchedulerServer scheduler;
  @Inject RulesetKeeper rulesets;
  @Inject HostServer hosts;

  @Produces
  @Readiness
  @ApplicationScoped
  HealthCheck database() {
    return () -> {
      GateView gate = gates.current();
      return HealthCheckResponse.named("database")
          .status(schema.isReady() && gate.gate().isPresent())
          .withData("level_gate_read_at", gate.readAt().toString())
          .build();
    };
  }

  @Produces
  @Readiness
  @ApplicationScoped
  HealthCheck engine() {
    return () -> {
      EventFollower.Status status = guard.following();
      return fresh("engine", status.lastContact(), status.failure(), STALE);
    };
  }

  @Produces
  @Readiness
  @ApplicationScoped
  HealthCheck guard() {
    return () -> {
      Guard.Status status = guard.guarding();
      return fresh("guard", status.lastPass(), status.failure(), STALE);
    };
  }

  @Produces
  @Readiness
  @ApplicationScoped
  HealthCheck scheduler() {
    return () ->
        HealthCheckResponse.named("scheduler")
            .status(scheduler.isListening())
            .withData(
                "filter", scheduler.scheduling().filter().name().toLowerCase(java.util.Locale.ROOT))
            .build();
  }

  @Produces
  @Readiness
  @ApplicationScoped
  HealthCheck rulesets() {
    return () -> {
      RulesetKeeper.Status status = rulesets.status();
      return fresh("rulesets", status.last(), status.failure(), RULESETS_STALE);
    };
  }

  /** Where hosts are not set up to ask, that is said, and no reason to be down. */
  @Produces
  @Readiness
  @ApplicationScoped
  HealthCheck hosts() {
    return () -> {
      HealthCheckResponseBuilder response =
          HealthCheckResponse.named("hosts")
              .status(!hosts.isSetUp() || hosts.failure().isEmpty())
              .withData("in_no_ruleset", rulesets.status().problems().size());
      hosts.failure().ifPresent(why -> response.withData("failure", why));
      return response.build();
    };
  }

  @Produces
  @Liveness
  @ApplicationScoped
  HealthCheck threads() {
    return () ->
        HealthCheckResponse.named("threads")
            .status(!guard.lastSign().plus(HANGING).isBefore(now()))
            .withData("last_sign", guard.lastSign().toString())
            .build();
  }

  private HealthCheckResponse fresh(
      String name, Optional<Instant> last, Optional<String> failure, Duration stale) {
    HealthCheckResponseBuilder response =
        HealthCheckResponse.named(name)
            .status(last.filter(at -> !at.plus(stale).isBefore(now())).isPresent());
    if (!guard.isConfigured()) {
      response.withData(
          "failure", "isolated-ports.engine.user and isolated-ports.engine.password are not set.");
    }
    last.ifPresent(
        at -> {
          response.withData("last", at.toString());
          response.withData("age_s", Duration.between(at, now()).toSeconds());
        });
    failure.ifPresent(why -> response.withData("failure", why));
    return response.build();
  }

  private static Instant now() {
    return Clock.systemUTC().instant();
  }
}
