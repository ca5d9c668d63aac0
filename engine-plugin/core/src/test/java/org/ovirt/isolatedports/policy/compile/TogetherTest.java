// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.compile;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.ovirt.isolatedports.policy.TestPolicies;
import org.ovirt.isolatedports.policy.inventory.Inventory;
import org.ovirt.isolatedports.policy.resolve.ResolvedNetwork;

/** Rulesets share what one network alone has, and none changes what another one holds. */
class TogetherTest {

  private static final Inventory INVENTORY =
      TestPolicies.inventory(
          """
          networks: [{name: one, bridge: br1}, {name: two, bridge: br2}]
          vms:
          - {name: web, nics: [{network: one, mac: "52:54:00:00:00:00"}]}
          - {name: db, nics: [{network: two, mac: "52:54:00:00:00:01"}]}
          """);

  private static NetworkRules rules(String network, int port) throws CompileException {
    String yaml =
        """
        apiVersion: kubeovn.io/v1
        kind: Subnet
        metadata: {name: %s}
        spec:
          acls:
          - {direction: to-lport, priority: 5, action: drop, match: 'tcp.dst == 22'}
          - {direction: to-lport, priority: 5, action: drop, match: 'tcp.dst == %d'}
        """
            .formatted(network, port);
    return NetworkRules.compile(
        "host",
        HostCapabilities.ALL,
        ResolvedNetwork.of(
            INVENTORY,
            TestPolicies.policies(INVENTORY, yaml),
            INVENTORY.networks().get(network).orElseThrow()));
  }

  @Test
  void noRulesetChangesWhatAnotherOneHolds() throws Exception {
    NetworkRules one = rules("one", 80);
    NetworkRules two = rules("two", 80);
    Ruleset alone = NetworkRules.together(List.of(one));
    String before = alone.commands();
    Ruleset both = NetworkRules.together(List.of(one, two));
    assertThat(both.commands())
        .contains("nic525400000000")
        .contains("nic525400000001")
        .isEqualTo(NetworkRules.together(List.of(rules("one", 80), rules("two", 80))).commands());
    assertThat(alone.commands()).isEqualTo(before).doesNotContain("nic525400000001");
    assertThat(NetworkRules.together(List.of(one)).commands()).isEqualTo(before);
    assertThat(both.elementCount()).isGreaterThan(alone.elementCount());
  }

  @Test
  void aDifferenceHasWhatOneNetworkChangedAndNothingOfTheOther() throws Exception {
    NetworkRules two = rules("two", 80);
    Ruleset before = NetworkRules.together(List.of(rules("one", 80), two));
    Ruleset after = NetworkRules.together(List.of(rules("one", 81), two));
    assertThat(after.commandsFrom(before))
        .contains("n_one_")
        .contains("\"delete\":{\"element\"")
        .contains("81")
        .doesNotContain("n_two_")
        .doesNotContain("22");
    assertThat(after.commandsFrom(after)).doesNotContain("element");
  }
}
