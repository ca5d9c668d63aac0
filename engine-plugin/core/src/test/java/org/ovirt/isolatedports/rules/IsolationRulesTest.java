// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.rules;

import static org.assertj.core.api.Assertions.assertThat;
import static org.ovirt.isolatedports.validation.ValidationMessage.GUARD_CLUSTER_LEVEL_UNSUPPORTED;
import static org.ovirt.isolatedports.validation.ValidationMessage.GUARD_CLUSTER_NOT_ON_LINUX_BRIDGES;
import static org.ovirt.isolatedports.validation.ValidationMessage.GUARD_HOST_UNFIT;
import static org.ovirt.isolatedports.validation.ValidationMessage.GUARD_LEVEL_GATE_UNREADABLE;
import static org.ovirt.isolatedports.validation.ValidationMessage.GUARD_NETWORK_EXTERNAL;
import static org.ovirt.isolatedports.validation.ValidationMessage.GUARD_NETWORK_HAS_ROLE;
import static org.ovirt.isolatedports.validation.ValidationMessage.GUARD_NETWORK_IN_STORAGE_BOND;
import static org.ovirt.isolatedports.validation.ValidationMessage.GUARD_NETWORK_NOT_FOR_VMS;
import static org.ovirt.isolatedports.validation.ValidationMessage.GUARD_NETWORK_NOT_ISOLATED_IN_ENGINE;
import static org.ovirt.isolatedports.validation.ValidationMessage.GUARD_NIC_WHERE_GATE_IS_CLOSED;
import static org.ovirt.isolatedports.validation.ValidationMessage.GUARD_PROFILE_FAILOVER;
import static org.ovirt.isolatedports.validation.ValidationMessage.GUARD_PROFILE_PASS_THROUGH;
import static org.ovirt.isolatedports.validation.ValidationMessage.GUARD_PROFILE_PORT_MIRRORING;
import static org.ovirt.isolatedports.validation.ValidationMessage.GUARD_PROFILE_ROLE_FOR_EVERYONE;
import static org.ovirt.isolatedports.validation.ValidationMessage.GUARD_PROFILE_WITHOUT_PROPERTY;
import static org.ovirt.isolatedports.validation.ValidationMessage.GUARD_SCHEDULER_ABSENT;
import static org.ovirt.isolatedports.validation.ValidationMessage.GUARD_SCHEDULER_DISABLED;
import static org.ovirt.isolatedports.validation.ValidationMessage.GUARD_SCHEDULING_POLICY_WITHOUT_FILTER;
import static org.ovirt.isolatedports.validation.ValidationMessage.HOST_NETWORK_NOT_ON_LINUX_BRIDGE;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.ovirt.isolatedports.inventory.Cluster;
import org.ovirt.isolatedports.inventory.CompatibilityLevel;
import org.ovirt.isolatedports.inventory.LevelGate;
import org.ovirt.isolatedports.inventory.NetworkRole;
import org.ovirt.isolatedports.inventory.Stated;
import org.ovirt.isolatedports.inventory.SwitchType;
import org.ovirt.isolatedports.inventory.WatchedCluster;
import org.ovirt.isolatedports.inventory.WatchedNetwork;
import org.ovirt.isolatedports.inventory.WatchedProfile;
import org.ovirt.isolatedports.inventory.WatchedVm;
import org.ovirt.isolatedports.scheduling.AssessedHost;
import org.ovirt.isolatedports.scheduling.Host;
import org.ovirt.isolatedports.scheduling.HostFacts;
import org.ovirt.isolatedports.scheduling.HostNetwork;
import org.ovirt.isolatedports.validation.ValidationMessage;

class IsolationRulesTest {

  private static final CompatibilityLevel OLD = new CompatibilityLevel(4, 4);
  private static final CompatibilityLevel NEW = new CompatibilityLevel(4, 8);

  /** An engine in which all is well, of which each test breaks one thing. */
  private Optional<LevelGate> gate = Optional.of(LevelGate.defaults());

  private final List<WatchedNetwork> networks =
      new ArrayList<>(List.of(network(false, true, false, true, Optional.empty())));
  private final List<WatchedCluster> clusters =
      new ArrayList<>(List.of(cluster(NEW, SwitchType.LINUX_BRIDGE, Set.of())));
  private final List<WatchedProfile> profiles =
      new ArrayList<>(List.of(profile(Optional.empty(), false, false, false, false)));
  private final List<WatchedVm> vms = new ArrayList<>();
  private final List<AssessedHost> hosts = new ArrayList<>(List.of(host("up", List.of(), true)));
  private SchedulingState scheduling = scheduling(FilterState.ENABLED);

  private static WatchedNetwork network(
      boolean hook,
      boolean forVms,
      boolean external,
      boolean isolatedInEngine,
      Optional<String> bond) {
    return new WatchedNetwork(
        "n1", "tenants", "dc1", hook, forVms, external, Optional.of(isolatedInEngine), bond);
  }

  private static WatchedNetwork hookNetwork() {
    return new WatchedNetwork(
        "n1", "tenants", "dc1", true, true, false, Optional.empty(), Optional.empty());
  }

  private static WatchedCluster cluster(
      CompatibilityLevel level, SwitchType switchType, Set<NetworkRole> roles) {
    return new WatchedCluster(
        new Cluster("c1", "west", level, switchType),
        Map.of("n1", roles, "other", Set.of(NetworkRole.MANAGEMENT, NetworkRole.DISPLAY)));
  }

  private static WatchedProfile profile(
      Optional<String> property,
      boolean passThrough,
      boolean mirroring,
      boolean failover,
      boolean everyone) {
    return new WatchedProfile(
        "p1",
        "gold",
        "n1",
        property,
        Stated.of(passThrough),
        Stated.of(mirroring),
        failover,
        everyone);
  }

  private static AssessedHost host(String status, List<String> reasons, boolean linuxBridge) {
    HostFacts facts =
        new HostFacts(
            "libvirt-9.0.0-1.el9",
            "RHEL",
            "9",
            List.of(),
            List.of(new HostNetwork("n1", true, linuxBridge)));
    return new AssessedHost(new Host("h1", "node1", "c1", status, facts, Instant.EPOCH), reasons);
  }

  private List<GuardViolation> check() {
    return IsolationRules.check(
        new EngineSnapshot(gate, networks, clusters, profiles, vms, hosts, scheduling));
  }

  private GuardViolation only(ValidationMessage rule) {
    List<GuardViolation> found = check();
    assertThat(found).extracting(GuardViolation::rule).containsExactly(rule);
    assertThat(found.get(0).text()).doesNotContain("${");
    return found.get(0);
  }

  private static SchedulingState scheduling(FilterState filter, String... clustersWithout) {
    return new SchedulingState(filter, new TreeSet<>(List.of(clustersWithout)));
  }

  @Test
  void findsNothingWhereAllIsWell() {
    assertThat(check()).isEmpty();
  }

  @Test
  void findsNothingWithoutIsolatedNetworksWhateverElseIsWrong() {
    networks.clear();
    gate = Optional.empty();
    scheduling = scheduling(FilterState.DISABLED);
    assertThat(check()).isEmpty();
  }

  @Test
  void findsClusterThatWasSwitchedToOvs() {
    clusters.set(0, cluster(NEW, SwitchType.OVS, Set.of()));
    GuardViolation violation = only(GUARD_CLUSTER_NOT_ON_LINUX_BRIDGES);
    assertThat(violation.severity()).isEqualTo(GuardViolation.Severity.ERROR);
    assertThat(violation.text()).contains("tenants", "west", "OVS");
    assertThat(violation.subject().orElseThrow().id()).isEqualTo("c1");
  }

  @Test
  void leavesClustersAloneThatHaveNoIsolatedNetwork() {
    clusters.add(
        new WatchedCluster(
            new Cluster("c2", "east", OLD, SwitchType.OVS),
            Map.of("other", Set.of(NetworkRole.MANAGEMENT))));
    assertThat(check()).isEmpty();
  }

  @Test
  void findsClusterBelowTheLevelGate() {
    clusters.set(0, cluster(OLD, SwitchType.LINUX_BRIDGE, Set.of()));
    assertThat(only(GUARD_CLUSTER_LEVEL_UNSUPPORTED).text()).contains("4.4", "level 4.5");
  }

  @Test
  void saysNothingOfLevelsWhileTheGateIsUnreadableButThatItIs() {
    gate = Optional.empty();
    clusters.set(0, cluster(OLD, SwitchType.LINUX_BRIDGE, Set.of()));
    vms.add(vmOnNetwork());
    only(GUARD_LEVEL_GATE_UNREADABLE);
  }

  @ParameterizedTest
  @EnumSource(NetworkRole.class)
  void findsEveryRole(NetworkRole role) {
    clusters.set(0, cluster(NEW, SwitchType.LINUX_BRIDGE, Set.of(role)));
    assertThat(only(GUARD_NETWORK_HAS_ROLE).text()).contains("the " + role.text() + " network");
  }

  @Test
  void tellsTwoRolesOfOneClusterApart() {
    clusters.set(
        0,
        cluster(NEW, SwitchType.LINUX_BRIDGE, Set.of(NetworkRole.DISPLAY, NetworkRole.MIGRATION)));
    assertThat(check()).extracting(GuardViolation::key).hasSize(2).doesNotHaveDuplicates();
  }

  @Test
  void findsNetworkThatIsNoLongerForVms() {
    networks.set(0, network(false, false, false, true, Optional.empty()));
    only(GUARD_NETWORK_NOT_FOR_VMS);
  }

  @Test
  void findsNetworkThatBecameExternal() {
    networks.set(0, network(false, true, true, true, Optional.empty()));
    only(GUARD_NETWORK_EXTERNAL);
  }

  @Test
  void findsNetworkThatTheEngineNoLongerIsolates() {
    networks.set(0, network(false, true, false, false, Optional.empty()));
    only(GUARD_NETWORK_NOT_ISOLATED_IN_ENGINE);
  }

  @Test
  void asksNothingOfTheEngineForNetworksIsolatedByTheHook() {
    networks.set(0, hookNetwork());
    profiles.set(0, profile(Optional.of("true"), false, false, false, false));
    assertThat(check()).isEmpty();
  }

  @Test
  void findsNetworkInAnIscsiBond() {
    networks.set(0, network(false, true, false, true, Optional.of("bond1")));
    assertThat(only(GUARD_NETWORK_IN_STORAGE_BOND).text()).contains("bond1");
  }

  @Test
  void findsPassThroughProfile() {
    profiles.set(0, profile(Optional.empty(), true, false, false, false));
    only(GUARD_PROFILE_PASS_THROUGH);
  }

  @Test
  void findsPortMirroringProfile() {
    profiles.set(0, profile(Optional.empty(), false, true, false, false));
    only(GUARD_PROFILE_PORT_MIRRORING);
  }

  @Test
  void findsFailover() {
    profiles.set(0, profile(Optional.empty(), false, false, true, false));
    only(GUARD_PROFILE_FAILOVER);
  }

  @Test
  void findsProfileThatDoesNotCarryTheProperty() {
    networks.set(0, hookNetwork());
    only(GUARD_PROFILE_WITHOUT_PROPERTY);
  }

  @ParameterizedTest
  @ValueSource(strings = {"promiscuous", "community:blue"})
  void findsRoleThatEveryoneMayTake(String role) {
    profiles.set(0, profile(Optional.of(role), false, false, false, true));
    assertThat(only(GUARD_PROFILE_ROLE_FOR_EVERYONE).text()).contains("ports " + role);
  }

  @ParameterizedTest
  @ValueSource(strings = {"true", "isolated"})
  void letsEveryoneUseIsolatedProfiles(String role) {
    profiles.set(0, profile(Optional.of(role), false, false, false, true));
    assertThat(check()).isEmpty();
  }

  @Test
  void letsAFewUsePromiscuousProfiles() {
    profiles.set(0, profile(Optional.of("promiscuous"), false, false, false, false));
    assertThat(check()).isEmpty();
  }

  @Test
  void leavesProfilesOfOtherNetworksAlone() {
    profiles.add(
        new WatchedProfile(
            "p2", "vf", "other", Optional.empty(), Stated.YES, Stated.YES, true, true));
    assertThat(check()).isEmpty();
  }

  private static WatchedVm vmOnNetwork() {
    return new WatchedVm(
        "v1",
        "web",
        "c2",
        Optional.empty(),
        List.of(
            new WatchedVm.Nic("i1", "nic1", Optional.of("p1"), true),
            new WatchedVm.Nic("i2", "nic2", Optional.empty(), true),
            new WatchedVm.Nic("i3", "nic3", Optional.of("unknown"), true)));
  }

  @Test
  void findsVnicInClusterWhoseGateIsClosed() {
    clusters.add(
        new WatchedCluster(new Cluster("c2", "old", OLD, SwitchType.LINUX_BRIDGE), Map.of()));
    vms.add(vmOnNetwork());
    assertThat(only(GUARD_NIC_WHERE_GATE_IS_CLOSED).text())
        .contains("nic1", "web", "tenants", "old", "4.4");
  }

  @Test
  void leavesVnicsAloneWhereTheGateIsOpen() {
    clusters.add(
        new WatchedCluster(new Cluster("c2", "new", NEW, SwitchType.LINUX_BRIDGE), Map.of()));
    vms.add(vmOnNetwork());
    assertThat(check()).isEmpty();
  }

  @Test
  void findsUnfitHostOnceHoweverManyNetworks() {
    networks.add(
        new WatchedNetwork(
            "other", "b", "dc1", false, true, false, Optional.of(true), Optional.empty()));
    clusters.set(
        0,
        new WatchedCluster(
            new Cluster("c1", "west", NEW, SwitchType.LINUX_BRIDGE),
            Map.of("n1", Set.of(), "other", Set.of())));
    hosts.set(0, host("up", List.of("Host node1 runs libvirt 6.0.0."), true));
    GuardViolation violation = only(GUARD_HOST_UNFIT);
    assertThat(violation.network()).isEmpty();
    assertThat(violation.text()).contains("node1", "2 isolated network(s)", "libvirt 6.0.0");
  }

  @Test
  void leavesHostsAloneThatAreNotUpOrHaveNoIsolatedNetwork() {
    hosts.set(0, host("maintenance", List.of("no"), false));
    hosts.add(
        new AssessedHost(
            new Host("h2", "node2", "c9", "up", HostFacts.NONE, Instant.EPOCH), List.of("no")));
    assertThat(check()).isEmpty();
  }

  @Test
  void findsNetworkOnOpenVswitchOfAHost() {
    hosts.set(0, host("up", List.of(), false));
    assertThat(only(HOST_NETWORK_NOT_ON_LINUX_BRIDGE).network()).isPresent();
  }

  @Test
  void findsSchedulerThatIsNotAsked() {
    scheduling = scheduling(FilterState.ABSENT);
    only(GUARD_SCHEDULER_ABSENT);
    scheduling = scheduling(FilterState.DISABLED);
    only(GUARD_SCHEDULER_DISABLED);
    scheduling = scheduling(FilterState.UNKNOWN);
    assertThat(check()).isEmpty();
  }

  @Test
  void findsClustersWhosePolicyDoesNotAskUs() {
    scheduling = scheduling(FilterState.ENABLED, "west", "east");
    assertThat(only(GUARD_SCHEDULING_POLICY_WITHOUT_FILTER).text()).contains("east, west");
    scheduling = scheduling(FilterState.UNKNOWN, "west");
    assertThat(check()).isEmpty();
  }

  @Test
  void leavesRulesUndecidedOfWhichItCannotSeeTheSubject() {
    assertThat(undecided()).isEmpty();
    gate = Optional.empty();
    assertThat(undecided())
        .containsExactlyInAnyOrder(GUARD_CLUSTER_LEVEL_UNSUPPORTED, GUARD_NIC_WHERE_GATE_IS_CLOSED);
    gate = Optional.of(LevelGate.defaults());
    scheduling = SchedulingState.UNKNOWN;
    assertThat(undecided())
        .contains(GUARD_HOST_UNFIT, GUARD_SCHEDULER_ABSENT, GUARD_SCHEDULER_DISABLED)
        .doesNotContain(GUARD_CLUSTER_LEVEL_UNSUPPORTED);
    networks.clear();
    assertThat(undecided()).as("without isolated networks all is decided").isEmpty();
  }

  private Set<ValidationMessage> undecided() {
    return IsolationRules.undecided(
        new EngineSnapshot(gate, networks, clusters, profiles, vms, hosts, scheduling));
  }

  @Test
  void keepsTheKeyOfAViolationWhenNamesChange() {
    profiles.set(0, profile(Optional.empty(), true, false, false, false));
    String before = check().get(0).key();
    profiles.set(
        0,
        new WatchedProfile(
            "p1", "renamed", "n1", Optional.empty(), Stated.YES, Stated.NO, false, false));
    assertThat(check().get(0).key()).isEqualTo(before);
    assertThat(check().get(0).text()).contains("renamed");
  }

  @Test
  void knowsRolesByTheirUsages() {
    assertThat(NetworkRole.ofUsage("management")).contains(NetworkRole.MANAGEMENT);
    assertThat(NetworkRole.ofUsage("gluster")).contains(NetworkRole.GLUSTER);
    assertThat(NetworkRole.ofUsage("vm")).isEmpty();
    assertThat(NetworkRole.ofUsage("default_route")).isEmpty();
  }
}
