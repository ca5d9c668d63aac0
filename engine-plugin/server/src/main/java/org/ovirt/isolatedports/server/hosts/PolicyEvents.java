// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.hosts;

import jakarta.annotation.PreDestroy;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.event.TransactionPhase;
import jakarta.inject.Inject;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.ovirt.isolatedports.engine.ServiceEngine;
import org.ovirt.isolatedports.policy.inventory.Network;
import org.ovirt.isolatedports.server.policies.EnforcingHosts;
import org.ovirt.isolatedports.server.policies.PoliciesChanged;
import org.ovirt.isolatedports.server.rulesets.HostRuleset;
import org.ovirt.isolatedports.server.rulesets.RulesetKeeper;
import org.ovirt.isolatedports.server.scheduling.inventory.EngineEvent;
import org.ovirt.isolatedports.server.scheduling.inventory.EngineLook;
import org.ovirt.isolatedports.server.scheduling.inventory.EventPost;

/**
 * Says in the engine's log that what was written of a network's policies is in force, once for all
 * that was written since it was last said; and if it is not after a while, on how many hosts. Why a
 * host does not take it is a violation ({@link HostViolations}).
 */
@ApplicationScoped
public class PolicyEvents {

  /** Until then hosts that are there have it. */
  static final Duration PATIENCE = Duration.ofMinutes(2);

  private static final Duration PAUSE = Duration.ofSeconds(2);

  /** A keeper looks within a moment at what was written. */
  private static final Duration FIRST = Duration.ofSeconds(1);

  private final RulesetKeeper keeper;
  private final EnforcingHosts hosts;
  private final PortReports reports;
  private final EventPost events;
  private final Clock clock = Clock.systemUTC();
  private final Map<UUID, Instant> pending = new ConcurrentHashMap<>();

  @Inject
  public PolicyEvents(
      RulesetKeeper keeper, EnforcingHosts hosts, PortReports reports, ServiceEngine engine) {
    this.keeper = keeper;
    this.hosts = hosts;
    this.reports = reports;
    this.events = new EventPost(new EngineLook(engine)::post, clock, PAUSE);
  }

  @PreDestroy
  void stop() {
    events.close();
  }

  void changed(@Observes(during = TransactionPhase.AFTER_SUCCESS) PoliciesChanged event) {
    pending.put(event.networkId(), clock.instant());
  }

  /** Looks what became of what was written. Called now and then. */
  void look() {
    Instant now = clock.instant();
    pending.forEach(
        (network, written) -> {
          Optional<EngineEvent> event = event(network, written, now);
          if (event.isPresent() && pending.remove(network, written)) {
            event.filter(each -> !each.text().isEmpty()).ifPresent(events::post);
          }
        });
  }

  private Optional<EngineEvent> event(UUID network, Instant written, Instant now) {
    Optional<String> name =
        keeper
            .inventory()
            .flatMap(all -> all.inventory().networks().get(network.toString()))
            .map(Network::name);
    boolean looked =
        keeper.status().last().filter(last -> last.isAfter(written.plus(FIRST))).isPresent();
    if (name.isEmpty() || !looked) {
      return written.plus(PATIENCE).isBefore(now) ? Optional.of(nothing()) : Optional.empty();
    }
    List<EnforcingHosts.Host> all = hosts.of(network);
    long enforcing = all.stream().filter(host -> hasNewest(host.id())).count();
    return event(name.get(), all.size(), enforcing, written, now);
  }

  private static EngineEvent nothing() {
    return new EngineEvent(EngineEvent.Severity.NORMAL, "", Optional.empty());
  }

  /** What is to be said; empty while it is too early to say it. */
  static Optional<EngineEvent> event(
      String network, int hosts, long enforcing, Instant written, Instant now) {
    if (hosts == 0) {
      return Optional.of(nothing());
    }
    if (enforcing == hosts) {
      return Optional.of(
          new EngineEvent(
              EngineEvent.Severity.NORMAL,
              "The policies of network "
                  + network
                  + " are in force as they were written last, on "
                  + (hosts == 1 ? "the one host" : "all " + hosts + " hosts")
                  + " that it is attached to.",
              Optional.empty()));
    }
    if (written.plus(PATIENCE).isAfter(now)) {
      return Optional.empty();
    }
    return Optional.of(
        new EngineEvent(
            EngineEvent.Severity.WARNING,
            "The policies of network "
                + network
                + " as they were written last are in force on "
                + enforcing
                + " of the "
                + hosts
                + " hosts that it is attached to; the others have not reported them. See the"
                + " rulesets of the hosts for the reason.",
            Optional.empty()));
  }

  private boolean hasNewest(String host) {
    Optional<String> wanted = keeper.book().of(host).map(HostRuleset::revision);
    return wanted.isPresent()
        && reports.of(host).flatMap(received -> received.report().loaded()).equals(wanted);
  }
}
