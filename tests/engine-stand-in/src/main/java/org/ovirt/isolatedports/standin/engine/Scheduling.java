// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.standin.engine;

import java.net.URI;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.ovirt.isolatedports.standin.api.ApiException;
import org.ovirt.isolatedports.standin.api.Tree;
import org.ovirt.isolatedports.standin.engine.EventLog.Kind;
import org.ovirt.isolatedports.standin.engine.ExternalScheduler.Discovered;
import org.ovirt.isolatedports.standin.engine.ExternalScheduler.Outcome;
import org.ovirt.isolatedports.standin.engine.ExternalScheduler.UnavailableException;
import org.ovirt.isolatedports.standin.engine.Model.Cluster;
import org.ovirt.isolatedports.standin.engine.Model.Host;
import org.ovirt.isolatedports.standin.engine.Model.Policy;
import org.ovirt.isolatedports.standin.engine.Model.PolicyUnit;
import org.ovirt.isolatedports.standin.engine.Model.Vm;
import org.ovirt.isolatedports.standin.engine.Rights.Permit;

/**
 * Scheduling policies, their units, and the choice of a host (SchedulingManager).
 *
 * <p>External units are those of the external scheduler; they are called where the cluster's policy
 * names them and the scheduler was there when the engine started.
 */
final class Scheduling {
  private final Engine engine;
  private final boolean filterEverywhere;
  private final Store<PolicyUnit> units = new Store<>();
  private final Store<Policy> policies = new Store<>();
  private final ConcurrentHashMap<UUID, Object> clusterLocks = new ConcurrentHashMap<>();
  private volatile Optional<ExternalScheduler> scheduler = Optional.empty();

  Scheduling(Engine engine, boolean filterEverywhere) {
    this.engine = engine;
    this.filterEverywhere = filterEverywhere;
    for (Tree unit : Shapes.load("scheduling-policy-units").children("scheduling_policy_unit")) {
      UUID id = Engine.uuid(unit.text("id"));
      units.put(
          id,
          new PolicyUnit(
              id,
              unit.text("name").orElseThrow(),
              unit.text("description").orElse(""),
              unit.text("type"),
              true,
              true,
              propertiesOf(unit)));
    }
    for (Tree policy : Shapes.load("scheduling-policies").children("scheduling_policy")) {
      UUID id = Engine.uuid(policy.text("id"));
      policies.put(
          id,
          new Policy(
              id,
              policy.text("name").orElseThrow(),
              policy.text("description"),
              true,
              policy.flag("default_policy").orElse(false),
              propertiesOf(policy),
              Map.of(),
              Map.of(),
              Optional.empty()));
    }
  }

  private static Map<String, String> propertiesOf(Tree of) {
    return of.child("properties")
        .map(each -> Views.propertiesOf(each, "property"))
        .orElse(Map.of());
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
    units
        .where(unit -> !unit.internal())
        .forEach(
            unit ->
                units.update(
                    unit.id(),
                    each -> withEnabled(each, now.stream().anyMatch(d -> same(d, each)))));
    for (Discovered discovered : now) {
      if (units.first(unit -> !unit.internal() && same(discovered, unit)).isEmpty()) {
        PolicyUnit unit =
            new PolicyUnit(
                UUID.randomUUID(),
                discovered.name(),
                discovered.description(),
                Optional.of(discovered.type()),
                false,
                true,
                discovered.properties());
        units.put(unit.id(), unit);
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
    units
        .where(unit -> !unit.internal() && unit.type().equals(Optional.of("filter")))
        .forEach(unit -> filters.put(unit.id(), 0L));
    Policy policy = defaultPolicy();
    policies.put(
        policy.id(), with(policy, policy.properties(), filters, Map.of(), Optional.empty()));
  }

  private Optional<PolicyUnit> usable(UUID id) {
    return units.get(id).filter(unit -> !unit.internal() && unit.enabled());
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
      Policy policy = policies.get(cluster.schedulingPolicy()).orElseGet(this::defaultPolicy);
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
      Policy policy = policies.get(cluster.schedulingPolicy()).orElseGet(this::defaultPolicy);
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

  // --- REST ---

  List<Tree> listUnits() {
    return units.all().stream().map(engine.views::policyUnit).toList();
  }

  Tree unit(UUID id) {
    return units.get(id).map(engine.views::policyUnit).orElseThrow(ApiException::notFound);
  }

  List<Policy> listPolicies() {
    return policies.all();
  }

  Policy policy(UUID id) {
    return policies.get(id).orElseThrow(ApiException::notFound);
  }

  Policy defaultPolicy() {
    return policies.first(Policy::isDefault).orElseThrow();
  }

  Policy add(Caller caller, Tree body) {
    String name =
        body.text("name").orElseThrow(() -> ApiException.missing("scheduling_policy.name"));
    synchronized (engine.commands) {
      engine.rights.require(caller, Permit.CONFIGURE_SCHEDULING, Rights.SYSTEM);
      if (policies.first(each -> each.name().equals(name)).isPresent()) {
        throw ApiException.refused(
            409, "Cannot add Scheduling Policy. The Scheduling Policy name is already in use.");
      }
      Policy policy =
          new Policy(
              UUID.randomUUID(),
              name,
              body.text("description"),
              false,
              false,
              propertiesOf(body),
              Map.of(),
              Map.of(),
              Optional.empty());
      propertiesAreAllowed(policy, "add");
      policies.put(policy.id(), policy);
      write(Kind.USER_ADD_CLUSTER_POLICY, name, "added", caller);
      return policy;
    }
  }

  Policy update(Caller caller, UUID id, Tree body) {
    synchronized (engine.commands) {
      Policy before = changeable(caller, id);
      Policy after =
          new Policy(
              id,
              body.text("name").orElse(before.name()),
              body.text("description").or(before::description),
              false,
              false,
              body.has("properties") ? propertiesOf(body) : before.properties(),
              before.filters(),
              before.weights(),
              before.balance());
      return replace(caller, after);
    }
  }

  private Policy changeable(Caller caller, UUID id) {
    Policy policy = policy(id);
    engine.rights.require(caller, Permit.CONFIGURE_SCHEDULING, Rights.SYSTEM);
    if (policy.locked()) {
      throw ApiException.refused(
          400, "Cannot edit Scheduling Policy. Scheduling Policy is locked and cannot be edited.");
    }
    return policy;
  }

  private Policy replace(Caller caller, Policy after) {
    propertiesAreAllowed(after, "edit");
    policies.put(after.id(), after);
    write(Kind.USER_UPDATE_CLUSTER_POLICY, after.name(), "updated", caller);
    return after;
  }

  void remove(Caller caller, UUID id) {
    synchronized (engine.commands) {
      Policy policy = changeable(caller, id);
      if (engine.clusters.first(each -> each.schedulingPolicy().equals(id)).isPresent()) {
        throw ApiException.refused(
            409,
            "Cannot remove Scheduling Policy. One or more Clusters are using this Scheduling"
                + " Policy.");
      }
      policies.remove(id);
      write(Kind.USER_REMOVE_CLUSTER_POLICY, policy.name(), "removed", caller);
    }
  }

  private void write(Kind kind, String name, String done, Caller caller) {
    engine.events.write(
        kind,
        "Scheduling Policy " + name + " was " + done + ". (User: " + caller.name() + ")",
        caller.correlation(),
        List.of(caller.link()));
  }

  private void propertiesAreAllowed(Policy policy, String action) {
    Map<String, String> allowed = new LinkedHashMap<>();
    List<UUID> used = new ArrayList<>(policy.filters().keySet());
    used.addAll(policy.weights().keySet());
    policy.balance().ifPresent(used::add);
    used.forEach(id -> units.get(id).ifPresent(unit -> allowed.putAll(unit.properties())));
    Set<String> unknown = new TreeSet<>();
    Set<String> illegal = new TreeSet<>();
    policy
        .properties()
        .forEach(
            (name, value) -> {
              String pattern = allowed.get(name);
              if (pattern == null) {
                unknown.add(name);
              } else if (!value.matches(pattern)) {
                illegal.add(name);
              }
            });
    if (!unknown.isEmpty() || !illegal.isEmpty()) {
      throw ApiException.refused(
          400,
          "Cannot "
              + action
              + " Scheduling Policy if some of the specified custom properties "
              + (unknown.isEmpty()
                  ? "have illegal values. The keys are: " + String.join(", ", illegal)
                  : "are not configured by the system. The keys are: "
                      + String.join(", ", unknown)));
    }
  }

  // --- units of a policy ---

  List<Tree> filtersOf(UUID id) {
    return policy(id).filters().entrySet().stream()
        .map(each -> unitRef(each.getKey(), Optional.of("position"), each.getValue()))
        .toList();
  }

  List<Tree> weightsOf(UUID id) {
    return policy(id).weights().entrySet().stream()
        .map(each -> unitRef(each.getKey(), Optional.of("factor"), each.getValue()))
        .toList();
  }

  List<Tree> balancesOf(UUID id) {
    return policy(id).balance().stream().map(each -> unitRef(each, Optional.empty(), 0L)).toList();
  }

  private static Tree unitRef(UUID unit, Optional<String> numberName, long number) {
    Tree tree = new Tree();
    numberName.ifPresent(name -> tree.put(name, number));
    return tree.put("scheduling_policy_unit", Views.ref("schedulingpolicyunits", unit))
        .put("id", unit.toString());
  }

  Tree addUnit(Caller caller, UUID id, String kind, Tree body) {
    UUID unit =
        Engine.uuid(
            Optional.of(
                body.idOf("scheduling_policy_unit")
                    .orElseThrow(() -> ApiException.missing(kind + ".scheduling_policy_unit.id"))));
    synchronized (engine.commands) {
      Policy before = changeable(caller, id);
      Engine.found(units.get(unit));
      Map<UUID, Long> filters = new LinkedHashMap<>(before.filters());
      Map<UUID, Long> weights = new LinkedHashMap<>(before.weights());
      Optional<UUID> balance = before.balance();
      switch (kind) {
        case "filter" -> filters.put(unit, body.number("position").orElse(0L));
        case "weight" -> weights.put(unit, body.number("factor").orElse(1L));
        default -> balance = Optional.of(unit);
      }
      replace(caller, with(before, before.properties(), filters, weights, balance));
      return switch (kind) {
        case "filter" -> unitRef(unit, Optional.of("position"), filters.get(unit));
        case "weight" -> unitRef(unit, Optional.of("factor"), weights.get(unit));
        default -> unitRef(unit, Optional.empty(), 0L);
      };
    }
  }

  void removeUnit(Caller caller, UUID id, String kind, UUID unit) {
    synchronized (engine.commands) {
      Policy before = changeable(caller, id);
      Map<UUID, Long> filters = new LinkedHashMap<>(before.filters());
      Map<UUID, Long> weights = new LinkedHashMap<>(before.weights());
      Optional<UUID> balance = before.balance();
      boolean was;
      switch (kind) {
        case "filter" -> was = filters.remove(unit) != null;
        case "weight" -> was = weights.remove(unit) != null;
        default -> {
          was = balance.equals(Optional.of(unit));
          balance = Optional.empty();
        }
      }
      if (!was) {
        throw ApiException.notFound();
      }
      replace(caller, with(before, before.properties(), filters, weights, balance));
    }
  }

  private static Policy with(
      Policy policy,
      Map<String, String> properties,
      Map<UUID, Long> filters,
      Map<UUID, Long> weights,
      Optional<UUID> balance) {
    return new Policy(
        policy.id(),
        policy.name(),
        policy.description(),
        policy.locked(),
        policy.isDefault(),
        properties,
        filters,
        weights,
        balance);
  }
}
