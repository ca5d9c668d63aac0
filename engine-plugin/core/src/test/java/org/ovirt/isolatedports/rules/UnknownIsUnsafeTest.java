// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.rules;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.ovirt.isolatedports.inventory.Cluster;
import org.ovirt.isolatedports.inventory.CompatibilityLevel;
import org.ovirt.isolatedports.inventory.LevelGate;
import org.ovirt.isolatedports.inventory.LogicalNetwork;
import org.ovirt.isolatedports.inventory.Stated;
import org.ovirt.isolatedports.inventory.SwitchType;
import org.ovirt.isolatedports.inventory.VnicProfile;
import org.ovirt.isolatedports.inventory.WatchedCluster;
import org.ovirt.isolatedports.inventory.WatchedNetwork;
import org.ovirt.isolatedports.inventory.WatchedProfile;
import org.ovirt.isolatedports.twin.MovingInRules;

/** Every fact as known and unknown, and that write time, guard and moving in decide alike. */
class UnknownIsUnsafeTest {

  private static final LevelGate GATE = LevelGate.defaults();
  private static final LogicalNetwork ISOLATED = new LogicalNetwork("blue", true, false, true);
  private static final WatchedNetwork WATCHED =
      new WatchedNetwork("n", "blue", "dc", true, true, false, Optional.empty(), Optional.empty());

  @ParameterizedTest
  @CsvSource({
    "legacy,true",
    "LEGACY,true",
    "ovs,false",
    "OVS,false",
    "'',false",
    "linux_bridge,false",
    "evpn,false"
  })
  void onlyLinuxBridgesIsolate(String field, boolean isolates) {
    Cluster cluster =
        new Cluster("c", "west", new CompatibilityLevel(4, 8), SwitchType.ofField(field));
    WatchedCluster watched = new WatchedCluster(cluster, Map.of());
    assertThat(UnknownIsUnsafe.switchIsolates(cluster.switchType())).isEqualTo(isolates);
    assertThat(PortIsolationValidator.onlyOnLinuxBridges(ISOLATED, cluster).isValid())
        .isEqualTo(isolates);
    assertThat(IsolationRules.clusterIsOnLinuxBridges(WATCHED, watched).isValid())
        .isEqualTo(isolates);
    assertThat(MovingInRules.canIsolate(watched, GATE)).isEqualTo(isolates);
  }

  @Test
  void anUnknownLevelIsClosedWhateverTheGateSays() {
    TreeMap<CompatibilityLevel, Boolean> all = new TreeMap<>(GATE.supported());
    all.put(CompatibilityLevel.UNKNOWN, true);
    LevelGate open = new LevelGate(all);
    Cluster cluster = new Cluster("c", "west", CompatibilityLevel.UNKNOWN, SwitchType.LINUX_BRIDGE);
    WatchedCluster watched = new WatchedCluster(cluster, Map.of());
    assertThat(PortIsolationValidator.clusterLevelSupported(ISOLATED, cluster, open).isValid())
        .isFalse();
    assertThat(IsolationRules.clusterLevelIsSupported(WATCHED, watched, open).isValid()).isFalse();
    assertThat(MovingInRules.canIsolate(watched, open)).isFalse();
    assertThat(UnknownIsUnsafe.levelIsOpen(new CompatibilityLevel(9, 9), open)).isFalse();
  }

  @ParameterizedTest
  @EnumSource(Stated.class)
  void onlyProfilesThatAreSaidToStayOnTheBridgeDo(Stated passThrough) {
    boolean safe = passThrough == Stated.NO;
    VnicProfile asked = new VnicProfile("gold", passThrough, Stated.NO, Optional.empty());
    WatchedProfile watched = profile(passThrough, Stated.NO, Optional.of("true"), false);
    assertThat(PortIsolationValidator.notOnPassthroughProfiles(ISOLATED, asked).isValid())
        .isEqualTo(safe);
    assertThat(IsolationRules.profileIsNotPassThrough(WATCHED, watched).isValid()).isEqualTo(safe);
    assertThat(MovingInRules.canFollow(watched)).isEqualTo(safe);
  }

  @ParameterizedTest
  @EnumSource(Stated.class)
  void onlyProfilesThatAreSaidNotToMirrorDoNot(Stated mirroring) {
    boolean safe = mirroring == Stated.NO;
    VnicProfile asked = new VnicProfile("gold", Stated.NO, mirroring, Optional.empty());
    WatchedProfile watched = profile(Stated.NO, mirroring, Optional.of("true"), false);
    assertThat(PortIsolationValidator.notWithPortMirroring(ISOLATED, asked).isValid())
        .isEqualTo(safe);
    assertThat(IsolationRules.profileMirrorsNoPorts(WATCHED, watched).isValid()).isEqualTo(safe);
    assertThat(MovingInRules.canFollow(watched)).isEqualTo(safe);
  }

  @ParameterizedTest
  @CsvSource({
    "true,false",
    "isolated,false",
    "promiscuous,true",
    "community:blue,true",
    "community:,true",
    "Promiscuous,true",
    "false,true",
    "'',true",
    "trunk,true"
  })
  void anUnknownRoleMayReachOtherPorts(String property, boolean mayReach) {
    VnicProfile asked = new VnicProfile("gold", Stated.NO, Stated.NO, Optional.of(property));
    WatchedProfile watched = profile(Stated.NO, Stated.NO, Optional.of(property), true);
    assertThat(UnknownIsUnsafe.mayReachOtherPorts(Optional.of(property))).isEqualTo(mayReach);
    assertThat(PortIsolationValidator.openPortsNotForEveryone(ISOLATED, asked, true).isValid())
        .isEqualTo(!mayReach);
    assertThat(IsolationRules.roleIsNotForEveryone(WATCHED, watched).isValid())
        .isEqualTo(!mayReach);
  }

  @Test
  void aProfileWithoutRoleReachesNoOtherPorts() {
    assertThat(UnknownIsUnsafe.mayReachOtherPorts(Optional.empty())).isFalse();
  }

  @Test
  void aRoleWhosePermitsCannotBeReadMayUseProfiles() {
    String role = "11111111-2222-3333-4444-555555555555";
    assertThat(UnknownIsUnsafe.mayUseProfiles(role, Optional.empty())).isTrue();
    assertThat(UnknownIsUnsafe.mayUseProfiles(role, Optional.of(Set.of()))).isFalse();
    assertThat(UnknownIsUnsafe.mayUseProfiles(role, Optional.of(Set.of("login")))).isFalse();
    assertThat(UnknownIsUnsafe.mayUseProfiles(role, Optional.of(Set.of("configure_vm_network"))))
        .isTrue();
    // Known without looking, as every installed engine has them.
    assertThat(
            UnknownIsUnsafe.mayUseProfiles(
                "def00021-0000-0000-0000-def000000015", Optional.empty()))
        .isFalse();
    assertThat(
            UnknownIsUnsafe.mayUseProfiles(
                "def0000a-0000-0000-0000-def000000010", Optional.of(Set.of())))
        .isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "management",
        "MANAGEMENT",
        "display",
        "migration",
        "storage",
        "gluster",
        "vpn",
        ""
      })
  void aUsageThatIsNotKnownToBeHarmlessIsARole(String usage) {
    assertThat(UnknownIsUnsafe.roleOfUsage(usage)).isPresent();
    assertThat(
            PortIsolationValidator.withoutInfrastructureRole(ISOLATED, Set.of("vm", usage))
                .isValid())
        .isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"vm", "VM", "default_route"})
  void vmTrafficIsNoRole(String usage) {
    assertThat(UnknownIsUnsafe.roleOfUsage(usage)).isEmpty();
    assertThat(PortIsolationValidator.withoutInfrastructureRole(ISOLATED, Set.of(usage)).isValid())
        .isTrue();
  }

  @Test
  void anEngineThatDoesNotSayThatItIsolatesDoesNot() {
    WatchedNetwork unsaid =
        new WatchedNetwork(
            "n", "blue", "dc", false, true, false, Optional.empty(), Optional.empty());
    assertThat(UnknownIsUnsafe.engineIsolates(Optional.empty())).isFalse();
    assertThat(UnknownIsUnsafe.engineIsolates(Optional.of(true))).isTrue();
    assertThat(IsolationRules.engineIsolatesNetwork(unsaid).isValid()).isFalse();
  }

  private static WatchedProfile profile(
      Stated passThrough, Stated mirroring, Optional<String> property, boolean everyone) {
    return new WatchedProfile("p", "gold", "n", property, passThrough, mirroring, false, everyone);
  }
}
