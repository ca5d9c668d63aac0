// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.network;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.ovirt.isolatedports.validation.ValidationResult;

class PortIsolationValidatorTest {

  private static final LogicalNetwork ISOLATED = new LogicalNetwork("blue", true, false, true);
  private static final LogicalNetwork PLAIN = new LogicalNetwork("green", true, false, false);

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
