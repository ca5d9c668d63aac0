// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.rules;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.ovirt.isolatedports.inventory.Cluster;
import org.ovirt.isolatedports.inventory.CompatibilityLevel;
import org.ovirt.isolatedports.inventory.Network;
import org.ovirt.isolatedports.inventory.NetworkRole;
import org.ovirt.isolatedports.inventory.SwitchType;
import org.ovirt.isolatedports.inventory.WatchedCluster;
import org.ovirt.isolatedports.validation.ValidationMessage;
import org.ovirt.isolatedports.validation.ValidationResult;

class PolicyPlaceTest {

  private static final UUID ID = UUID.fromString("00000000-0000-4000-8000-000000000001");

  private static Network network(boolean vmNetwork, boolean external) {
    return new Network(
        ID, Optional.empty(), "blue", vmNetwork, external, Optional.empty(), Optional.empty());
  }

  private static WatchedCluster cluster(
      String name, SwitchType type, Map<String, Set<NetworkRole>> attached) {
    return new WatchedCluster(new Cluster(name, name, CompatibilityLevel.UNKNOWN, type), attached);
  }

  private static void refused(ValidationResult result, ValidationMessage message, String... words) {
    assertThat(result.violation().orElseThrow().message()).isEqualTo(message);
    assertThat(result.violation().orElseThrow().text()).contains(words).doesNotContain("${");
  }

  @Test
  void onlyOnVmNetworks() {
    assertThat(PolicyPlace.onlyOnVmNetworks(network(true, false)))
        .isEqualTo(ValidationResult.VALID);
    refused(
        PolicyPlace.onlyOnVmNetworks(network(false, false)),
        ValidationMessage.POLICY_ON_NON_VM_NETWORK,
        "Network blue");
  }

  @Test
  void notOnExternalNetworks() {
    assertThat(PolicyPlace.notOnExternalNetworks(network(true, false)))
        .isEqualTo(ValidationResult.VALID);
    refused(
        PolicyPlace.notOnExternalNetworks(network(true, true)),
        ValidationMessage.POLICY_ON_EXTERNAL_NETWORK,
        "Network blue");
  }

  /** One that is not known may be one that peers need. */
  @ParameterizedTest
  @EnumSource(NetworkRole.class)
  void withoutInfrastructureRoleInAnyCluster(NetworkRole role) {
    WatchedCluster plain =
        cluster("plain", SwitchType.LINUX_BRIDGE, Map.of(ID.toString(), Set.of()));
    WatchedCluster other = cluster("other", SwitchType.LINUX_BRIDGE, Map.of("x", Set.of(role)));
    assertThat(PolicyPlace.withoutInfrastructureRole(network(true, false), List.of(plain, other)))
        .isEqualTo(ValidationResult.VALID);
    refused(
        PolicyPlace.withoutInfrastructureRole(
            network(true, false),
            List.of(
                plain,
                cluster("c2", SwitchType.LINUX_BRIDGE, Map.of(ID.toString(), Set.of(role))))),
        ValidationMessage.POLICY_ON_ROLE_NETWORK,
        "Network blue",
        role.text(),
        "cluster c2");
  }

  @ParameterizedTest
  @EnumSource(
      value = SwitchType.class,
      names = {"OVS", "UNKNOWN"})
  void onlyOnLinuxBridges(SwitchType type) {
    assertThat(
            PolicyPlace.onlyOnLinuxBridges(
                network(true, false), List.of(cluster("c", type, Map.of("x", Set.of())))))
        .isEqualTo(ValidationResult.VALID);
    refused(
        PolicyPlace.onlyOnLinuxBridges(
            network(true, false), List.of(cluster("c", type, Map.of(ID.toString(), Set.of())))),
        ValidationMessage.POLICY_ON_OTHER_SWITCH,
        "cluster c",
        type.title());
  }

  @Test
  void notForStorage() {
    assertThat(PolicyPlace.notForStorage(network(true, false), Optional.empty()))
        .isEqualTo(ValidationResult.VALID);
    refused(
        PolicyPlace.notForStorage(network(true, false), Optional.of("bond1")),
        ValidationMessage.POLICY_ON_STORAGE_NETWORK,
        "iSCSI bond bond1");
  }

  @Test
  void aNetworkWithPoliciesGetsNoRoleAndNoOtherSwitch() {
    assertThat(PolicyPlace.noRoleWherePoliciesAre("blue", true, List.of("vm", "default_route")))
        .isEqualTo(ValidationResult.VALID);
    assertThat(PolicyPlace.noRoleWherePoliciesAre("blue", false, List.of("display")))
        .isEqualTo(ValidationResult.VALID);
    for (String usage : List.of("display", "management", "a word from the future")) {
      refused(
          PolicyPlace.noRoleWherePoliciesAre("blue", true, List.of("vm", usage)),
          ValidationMessage.ROLE_ON_NETWORK_WITH_POLICIES,
          "Network blue",
          usage);
    }
    Cluster ovs = cluster("c", SwitchType.OVS, Map.of()).cluster();
    assertThat(PolicyPlace.noOtherSwitchWherePoliciesAre("blue", false, ovs))
        .isEqualTo(ValidationResult.VALID);
    refused(
        PolicyPlace.noOtherSwitchWherePoliciesAre("blue", true, ovs),
        ValidationMessage.OTHER_SWITCH_FOR_NETWORK_WITH_POLICIES,
        "Network blue",
        "cluster c",
        "OVS");
  }
}
