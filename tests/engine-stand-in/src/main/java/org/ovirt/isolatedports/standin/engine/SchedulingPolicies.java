// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.standin.engine;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import org.ovirt.isolatedports.standin.api.ApiException;
import org.ovirt.isolatedports.standin.api.Tree;
import org.ovirt.isolatedports.standin.engine.EventLog.Kind;
import org.ovirt.isolatedports.standin.engine.Model.Policy;
import org.ovirt.isolatedports.standin.engine.Model.PolicyUnit;
import org.ovirt.isolatedports.standin.engine.Rights.Permit;

/** Scheduling policies and their units, over REST and as the engine keeps them. */
final class SchedulingPolicies {
  private final Engine engine;
  final Store<PolicyUnit> units = new Store<>();
  final Store<Policy> policies = new Store<>();

  SchedulingPolicies(Engine engine) {
    this.engine = engine;
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

  static Policy with(
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
