// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.standin.engine;

import java.net.URI;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.ovirt.isolatedports.standin.api.ApiException;
import org.ovirt.isolatedports.standin.engine.EventLog.Kind;
import org.ovirt.isolatedports.standin.engine.ExternalScheduler.Discovered;
import org.ovirt.isolatedports.standin.engine.ExternalScheduler.Outcome;
import org.ovirt.isolatedports.standin.engine.ExternalScheduler.UnavailableException;
import org.ovirt.isolatedports.standin.engine.Model.Cluster;
import org.ovirt.isolatedports.standin.engine.Model.Host;
import org.ovirt.isolatedports.standin.engine.Model.Policy;
import org.ovirt.isolatedports.standin.engine.Model.PolicyUnit;
import org.ovirt.isolatedports.standin.engine.Model.Vm;

/**
 * The choice of a host (SchedulingManager).
 *
 * <p>External units are those of the external scheduler; they are called where the cluster's policy
 * names them and the scheduler was there when the engine started.
 */
final class Scheduling {
  private final Engine engine;
  private final boolean filterEverywhere;
  private final SchedulingPolicies known;
  private final ConcurrentHashMap<UUID, Object> clusterLocks = new ConcurrentHashMap<>();
  private volatile Optional<ExternalScheduler> scheduler = Optional.empty();

  Scheduling(Engine engine, SchedulingPolicies known, boolean filterEverywhere) {
    this.engine = engine;
    this.known = known;
    this.filterEverywhere = filterEverywhere;
  }

  // --- the external scheduler ---

  /** What the engine does once, at its start. */
  void discover() {
    scheduler = Optional.empty();
    boolean enabled =
        engine
            .options
            .effective(Options.SCHEDULER_ENABLED, Options.GENERAL)
            .map("true"::equalsIgnoreCase)
            .orElse(false);
    List<Discovered> found = List.of();
    if (enabled) {
      URI uri =
          URI.create(
              engine.options.effective(Options.SCHEDULER_URL, Options.GENERAL).orElseThrow());
      ExternalScheduler candidate = new ExternalScheduler(uri);
      try {
        found = candidate.discover();
        scheduler = Optional.of(candidate);
      } catch (UnavailableException e) {
        engine.events.writeSchedulerGone();
      }
    }
    List<Discovered> now = found;
    known
        .units
        .where(unit -> !unit.internal())
        .forEach(
            unit ->
                known.units.update(
                    unit.id(),
                    each -> withEnabled(each, now.stream().anyMatch(d -> same(d, each)))));
    for (Discovered discovered : now) {
      if (known.units.first(unit -> !unit.internal() && same(discovered, unit)).isEmpty()) {
        PolicyUnit unit =
            new PolicyUnit(
                UUID.randomUUID(),
                discovered.name(),
                discovered.description(),
                Optional.of(discovered.type()),
                false,
                true,
                discovered.properties());
        known.units.put(unit.id(), unit);
      }
    }
    if (filterEverywhere) {
      addFiltersToDefaultPolicy();
    }
  }

  private static boolean same(Discovered discovered, PolicyUnit unit) {
    return unit.name().equals(discovered.name())
        && unit.type().equals(Optional.of(discovered.type()));
  }

  private static PolicyUnit withEnabled(PolicyUnit unit, boolean enabled) {
    return new PolicyUnit(
        unit.id(),
        unit.name(),
        unit.description(),
        unit.type(),
        unit.internal(),
        enabled,
        unit.properties());
  }

  private void addFiltersToDefaultPolicy() {
    Map<UUID, Long> filters = new LinkedHashMap<>();
    known
        .units
        .where(unit -> !unit.internal() && unit.type().equals(Optional.of("filter")))
        .forEach(unit -> filters.put(unit.id(), 0L));
    Policy policy = known.defaultPolicy();
    known.policies.put(
        policy.id(),
        SchedulingPolicies.with(policy, policy.properties(), filters, Map.of(), Optional.empty()));
  }

  private Optional<PolicyUnit> usable(UUID id) {
    return known.units.get(id).filter(unit -> !unit.internal() && unit.enabled());
  }

  // --- choosing a host ---

  /**
   * Picks a host for a VM, in the scheduling lock of its cluster as the engine does.
   *
   * @param candidates the hosts the engine's own filters have left; not empty
   * @throws ApiException if the external scheduler leaves none (detail "[]"), or answers what the
   *     engine breaks on
   */
  Host choose(Vm vm, List<Host> candidates) {
    synchronized (clusterLocks.computeIfAbsent(vm.cluster(), id -> new Object())) {
      Cluster cluster = engine.clusterOf(vm);
      Policy policy =
          known.policies.get(cluster.schedulingPolicy()).orElseGet(known::defaultPolicy);
      Map<String, String> properties = new LinkedHashMap<>(policy.properties());
      properties.putAll(cluster.policyProperties());
      List<Host> left = filtered(vm, candidates, policy, properties);
      if (left.isEmpty()) {
        throw ApiException.refused(400, "");
      }
      return left.size() == 1 ? left.get(0) : cheapest(vm, left, policy, properties);
    }
  }

  private List<Host> filtered(
      Vm vm, List<Host> candidates, Policy policy, Map<String, String> properties) {
    List<String> filters =
        policy.filters().keySet().stream()
            .flatMap(id -> usable(id).stream())
            .map(PolicyUnit::name)
            .toList();
    if (filters.isEmpty() || scheduler.isEmpty()) {
      return candidates;
    }
    try {
      Outcome<List<UUID>> outcome =
          scheduler.get().runFilters(filters, idsOf(candidates), vm.id(), properties);
      log(outcome);
      return candidates.stream().filter(host -> outcome.result().contains(host.id())).toList();
    } catch (UnavailableException e) {
      engine.events.writeSchedulerGone();
      return candidates;
    }
  }

  private Host cheapest(Vm vm, List<Host> hosts, Policy policy, Map<String, String> properties) {
    Map<String, Long> weights = new LinkedHashMap<>();
    policy
        .weights()
        .forEach((id, factor) -> usable(id).ifPresent(unit -> weights.put(unit.name(), factor)));
    Map<UUID, Integer> scores = Map.of();
    if (!weights.isEmpty() && scheduler.isPresent()) {
      try {
        Outcome<Map<UUID, Integer>> outcome =
            scheduler.get().runCostFunctions(weights, idsOf(hosts), vm.id(), properties);
        log(outcome);
        scores = outcome.result();
      } catch (UnavailableException e) {
        engine.events.writeSchedulerGone();
      }
    }
    Host best = hosts.get(0);
    for (Host host : hosts) {
      if (cost(host, scores) < cost(best, scores)) {
        best = host;
      }
    }
    return best;
  }

  /** The scheduler's score first, then the number of VMs. */
  private long cost(Host host, Map<UUID, Integer> scores) {
    return scores.getOrDefault(host.id(), 0) * 1_000_000L + engine.runningOn(host.id());
  }

  private static List<UUID> idsOf(List<Host> hosts) {
    return hosts.stream().map(Host::id).toList();
  }

  private void log(Outcome<?> outcome) {
    outcome
        .pluginErrors()
        .forEach(
            (plugin, errors) ->
                errors.forEach(
                    error ->
                        engine.events.write(
                            Kind.EXTERNAL_SCHEDULER_PLUGIN_ERROR,
                            "Running the external scheduler plugin '"
                                + plugin
                                + "' failed: '"
                                + error
                                + "'",
                            Optional.empty(),
                            List.of())));
    outcome
        .errors()
        .forEach(
            error ->
                engine.events.write(
                    Kind.EXTERNAL_SCHEDULER_ERROR,
                    "Running the external scheduler failed: '" + error + "'",
                    Optional.empty(),
                    List.of()));
  }

  /** Every minute: balances each cluster whose policy names an external balancer. */
  void balanceAll() {
    for (Cluster cluster : engine.clusters.all()) {
      Policy policy =
          known.policies.get(cluster.schedulingPolicy()).orElseGet(known::defaultPolicy);
      Optional<PolicyUnit> balance = policy.balance().flatMap(this::usable);
      if (balance.isPresent() && scheduler.isPresent()) {
        Map<String, String> properties = new LinkedHashMap<>(policy.properties());
        properties.putAll(cluster.policyProperties());
        List<Host> up = engine.hosts.where(h -> h.cluster().equals(cluster.id()) && h.up());
        try {
          scheduler.get().runLoadBalancing(balance.get().name(), idsOf(up), properties);
        } catch (UnavailableException e) {
          engine.events.writeSchedulerGone();
        }
      }
    }
  }
}
