// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.setup;

import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.ovirt.engine.sdk4.builders.Builders;
import org.ovirt.engine.sdk4.services.SchedulingPolicyService;
import org.ovirt.engine.sdk4.services.SystemService;
import org.ovirt.engine.sdk4.types.Balance;
import org.ovirt.engine.sdk4.types.Cluster;
import org.ovirt.engine.sdk4.types.Filter;
import org.ovirt.engine.sdk4.types.Property;
import org.ovirt.engine.sdk4.types.SchedulingPolicy;
import org.ovirt.engine.sdk4.types.SchedulingPolicyUnit;
import org.ovirt.engine.sdk4.types.Weight;
import org.ovirt.isolatedports.engine.EngineException;
import org.ovirt.isolatedports.engine.HardenedSdk;
import org.ovirt.isolatedports.engine.SdkErrors;
import org.ovirt.isolatedports.engine.ServiceAccount;
import org.ovirt.isolatedports.scheduling.IsolatedPortsFilter;

/** The engine's scheduling policies and which cluster uses which, over REST. */
final class SchedulingPolicies {

  private static final int NOT_FOUND = 404;

  private final HardenedSdk sdk;
  private final ServiceAccount account;

  SchedulingPolicies(HardenedSdk sdk, ServiceAccount account) {
    this.sdk = sdk;
    this.account = account;
  }

  private <T> T ask(Function<SystemService, T> question) {
    return account.call(
        token -> SdkErrors.unwrap(() -> question.apply(sdk.connection(token).systemService())));
  }

  /** Our filter, as the engine took it in at its last start. */
  Optional<SchedulingPolicyUnit> ourFilter() {
    return list(ask(system -> system.schedulingPolicyUnitsService().list().send().units())).stream()
        .filter(unit -> IsolatedPortsFilter.NAME.equals(unit.name()))
        .filter(unit -> !unit.internalPresent() || !unit.internal())
        .findFirst();
  }

  List<Cluster> clusters() {
    return list(ask(system -> system.clustersService().list().send().clusters()));
  }

  Optional<Cluster> cluster(String id) {
    return unlessMissing(
        () -> ask(system -> system.clustersService().clusterService(id).get().send().cluster()));
  }

  /**
   * Gives a cluster a policy, and properties of its own for it. The engine adds the policy's values
   * for those left out, as it does whenever a cluster is edited.
   */
  void assign(String clusterId, String policyId, List<Property> properties) {
    Cluster unused =
        ask(
            system ->
                system
                    .clustersService()
                    .clusterService(clusterId)
                    .update()
                    .cluster(
                        Builders.cluster()
                            .schedulingPolicy(Builders.schedulingPolicy().id(policyId))
                            .customSchedulingPolicyProperties(properties))
                    .send()
                    .cluster());
  }

  boolean exists(String id) {
    return unlessMissing(() -> policy(id)).isPresent();
  }

  SchedulingPolicy policy(String id) {
    return ask(
        system -> system.schedulingPoliciesService().policyService(id).get().send().policy());
  }

  Optional<SchedulingPolicy> named(String name) {
    return list(ask(system -> system.schedulingPoliciesService().list().send().policies())).stream()
        .filter(policy -> name.equals(policy.name()))
        .findFirst();
  }

  boolean uses(String policyId, String unitId) {
    return filters(policyId).stream().anyMatch(filter -> unitId.equals(unitOf(filter)));
  }

  private List<Filter> filters(String policyId) {
    return list(ask(system -> service(system, policyId).filtersService().list().send().filters()));
  }

  /** An empty policy. */
  String add(String name, String description) {
    return ask(system ->
            system
                .schedulingPoliciesService()
                .add()
                .policy(Builders.schedulingPolicy().name(name).description(description))
                .send()
                .policy())
        .id();
  }

  /**
   * Makes a policy like another with one filter more. What it has already stays, so that a copy cut
   * off halfway can be completed. Properties come last: the engine refuses those that no unit of
   * the policy knows.
   */
  void fill(String copyId, SchedulingPolicy original, String filterId) {
    List<String> have = filters(copyId).stream().map(SchedulingPolicies::unitOf).toList();
    for (Filter filter : filters(original.id())) {
      if (!have.contains(unitOf(filter))) {
        addFilter(
            copyId, unitOf(filter), filter.positionPresent() ? filter.positionAsInteger() : 0);
      }
    }
    if (!have.contains(filterId)) {
      addFilter(copyId, filterId, 0);
    }
    copyWeights(copyId, original.id());
    copyBalances(copyId, original.id());
    List<Property> properties = propertiesKnownToUnits(copyId, original);
    if (!properties.isEmpty()) {
      SchedulingPolicy unused =
          ask(
              system ->
                  service(system, copyId)
                      .update()
                      .policy(Builders.schedulingPolicy().properties(properties))
                      .send()
                      .policy());
    }
  }

  /**
   * The original's properties that a unit of the copy knows. Built-in policies carry some that none
   * of their units knows; they mean nothing, and the engine refuses them in a request.
   */
  private List<Property> propertiesKnownToUnits(String copyId, SchedulingPolicy original) {
    Set<String> used = new HashSet<>();
    filters(copyId).forEach(filter -> used.add(unitOf(filter)));
    weights(copyId).forEach(weight -> used.add(unitOf(weight)));
    balances(copyId).forEach(balance -> used.add(unitOf(balance)));
    Set<String> known =
        list(ask(system -> system.schedulingPolicyUnitsService().list().send().units())).stream()
            .filter(unit -> used.contains(unit.id()))
            .flatMap(unit -> list(unit.properties()).stream())
            .map(Property::name)
            .collect(Collectors.toSet());
    return list(original.properties()).stream()
        .filter(property -> known.contains(property.name()))
        .toList();
  }

  void addFilter(String policyId, String unitId, int position) {
    Filter unused =
        ask(
            system ->
                service(system, policyId)
                    .filtersService()
                    .add()
                    .filter(
                        Builders.filter()
                            .schedulingPolicyUnit(Builders.schedulingPolicyUnit().id(unitId))
                            .position(position))
                    .send()
                    .filter());
  }

  private void copyWeights(String copyId, String originalId) {
    List<String> have = weights(copyId).stream().map(SchedulingPolicies::unitOf).toList();
    for (Weight weight : weights(originalId)) {
      if (!have.contains(unitOf(weight))) {
        Weight unused =
            ask(
                system ->
                    service(system, copyId)
                        .weightsService()
                        .add()
                        .weight(
                            Builders.weight()
                                .schedulingPolicyUnit(
                                    Builders.schedulingPolicyUnit().id(unitOf(weight)))
                                .factor(weight.factorPresent() ? weight.factorAsInteger() : 1))
                        .send()
                        .weight());
      }
    }
  }

  private List<Weight> weights(String policyId) {
    return list(ask(system -> service(system, policyId).weightsService().list().send().weights()));
  }

  private void copyBalances(String copyId, String originalId) {
    List<String> have = balances(copyId).stream().map(SchedulingPolicies::unitOf).toList();
    for (Balance balance : balances(originalId)) {
      if (!have.contains(unitOf(balance))) {
        Balance unused =
            ask(
                system ->
                    service(system, copyId)
                        .balancesService()
                        .add()
                        .balance(
                            Builders.balance()
                                .schedulingPolicyUnit(
                                    Builders.schedulingPolicyUnit().id(unitOf(balance))))
                        .send()
                        .balance());
      }
    }
  }

  private List<Balance> balances(String policyId) {
    return list(
        ask(system -> service(system, policyId).balancesService().list().send().balances()));
  }

  /** Removes a policy; nothing happens if it is gone. */
  void remove(String id) {
    try {
      Object unused = ask(system -> service(system, id).remove().send());
    } catch (EngineException e) {
      if (e.engineStatus() != NOT_FOUND) {
        throw e;
      }
    }
  }

  private static SchedulingPolicyService service(SystemService system, String policyId) {
    return system.schedulingPoliciesService().policyService(policyId);
  }

  private static <T> Optional<T> unlessMissing(Supplier<T> question) {
    try {
      return Optional.of(question.get());
    } catch (EngineException e) {
      if (e.engineStatus() == NOT_FOUND) {
        return Optional.empty();
      }
      throw e;
    }
  }

  private static String unitOf(Filter filter) {
    return unitOf(filter.schedulingPolicyUnit(), filter.id());
  }

  private static String unitOf(Weight weight) {
    return unitOf(weight.schedulingPolicyUnit(), weight.id());
  }

  private static String unitOf(Balance balance) {
    return unitOf(balance.schedulingPolicyUnit(), balance.id());
  }

  private static String unitOf(SchedulingPolicyUnit unit, String id) {
    return unit == null || unit.id() == null ? id : unit.id();
  }

  private static <T> List<T> list(List<T> list) {
    return list == null ? List.of() : list;
  }
}
