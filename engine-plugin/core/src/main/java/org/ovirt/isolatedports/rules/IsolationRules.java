// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.rules;

import static org.ovirt.isolatedports.rules.GuardViolation.Severity.ERROR;
import static org.ovirt.isolatedports.rules.GuardViolation.Severity.WARNING;
import static org.ovirt.isolatedports.validation.ValidationResult.failWith;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.ovirt.isolatedports.inventory.CompatibilityLevel;
import org.ovirt.isolatedports.inventory.LevelGate;
import org.ovirt.isolatedports.inventory.NetworkRole;
import org.ovirt.isolatedports.inventory.Stated;
import org.ovirt.isolatedports.inventory.WatchedCluster;
import org.ovirt.isolatedports.inventory.WatchedNetwork;
import org.ovirt.isolatedports.inventory.WatchedProfile;
import org.ovirt.isolatedports.inventory.WatchedVm;
import org.ovirt.isolatedports.rules.GuardViolation.Item;
import org.ovirt.isolatedports.rules.GuardViolation.Kind;
import org.ovirt.isolatedports.rules.GuardViolation.Severity;
import org.ovirt.isolatedports.scheduling.AssessedHost;
import org.ovirt.isolatedports.scheduling.HostNetwork;
import org.ovirt.isolatedports.validation.ValidationMessage;
import org.ovirt.isolatedports.validation.ValidationResult;

/**
 * What must hold of the engine wherever a network is isolated, one method a rule.
 *
 * <p>These are the rules that are refused at write time by us, and that somebody may break who
 * changes the engine around us: the engine itself allows all of it (seen on 4.5.8).
 */
public final class IsolationRules {

  private IsolationRules() {}

  /** Applies every rule. The result holds no key twice. */
  public static List<GuardViolation> check(EngineSnapshot engine) {
    Found found = new Found();
    if (engine.networks().isEmpty()) {
      return List.of();
    }
    found.add(WARNING, Optional.empty(), Optional.empty(), levelGateIsReadable(engine.gate()));
    found.add(WARNING, Optional.empty(), Optional.empty(), engineKnowsFilter(engine.scheduling()));
    found.add(WARNING, Optional.empty(), Optional.empty(), engineUsesFilter(engine.scheduling()));
    found.add(WARNING, Optional.empty(), Optional.empty(), schedulingIsOn(engine.scheduling()));
    found.add(WARNING, Optional.empty(), Optional.empty(), policiesUseFilter(engine.scheduling()));
    Map<String, WatchedNetwork> networks =
        engine.networks().stream().collect(Collectors.toMap(WatchedNetwork::id, n -> n));
    networks.values().forEach(network -> checkNetwork(network, found));
    for (WatchedCluster cluster : engine.clusters()) {
      cluster
          .attached()
          .forEach(
              (id, roles) ->
                  Optional.ofNullable(networks.get(id))
                      .ifPresent(n -> checkAttached(n, cluster, roles, engine.gate(), found)));
    }
    for (WatchedProfile profile : engine.profiles()) {
      Optional.ofNullable(networks.get(profile.networkId()))
          .ifPresent(network -> checkProfile(network, profile, levels(network, engine), found));
    }
    checkVms(engine, networks, found);
    checkVmsOnUnfitHosts(engine, networks, found);
    checkHosts(engine, networks, found);
    return found.violations();
  }

  /**
   * The rules on which a snapshot says nothing, as what they look at is not known: what was found
   * by them before still holds.
   */
  public static Set<ValidationMessage> undecided(EngineSnapshot engine) {
    Set<ValidationMessage> rules = EnumSet.noneOf(ValidationMessage.class);
    if (engine.networks().isEmpty()) {
      return rules;
    }
    if (engine.gate().isEmpty()) {
      rules.add(ValidationMessage.GUARD_CLUSTER_LEVEL_UNSUPPORTED);
      rules.add(ValidationMessage.GUARD_NIC_WHERE_GATE_IS_CLOSED);
    }
    if (engine.scheduling().filter() == FilterState.UNKNOWN) {
      rules.add(ValidationMessage.GUARD_SCHEDULER_ABSENT);
      rules.add(ValidationMessage.GUARD_SCHEDULER_DISABLED);
      rules.add(ValidationMessage.GUARD_SCHEDULER_SWITCHED_OFF);
      rules.add(ValidationMessage.GUARD_SCHEDULING_POLICY_WITHOUT_FILTER);
      rules.add(ValidationMessage.GUARD_HOST_UNFIT);
      rules.add(ValidationMessage.GUARD_NIC_ON_UNFIT_HOST);
      rules.add(ValidationMessage.HOST_NETWORK_NOT_ON_LINUX_BRIDGE);
    }
    return rules;
  }

  private static void checkNetwork(WatchedNetwork network, Found found) {
    Optional<Item> itself = Optional.of(item(network));
    found.add(ERROR, itself, Optional.empty(), networkIsForVms(network));
    found.add(ERROR, itself, Optional.empty(), networkIsNotExternal(network));
    found.add(ERROR, itself, Optional.empty(), engineIsolatesNetwork(network));
    found.add(WARNING, itself, Optional.empty(), networkIsNotForStorage(network));
  }

  private static void checkAttached(
      WatchedNetwork network,
      WatchedCluster cluster,
      Set<NetworkRole> roles,
      Optional<LevelGate> gate,
      Found found) {
    Optional<Item> on = Optional.of(item(network));
    Item where = item(cluster);
    found.add(ERROR, on, Optional.of(where), clusterIsOnLinuxBridges(network, cluster));
    gate.ifPresent(
        open ->
            found.add(
                ERROR, on, Optional.of(where), clusterLevelIsSupported(network, cluster, open)));
    for (NetworkRole role : roles) {
      found.add(
          WARNING,
          on,
          Optional.of(new Item(Kind.CLUSTER, where.id(), where.name(), role.text())),
          networkHasNoRoleInCluster(network, cluster, role));
    }
  }

  /** The compatibility levels of the clusters a network is attached to. */
  private static Set<String> levels(WatchedNetwork network, EngineSnapshot engine) {
    return engine.clusters().stream()
        .filter(cluster -> cluster.attached().containsKey(network.id()))
        .map(cluster -> cluster.cluster().level().toString())
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static void checkProfile(
      WatchedNetwork network, WatchedProfile profile, Set<String> levels, Found found) {
    Optional<Item> on = Optional.of(item(network));
    Optional<Item> what = Optional.of(new Item(Kind.VNIC_PROFILE, profile.id(), profile.name()));
    found.add(ERROR, on, what, profileIsNotPassThrough(network, profile));
    found.add(ERROR, on, what, profileMirrorsNoPorts(network, profile));
    found.add(ERROR, on, what, profileHasNoFailover(network, profile));
    found.add(ERROR, on, what, profileCarriesProperty(network, profile, levels));
    found.add(ERROR, on, what, profileHoldsMacs(network, profile));
    found.add(ERROR, on, what, roleIsNotForEveryone(network, profile));
  }

  private static Map<String, WatchedNetwork> byProfile(
      EngineSnapshot engine, Map<String, WatchedNetwork> networks) {
    Map<String, WatchedNetwork> byProfile = new HashMap<>();
    for (WatchedProfile profile : engine.profiles()) {
      Optional.ofNullable(networks.get(profile.networkId()))
          .ifPresent(network -> byProfile.put(profile.id(), network));
    }
    return byProfile;
  }

  private static void checkVms(
      EngineSnapshot engine, Map<String, WatchedNetwork> networks, Found found) {
    Map<String, WatchedCluster> clusters =
        engine.clusters().stream().collect(Collectors.toMap(c -> c.cluster().id(), c -> c));
    Map<String, WatchedNetwork> byProfile = byProfile(engine, networks);
    for (WatchedVm vm : engine.vms()) {
      WatchedCluster cluster = clusters.get(vm.clusterId());
      if (cluster == null || engine.gate().isEmpty()) {
        continue;
      }
      for (WatchedVm.Nic nic : vm.nics()) {
        nic.profileId()
            .map(byProfile::get)
            .ifPresent(
                network ->
                    found.addAt(
                        item(cluster),
                        item(network),
                        new Item(Kind.VM, vm.id(), vm.name(), nic.id()),
                        nicIsWhereGateIsOpen(network, vm, nic, cluster, engine.gate().get())));
      }
    }
  }

  /** Scheduling keeps VMs away from such hosts; they come there while nobody asks it. */
  private static void checkVmsOnUnfitHosts(
      EngineSnapshot engine, Map<String, WatchedNetwork> networks, Found found) {
    Map<String, AssessedHost> unfit =
        engine.hosts().stream()
            .filter(host -> !host.fit())
            .collect(Collectors.toMap(host -> host.host().id(), host -> host, (one, two) -> one));
    Map<String, WatchedNetwork> byProfile = byProfile(engine, networks);
    for (WatchedVm vm : engine.vms()) {
      AssessedHost host = vm.hostId().map(unfit::get).orElse(null);
      if (host == null) {
        continue;
      }
      for (WatchedVm.Nic nic : vm.nics()) {
        nic.profileId()
            .map(byProfile::get)
            .ifPresent(
                network ->
                    found.addAt(
                        item(host),
                        item(network),
                        new Item(Kind.VM, vm.id(), vm.name(), nic.id()),
                        runningNicIsOnFitHost(network, vm, nic, host)));
      }
    }
  }

  private static void checkHosts(
      EngineSnapshot engine, Map<String, WatchedNetwork> networks, Found found) {
    Map<String, List<WatchedNetwork>> inCluster = new HashMap<>();
    for (WatchedCluster cluster : engine.clusters()) {
      inCluster.put(
          cluster.cluster().id(),
          cluster.attached().keySet().stream()
              .flatMap(id -> Optional.ofNullable(networks.get(id)).stream())
              .toList());
    }
    for (AssessedHost host : engine.hosts()) {
      List<WatchedNetwork> here = inCluster.getOrDefault(host.host().clusterId(), List.of());
      if (here.isEmpty() || !host.host().status().equalsIgnoreCase("up")) {
        // A host that is not up runs no VM; it is looked at again when it comes up.
        continue;
      }
      Optional<Item> what = Optional.of(item(host));
      found.add(WARNING, Optional.empty(), what, hostIsFit(host, here));
      for (WatchedNetwork network : here) {
        found.add(
            ERROR, Optional.of(item(network)), what, networkIsOnLinuxBridgeOfHost(network, host));
      }
    }
  }

  private static Item item(WatchedNetwork network) {
    return new Item(Kind.NETWORK, network.id(), network.name());
  }

  private static Item item(WatchedCluster cluster) {
    return new Item(Kind.CLUSTER, cluster.cluster().id(), cluster.cluster().name());
  }

  private static Item item(AssessedHost host) {
    return new Item(Kind.HOST, host.host().id(), host.host().name());
  }

  static ValidationResult levelGateIsReadable(Optional<LevelGate> gate) {
    return failWith(ValidationMessage.GUARD_LEVEL_GATE_UNREADABLE).when(gate.isEmpty());
  }

  static ValidationResult engineKnowsFilter(SchedulingState scheduling) {
    return failWith(ValidationMessage.GUARD_SCHEDULER_ABSENT)
        .when(scheduling.filter() == FilterState.ABSENT);
  }

  /** The engine asks for filters once, at its start, and disables those it does not reach then. */
  static ValidationResult engineUsesFilter(SchedulingState scheduling) {
    return failWith(ValidationMessage.GUARD_SCHEDULER_DISABLED)
        .when(scheduling.filter() == FilterState.DISABLED);
  }

  static ValidationResult schedulingIsOn(SchedulingState scheduling) {
    return failWith(ValidationMessage.GUARD_SCHEDULER_SWITCHED_OFF)
        .when(scheduling.filter() == FilterState.SWITCHED_OFF);
  }

  static ValidationResult policiesUseFilter(SchedulingState scheduling) {
    return failWith(
            ValidationMessage.GUARD_SCHEDULING_POLICY_WITHOUT_FILTER,
            Map.of("clusters", String.join(", ", scheduling.clustersWithout())))
        .when(
            scheduling.filter() == FilterState.ENABLED && !scheduling.clustersWithout().isEmpty());
  }

  static ValidationResult networkIsForVms(WatchedNetwork network) {
    return failWith(ValidationMessage.GUARD_NETWORK_NOT_FOR_VMS, named(network))
        .unless(network.vmNetwork());
  }

  /** The engine refuses this at creation and forgets it on update. */
  static ValidationResult networkIsNotExternal(WatchedNetwork network) {
    return failWith(ValidationMessage.GUARD_NETWORK_EXTERNAL, named(network))
        .when(network.external());
  }

  /**
   * The engine cannot change the attribute, so this is a network that was half created or an engine
   * restored from an older backup.
   */
  static ValidationResult engineIsolatesNetwork(WatchedNetwork network) {
    return failWith(ValidationMessage.GUARD_NETWORK_NOT_ISOLATED_IN_ENGINE, named(network))
        .when(
            !network.enforcedByHook()
                && !UnknownIsUnsafe.engineIsolates(network.isolatedInEngine()));
  }

  static ValidationResult networkIsNotForStorage(WatchedNetwork network) {
    return failWith(
            ValidationMessage.GUARD_NETWORK_IN_STORAGE_BOND,
            Map.of("network", network.name(), "bond", network.storageBond().orElse("")))
        .when(network.storageBond().isPresent());
  }

  /** The engine lets a cluster switch to OVS with isolated networks attached and VMs running. */
  static ValidationResult clusterIsOnLinuxBridges(WatchedNetwork network, WatchedCluster cluster) {
    Map<String, String> variables = new HashMap<>(named(network, cluster));
    variables.put("type", cluster.cluster().switchType().title());
    return failWith(ValidationMessage.GUARD_CLUSTER_NOT_ON_LINUX_BRIDGES, variables)
        .when(!UnknownIsUnsafe.switchIsolates(cluster.cluster().switchType()));
  }

  static ValidationResult clusterLevelIsSupported(
      WatchedNetwork network, WatchedCluster cluster, LevelGate gate) {
    Map<String, String> variables = new HashMap<>(named(network, cluster));
    variables.put("level", cluster.cluster().level().toString());
    variables.put("minimum", lowest(gate));
    return failWith(ValidationMessage.GUARD_CLUSTER_LEVEL_UNSUPPORTED, variables)
        .unless(UnknownIsUnsafe.levelIsOpen(cluster.cluster().level(), gate));
  }

  static ValidationResult networkHasNoRoleInCluster(
      WatchedNetwork network, WatchedCluster cluster, NetworkRole role) {
    Map<String, String> variables = new HashMap<>(named(network, cluster));
    variables.put("role", role.text());
    return failWith(ValidationMessage.GUARD_NETWORK_HAS_ROLE, variables)
        .when(cluster.attached().getOrDefault(network.id(), Set.of()).contains(role));
  }

  /** A virtual function does not go over the bridge whose flag isolates. */
  static ValidationResult profileIsNotPassThrough(WatchedNetwork network, WatchedProfile profile) {
    return failWith(ValidationMessage.GUARD_PROFILE_PASS_THROUGH, named(network, profile))
        .when(UnknownIsUnsafe.mayBypassBridge(profile.passThrough()));
  }

  /** Mirroring copies frames past the bridge's flag (tc, before the bridge sees them). */
  static ValidationResult profileMirrorsNoPorts(WatchedNetwork network, WatchedProfile profile) {
    return failWith(ValidationMessage.GUARD_PROFILE_PORT_MIRRORING, named(network, profile))
        .when(UnknownIsUnsafe.mayMirror(profile.portMirroring()));
  }

  static ValidationResult profileHasNoFailover(WatchedNetwork network, WatchedProfile profile) {
    return failWith(ValidationMessage.GUARD_PROFILE_FAILOVER, named(network, profile))
        .when(profile.failover());
  }

  /** The guard sets the property by itself; this is broken only where the engine refuses it. */
  static ValidationResult profileCarriesProperty(
      WatchedNetwork network, WatchedProfile profile, Set<String> levels) {
    Map<String, String> variables = new HashMap<>(named(network, profile));
    variables.put("register", RegistrationCommand.of(levels));
    return failWith(ValidationMessage.GUARD_PROFILE_WITHOUT_PROPERTY, variables)
        .when(
            network.enforcedByHook()
                && profile.passThrough() != Stated.YES
                && profile.property().isEmpty());
  }

  /**
   * The kernel's flag keeps ports apart, not addresses: a bridge learns a MAC address from whoever
   * sends it. Passthrough vNICs have no filter at all.
   */
  static ValidationResult profileHoldsMacs(WatchedNetwork network, WatchedProfile profile) {
    return failWith(ValidationMessage.GUARD_PROFILE_WITHOUT_MAC_FILTER, named(network, profile))
        .when(profile.passThrough() != Stated.YES && !profile.holdsMacs());
  }

  static ValidationResult roleIsNotForEveryone(WatchedNetwork network, WatchedProfile profile) {
    Map<String, String> variables = new HashMap<>(named(network, profile));
    variables.put("role", profile.property().orElse(""));
    return failWith(ValidationMessage.GUARD_PROFILE_ROLE_FOR_EVERYONE, variables)
        .when(UnknownIsUnsafe.mayReachOtherPorts(profile.property()) && profile.forEveryone());
  }

  static ValidationResult nicIsWhereGateIsOpen(
      WatchedNetwork network,
      WatchedVm vm,
      WatchedVm.Nic nic,
      WatchedCluster cluster,
      LevelGate gate) {
    Map<String, String> variables = new HashMap<>(named(network, cluster));
    variables.put("vm", vm.name());
    variables.put("nic", nic.name());
    variables.put("level", cluster.cluster().level().toString());
    variables.put("minimum", lowest(gate));
    return failWith(ValidationMessage.GUARD_NIC_WHERE_GATE_IS_CLOSED, variables)
        .unless(UnknownIsUnsafe.levelIsOpen(cluster.cluster().level(), gate));
  }

  static ValidationResult runningNicIsOnFitHost(
      WatchedNetwork network, WatchedVm vm, WatchedVm.Nic nic, AssessedHost host) {
    Map<String, String> variables = new HashMap<>(named(network));
    variables.put("vm", vm.name());
    variables.put("nic", nic.name());
    variables.put("host", host.host().name());
    variables.put("reasons", String.join(" ", host.reasons()));
    return failWith(ValidationMessage.GUARD_NIC_ON_UNFIT_HOST, variables)
        .when(nic.plugged() && !host.fit());
  }

  /** One for the host, not one a network: a host without our package is one thing to mend. */
  static ValidationResult hostIsFit(AssessedHost host, List<WatchedNetwork> networks) {
    Set<String> names = new TreeSet<>();
    networks.forEach(network -> names.add(network.name()));
    return failWith(
            ValidationMessage.GUARD_HOST_UNFIT,
            Map.of(
                "host",
                host.host().name(),
                "count",
                String.valueOf(names.size()),
                "reasons",
                String.join(" ", host.reasons())))
        .unless(host.fit());
  }

  static ValidationResult networkIsOnLinuxBridgeOfHost(WatchedNetwork network, AssessedHost host) {
    HostNetwork attached = host.host().facts().networks().get(network.id());
    return failWith(
            ValidationMessage.HOST_NETWORK_NOT_ON_LINUX_BRIDGE,
            Map.of("host", host.host().name(), "network", network.name()))
        .when(attached != null && !attached.linuxBridge());
  }

  private static String lowest(LevelGate gate) {
    return gate.lowestSupported().map(CompatibilityLevel::toString).orElse("that is not available");
  }

  private static Map<String, String> named(WatchedNetwork network) {
    return Map.of("network", network.name());
  }

  private static Map<String, String> named(WatchedNetwork network, WatchedCluster cluster) {
    return Map.of("network", network.name(), "cluster", cluster.cluster().name());
  }

  private static Map<String, String> named(WatchedNetwork network, WatchedProfile profile) {
    return Map.of("network", network.name(), "profile", profile.name());
  }

  /** Collects broken rules. */
  private static final class Found {

    private final List<GuardViolation> violations = new ArrayList<>();

    void add(
        Severity severity, Optional<Item> network, Optional<Item> subject, ValidationResult rule) {
      add(severity, network, subject, Optional.empty(), rule);
    }

    /** What a vNIC breaks by where its VM is. */
    void addAt(Item place, Item network, Item vm, ValidationResult rule) {
      add(ERROR, Optional.of(network), Optional.of(vm), Optional.of(place), rule);
    }

    private void add(
        Severity severity,
        Optional<Item> network,
        Optional<Item> subject,
        Optional<Item> place,
        ValidationResult rule) {
      rule.violation()
          .ifPresent(
              broken ->
                  violations.add(
                      new GuardViolation(
                          broken.message(), severity, network, subject, place, broken.text())));
    }

    List<GuardViolation> violations() {
      return List.copyOf(violations);
    }
  }
}
