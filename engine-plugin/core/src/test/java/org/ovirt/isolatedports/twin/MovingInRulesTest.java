// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.twin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.ovirt.isolatedports.validation.ValidationMessage.MOVE_CLUSTER_WITHOUT_NETWORK;
import static org.ovirt.isolatedports.validation.ValidationMessage.MOVE_HOST_WITHOUT_NETWORK;
import static org.ovirt.isolatedports.validation.ValidationMessage.MOVE_PROFILE_WITHOUT_COUNTERPART;
import static org.ovirt.isolatedports.validation.ValidationMessage.MOVE_VM_BETWEEN_STATES;
import static org.ovirt.isolatedports.validation.ValidationMessage.TWIN_CLUSTER_LEVEL;
import static org.ovirt.isolatedports.validation.ValidationMessage.TWIN_CLUSTER_SWITCH;
import static org.ovirt.isolatedports.validation.ValidationMessage.TWIN_HOST_NEEDS_NIC;
import static org.ovirt.isolatedports.validation.ValidationMessage.TWIN_IN_NO_CLUSTER;
import static org.ovirt.isolatedports.validation.ValidationMessage.TWIN_LABEL_LATER;
import static org.ovirt.isolatedports.validation.ValidationMessage.TWIN_OF_EXTERNAL_NETWORK;
import static org.ovirt.isolatedports.validation.ValidationMessage.TWIN_OF_ISOLATED_NETWORK;
import static org.ovirt.isolatedports.validation.ValidationMessage.TWIN_OF_NON_VM_NETWORK;
import static org.ovirt.isolatedports.validation.ValidationMessage.TWIN_PERMISSIONS_STAY;
import static org.ovirt.isolatedports.validation.ValidationMessage.TWIN_PROFILE_FAILOVER;
import static org.ovirt.isolatedports.validation.ValidationMessage.TWIN_PROFILE_MIRRORING;
import static org.ovirt.isolatedports.validation.ValidationMessage.TWIN_PROFILE_PASS_THROUGH;
import static org.ovirt.isolatedports.validation.ValidationMessage.TWIN_ROLE_STAYS;
import static org.ovirt.isolatedports.validation.ValidationMessage.VLAN_NEEDS_ISOLATION_ON_UPLINK_SWITCH;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.ovirt.isolatedports.inventory.Cluster;
import org.ovirt.isolatedports.inventory.CompatibilityLevel;
import org.ovirt.isolatedports.inventory.LevelGate;
import org.ovirt.isolatedports.inventory.LogicalNetwork;
import org.ovirt.isolatedports.inventory.NetworkRole;
import org.ovirt.isolatedports.inventory.Stated;
import org.ovirt.isolatedports.inventory.SwitchType;
import org.ovirt.isolatedports.inventory.WatchedCluster;
import org.ovirt.isolatedports.inventory.WatchedProfile;
import org.ovirt.isolatedports.validation.ValidationMessage;

class MovingInRulesTest {

  private static final LogicalNetwork BLUE = new LogicalNetwork("blue", true, false, false);
  private static final WatchedCluster GOOD = cluster("good", 8, SwitchType.LINUX_BRIDGE);
  private static final VnicMove THERE =
      new VnicMove("blue_iso", Map.of("p", "p2"), Set.of("good"), Set.of("bare"));

  private static WatchedCluster cluster(
      String name, int minor, SwitchType type, NetworkRole... roles) {
    return new WatchedCluster(
        new Cluster(name, name, new CompatibilityLevel(4, minor), type),
        Map.of("n", Set.of(roles)));
  }

  private static WatchedProfile profile(
      String id, String network, boolean passThrough, boolean mirroring) {
    return new WatchedProfile(
        id,
        id,
        network,
        Optional.empty(),
        Stated.of(passThrough),
        Stated.of(mirroring),
        false,
        false);
  }

  private static Situation situation(
      LogicalNetwork network, List<WatchedCluster> clusters, List<WatchedProfile> profiles) {
    return new Situation(
        network,
        "n",
        Optional.empty(),
        "blue_iso",
        List.of(),
        clusters,
        profiles,
        Map.of("foreign", "own"),
        List.of(),
        LevelGate.defaults());
  }

  private static List<ValidationMessage> blocking(Situation situation) {
    return MovingInRules.obstacles(situation).stream()
        .filter(Obstacle::blocking)
        .map(Obstacle::rule)
        .toList();
  }

  private static List<ValidationMessage> partial(Situation situation) {
    return MovingInRules.obstacles(situation).stream()
        .filter(obstacle -> !obstacle.blocking())
        .map(Obstacle::rule)
        .toList();
  }

  @Test
  void nothingStandsAgainstAPlainVmNetwork() {
    Situation plain = situation(BLUE, List.of(GOOD), List.of(profile("p", "n", false, false)));
    assertThat(blocking(plain)).isEmpty();
    assertThat(partial(plain)).containsExactly(TWIN_PERMISSIONS_STAY);
  }

  @Test
  void whatCannotBeIsolatedAtAll() {
    assertThat(
            blocking(situation(new LogicalNetwork("n", false, true, true), List.of(), List.of())))
        .containsExactly(
            TWIN_OF_ISOLATED_NETWORK, TWIN_OF_NON_VM_NETWORK, TWIN_OF_EXTERNAL_NETWORK);
  }

  @Test
  void clustersThatCannotIsolateAreLeftOut() {
    WatchedCluster old = cluster("old", 4, SwitchType.LINUX_BRIDGE);
    WatchedCluster ovs = cluster("ovs", 8, SwitchType.OVS);
    assertThat(blocking(situation(BLUE, List.of(old, ovs), List.of())))
        .containsExactly(TWIN_IN_NO_CLUSTER);
    Situation mixed = situation(BLUE, List.of(old, ovs, GOOD), List.of());
    assertThat(blocking(mixed)).isEmpty();
    assertThat(partial(mixed)).contains(TWIN_CLUSTER_LEVEL, TWIN_CLUSTER_SWITCH);
  }

  @Test
  void aRoleStaysWhereItIs() {
    WatchedCluster displayed = cluster("good", 8, SwitchType.LINUX_BRIDGE, NetworkRole.DISPLAY);
    assertThat(
            MovingInRules.obstacles(situation(BLUE, List.of(displayed), List.of())).stream()
                .filter(obstacle -> obstacle.rule() == TWIN_ROLE_STAYS))
        .singleElement()
        .satisfies(
            obstacle -> {
              assertThat(obstacle.blocking()).isFalse();
              assertThat(obstacle.text()).contains("display network of cluster good");
            });
  }

  @Test
  void profilesThatBypassTheBridgeAreLeftOut() {
    Situation at =
        situation(
            BLUE,
            List.of(GOOD),
            List.of(
                profile("own", "n", false, false),
                profile("sriov", "n", true, false),
                profile("mirror", "n", false, true),
                profile("foreign", "other", true, false),
                profile("far", "other", true, true)));
    assertThat(partial(at))
        .containsExactly(
            TWIN_PROFILE_PASS_THROUGH,
            TWIN_PROFILE_MIRRORING,
            TWIN_PROFILE_FAILOVER,
            TWIN_PERMISSIONS_STAY);
  }

  @Test
  void oneNicDoesNotCarryBoth() {
    Situation tagged =
        new Situation(
            BLUE,
            "n",
            Optional.of("100"),
            "blue_iso",
            List.of("tenants"),
            List.of(GOOD),
            List.of(),
            Map.of(),
            List.of(
                new Situation.CarryingHost("h1", false), new Situation.CarryingHost("h2", true)),
            LevelGate.defaults());
    List<Obstacle> found = MovingInRules.obstacles(tagged);
    assertThat(found.stream().map(Obstacle::rule))
        .containsExactly(
            TWIN_PERMISSIONS_STAY,
            TWIN_LABEL_LATER,
            TWIN_HOST_NEEDS_NIC,
            VLAN_NEEDS_ISOLATION_ON_UPLINK_SWITCH);
    assertThat(found.get(2).text())
        .startsWith("Host h1 carries Network blue but not blue_iso")
        .contains("two networks with VLAN 100");
  }

  private static VnicMove.Vnic vnic(
      String status, String cluster, String host, String profile, boolean live) {
    return new VnicMove.Vnic(
        "nic1", "vm1", status, cluster, Optional.of(host).filter(h -> !h.isEmpty()), profile, live);
  }

  private static ValidationMessage refusal(VnicMove.Vnic vnic) {
    return ((VnicMove.Step.Refused) THERE.step(vnic)).rule();
  }

  @Test
  void aVnicIsPutOnTheCounterpartOfItsProfile() {
    assertThat(THERE.step(vnic("up", "good", "full", "p", true)))
        .isEqualTo(new VnicMove.Step.Put("p2"));
    assertThat(THERE.step(vnic("down", "good", "", "p", false)))
        .isEqualTo(new VnicMove.Step.Put("p2"));
    assertThat(THERE.step(vnic("up", "good", "full", "p2", true)))
        .isEqualTo(new VnicMove.Step.Done());
  }

  @Test
  void aVnicThatWouldLoseItsConnectionStays() {
    assertThat(refusal(vnic("up", "good", "bare", "p", true))).isEqualTo(MOVE_HOST_WITHOUT_NETWORK);
    assertThat(refusal(vnic("up", "other", "full", "p", true)))
        .isEqualTo(MOVE_CLUSTER_WITHOUT_NETWORK);
    assertThat(refusal(vnic("suspended", "good", "", "p", true))).isEqualTo(MOVE_VM_BETWEEN_STATES);
    assertThat(refusal(vnic("up", "good", "full", "sriov", true)))
        .isEqualTo(MOVE_PROFILE_WITHOUT_COUNTERPART);
  }

  @Test
  void anUnpluggedVnicNeedsNoHost() {
    assertThat(THERE.step(vnic("up", "good", "bare", "p", false)))
        .isEqualTo(new VnicMove.Step.Put("p2"));
  }
}
