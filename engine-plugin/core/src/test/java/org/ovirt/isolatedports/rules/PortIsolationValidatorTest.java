// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.rules;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.ovirt.isolatedports.inventory.Cluster;
import org.ovirt.isolatedports.inventory.CompatibilityLevel;
import org.ovirt.isolatedports.inventory.LevelGate;
import org.ovirt.isolatedports.inventory.LogicalNetwork;
import org.ovirt.isolatedports.inventory.Stated;
import org.ovirt.isolatedports.inventory.SwitchType;
import org.ovirt.isolatedports.inventory.VnicProfile;
import org.ovirt.isolatedports.validation.ValidationResult;

class PortIsolationValidatorTest {

  private static final LogicalNetwork ISOLATED = new LogicalNetwork("blue", true, false, true);
  private static final LogicalNetwork PLAIN = new LogicalNetwork("green", true, false, false);
  private static final VnicProfile USUAL =
      new VnicProfile("usual", Stated.NO, Stated.NO, Optional.empty());

  @ParameterizedTest
  @CsvSource({"true,true,true", "true,false,false", "false,true,true", "false,false,true"})
  void isolationIsOnlyForVmNetworks(boolean isolated, boolean vmNetwork, boolean valid) {
    var network = new LogicalNetwork("blue", vmNetwork, false, isolated);
    assertThat(PortIsolationValidator.onlyOnVmNetworks(network).isValid()).isEqualTo(valid);
  }

  @ParameterizedTest
  @CsvSource({"true,true,false", "true,false,true", "false,true,true", "false,false,true"})
  void isolationIsNotForExternalNetworks(boolean isolated, boolean external, boolean valid) {
    var network = new LogicalNetwork("blue", true, external, isolated);
    assertThat(PortIsolationValidator.notOnExternalNetworks(network).isValid()).isEqualTo(valid);
  }

  @Test
  void theAttributeCannotChangeInEitherDirection() {
    assertThat(PortIsolationValidator.notChangedAfterCreation(ISOLATED, PLAIN).isValid()).isFalse();
    assertThat(PortIsolationValidator.notChangedAfterCreation(PLAIN, ISOLATED).isValid()).isFalse();
    assertThat(PortIsolationValidator.notChangedAfterCreation(PLAIN, PLAIN).isValid()).isTrue();
  }

  @ParameterizedTest
  @CsvSource({"4,4,false", "4,5,true", "4,8,true", "4,9,false", "5,0,false"})
  void theLevelGateDecidesWhereAnIsolatedNetworkMayBeAttached(int major, int minor, boolean valid) {
    var cluster = cluster(major, minor, SwitchType.LINUX_BRIDGE);
    var gate = LevelGate.defaults();
    assertThat(PortIsolationValidator.clusterLevelSupported(ISOLATED, cluster, gate).isValid())
        .isEqualTo(valid);
    assertThat(PortIsolationValidator.clusterLevelSupported(PLAIN, cluster, gate).isValid())
        .isTrue();
  }

  @Test
  void theLevelMessageNamesTheLowestOpenLevel() {
    var opened = new TreeMap<>(LevelGate.defaults().supported());
    opened.put(new CompatibilityLevel(4, 3), true);
    var result =
        PortIsolationValidator.clusterLevelSupported(
            ISOLATED, cluster(4, 2, SwitchType.LINUX_BRIDGE), new LevelGate(opened));
    assertThat(text(result))
        .isEqualTo("Port isolation requires cluster compatibility level 4.3 or higher.");
  }

  @Test
  void onlyLinuxBridgesKnowIsolatedPorts() {
    var ovs = cluster(4, 8, SwitchType.OVS);
    assertThat(text(PortIsolationValidator.onlyOnLinuxBridges(ISOLATED, ovs)))
        .isEqualTo("Port isolation requires Cluster Switch Type Linux Bridge.");
    assertThat(PortIsolationValidator.onlyOnLinuxBridges(PLAIN, ovs).isValid()).isTrue();
    assertThat(
            PortIsolationValidator.onlyOnLinuxBridges(
                    ISOLATED, cluster(4, 8, SwitchType.LINUX_BRIDGE))
                .isValid())
        .isTrue();
  }

  @ParameterizedTest
  @CsvSource({
    "management,false",
    "display,false",
    "migration,false",
    "storage,false",
    "gluster,false",
    "vm,true",
    "default_route,true"
  })
  void anIsolatedNetworkTakesNoInfrastructureRole(String usage, boolean valid) {
    var usages = List.of("vm", usage);
    var result = PortIsolationValidator.withoutInfrastructureRole(ISOLATED, usages);
    assertThat(result.isValid()).isEqualTo(valid);
    assertThat(PortIsolationValidator.withoutInfrastructureRole(PLAIN, usages).isValid()).isTrue();
    if (!valid) {
      assertThat(text(result)).contains("Network blue").contains("the " + usage + " role");
    }
  }

  @Test
  void passthroughProfilesAreRefusedInTheEnginesWords() {
    var passthrough = new VnicProfile("fast", Stated.YES, Stated.NO, Optional.empty());
    assertThat(text(PortIsolationValidator.notOnPassthroughProfiles(ISOLATED, passthrough)))
        .isEqualTo(
            "Networks with Port Isolation enabled are not supported on passthrough profiles.");
    assertThat(PortIsolationValidator.notOnPassthroughProfiles(PLAIN, passthrough).isValid())
        .isTrue();
    assertThat(PortIsolationValidator.notOnPassthroughProfiles(ISOLATED, USUAL).isValid()).isTrue();
  }

  @Test
  void portMirroringIsRefusedBecauseItCopiesPastTheFlag() {
    var mirroring = new VnicProfile("tap", Stated.NO, Stated.YES, Optional.empty());
    assertThat(text(PortIsolationValidator.notWithPortMirroring(ISOLATED, mirroring)))
        .contains("Network blue")
        .contains("vNIC profile tap");
    assertThat(PortIsolationValidator.notWithPortMirroring(PLAIN, mirroring).isValid()).isTrue();
    assertThat(PortIsolationValidator.notWithPortMirroring(ISOLATED, USUAL).isValid()).isTrue();
  }

  @Test
  void anIsolatedNetworkIsNoFailoverTarget() {
    assertThat(text(PortIsolationValidator.notAsFailoverTarget(ISOLATED, USUAL)))
        .contains("vNIC profile usual would fail over to Network blue");
    assertThat(PortIsolationValidator.notAsFailoverTarget(PLAIN, USUAL).isValid()).isTrue();
  }

  @ParameterizedTest
  @CsvSource({
    "promiscuous,true,false",
    "community:red,true,false",
    "promiscuous,false,true",
    "isolated,true,true",
    "true,true,true"
  })
  void openPortsAreNotForEveryone(String role, boolean everyone, boolean valid) {
    var profile = new VnicProfile("p", Stated.NO, Stated.NO, Optional.of(role));
    assertThat(
            PortIsolationValidator.openPortsNotForEveryone(ISOLATED, profile, everyone).isValid())
        .isEqualTo(valid);
    assertThat(PortIsolationValidator.openPortsNotForEveryone(PLAIN, profile, everyone).isValid())
        .isTrue();
  }

  @ParameterizedTest
  @CsvSource({
    "02:00:00:00:00:fe,false",
    "02:00:00:00:00:FE,false",
    "02-00-00-00-00-fe,false",
    "02:00:00:00:00:01,true"
  })
  void aGatewaysMacIsNotForVnicsInAnySpelling(String mac, boolean valid) {
    var gateways = List.of("02:00:00:00:00:fe");
    assertThat(PortIsolationValidator.notWithGatewayMac(ISOLATED, mac, gateways).isValid())
        .isEqualTo(valid);
    assertThat(PortIsolationValidator.notWithGatewayMac(PLAIN, mac, gateways).isValid()).isTrue();
  }

  @Test
  void aClusterNobodyTellsUsOfIsRefusedForIsolatedPortsOnly() {
    assertThat(text(PortIsolationValidator.clusterKnown(ISOLATED, "c1", false)))
        .contains("Cluster c1")
        .contains("Network blue");
    assertThat(PortIsolationValidator.clusterKnown(PLAIN, "c1", false).isValid()).isTrue();
    assertThat(PortIsolationValidator.clusterKnown(ISOLATED, "c1", true).isValid()).isTrue();
  }

  @Test
  void aVlanTagIsWorthAWarning() {
    assertThat(
            text(PortIsolationValidator.vlanNeedsIsolationOnSwitch(ISOLATED, Optional.of("102"))))
        .contains("Network blue is VLAN-tagged (102)");
    assertThat(
            PortIsolationValidator.vlanNeedsIsolationOnSwitch(ISOLATED, Optional.empty()).isValid())
        .isTrue();
    assertThat(PortIsolationValidator.vlanNeedsIsolationOnSwitch(PLAIN, Optional.of("1")).isValid())
        .isTrue();
  }

  @ParameterizedTest
  @CsvSource({"4.5,true", "general,false", "4,false", "4.5.1,false", "-4.5,false", "99999.1,false"})
  void aLevelIsTwoNumbers(String text, boolean valid) {
    assertThat(CompatibilityLevel.parse(text).isPresent()).isEqualTo(valid);
  }

  private static Cluster cluster(int major, int minor, SwitchType switchType) {
    return new Cluster("c1", "Default", new CompatibilityLevel(major, minor), switchType);
  }

  private static String text(ValidationResult result) {
    return result.violation().orElseThrow().text();
  }
}
