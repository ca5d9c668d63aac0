// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.networkpolicy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.ovirt.isolatedports.policy.TestPolicies;
import org.ovirt.isolatedports.policy.acl.Subnet;
import org.ovirt.isolatedports.policy.evaluate.Flow;
import org.ovirt.isolatedports.policy.evaluate.Reachability;
import org.ovirt.isolatedports.policy.finding.PolicyException;
import org.ovirt.isolatedports.policy.finding.SourceLocation;
import org.ovirt.isolatedports.policy.inventory.Inventory;
import org.ovirt.isolatedports.policy.read.PolicySet;

/** A VM name in a policy means the VM that bore it when the policy was written. */
class NamePinsTest {

  private static Inventory inventory(String nameOfOne, String nameOfTwo) {
    return TestPolicies.inventory(
        """
        networks: [{name: net}]
        vms:
        - {name: %s, id: one, nics: [{network: net, mac: "52:54:00:00:00:01"}]}
        - {name: %s, id: two, nics: [{network: net, mac: "52:54:00:00:00:02"}]}
        - {name: db, id: three, nics: [{network: net, mac: "52:54:00:00:00:03"}]}
        """
            .formatted(nameOfOne, nameOfTwo));
  }

  private static final String POLICY =
      """
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata: {name: p}
      spec:
        podSelector: {matchLabels: {vm.kubevirt.io/name: db}}
        ingress:
        - from:
          - podSelector:
              matchExpressions: [{key: vm.kubevirt.io/name, operator: In, values: [web]}]
      """;

  private static NetworkPolicy written() {
    return TestPolicies.policies(inventory("web", "other"), POLICY).networkPolicies().get(0);
  }

  @Test
  void renamingAVmDoesNotBringItIntoAPolicy() throws PolicyException {
    NetworkPolicy pinned =
        new NamePins(Map.of("web", "one", "other", "two", "db", "three")).pin(written());
    PolicySet policies = new PolicySet(List.of(), List.of(pinned));
    Map<String, Reachability.Pair> before =
        TestPolicies.matrix(inventory("web", "other"), policies, Flow.ping());
    assertThat(before.get("web>db").forward()).isTrue();
    assertThat(before.get("other>db").forward()).isFalse();
    // One tenant gives up the name, another takes it.
    Map<String, Reachability.Pair> after =
        TestPolicies.matrix(inventory("old", "web"), policies, Flow.ping());
    assertThat(after.get("web>db").forward()).isFalse();
    assertThat(after.get("old>db").forward()).isTrue();
  }

  @Test
  void aNameThatNobodyBearsIsRefused() {
    assertThatThrownBy(() -> new NamePins(Map.of("db", "three")).pin(written()))
        .isInstanceOf(PolicyException.class)
        .hasMessageContaining("there is no VM named web");
  }

  @Test
  void theLabelOfPinsCannotBeGiven() {
    assertThatThrownBy(
            () ->
                TestPolicies.inventory(
                    "networks: [{name: net}]\nvms: [{name: a, labels:"
                        + " {isolated-ports.ovirt.org/vm-id: one}, nics: []}]\n"))
        .hasMessageContaining("cannot be set");
  }

  private static final String ACLS =
      """
      apiVersion: kubeovn.io/v1
      kind: Subnet
      metadata: {name: net}
      spec:
        acls:
        - {action: drop, direction: from-lport, priority: 1, match: 'inport == "web" && ip4'}
        - {action: drop, direction: to-lport, priority: 1, match: 'outport == {"db/nic1", "uplink"} && ip4'}
      """;

  private static Subnet writtenAcls() {
    return TestPolicies.policies(inventory("web", "other"), ACLS).subnets().get(0);
  }

  @Test
  void renamingAVmTakesItOutOfNoAcl() throws PolicyException {
    NamePins pins = new NamePins(Map.of("web", "one", "other", "two", "db", "three"));
    PolicySet policies = new PolicySet(List.of(pins.pin(writtenAcls())), List.of());
    assertThat(pins.used()).containsOnly(Map.entry("web", "one"), Map.entry("db", "three"));
    Map<String, Reachability.Pair> before =
        TestPolicies.matrix(inventory("web", "other"), policies, Flow.ping());
    assertThat(before.get("web>other").forward()).isFalse();
    assertThat(before.get("other>web").forward()).isTrue();
    assertThat(before.get("other>db").forward()).isFalse();
    assertThat(before.get("other>gateway").forward()).isFalse();
    Map<String, Reachability.Pair> after =
        TestPolicies.matrix(inventory("old", "web"), policies, Flow.ping());
    assertThat(after.get("old>web").forward()).isFalse();
    assertThat(after.get("web>old").forward()).isTrue();
  }

  @Test
  void noVmBecomesAnotherByTakingItsPinForAName() throws PolicyException {
    NamePins pins = new NamePins(Map.of("web", "one", "db", "three"));
    PolicySet policies = new PolicySet(List.of(pins.pin(writtenAcls())), List.of());
    Map<String, Reachability.Pair> matrix =
        TestPolicies.matrix(inventory("web", "'id:one'"), policies, Flow.ping());
    assertThat(matrix.get("id:one>web").forward()).isTrue();
  }

  @Test
  void anAclWithANameThatNobodyBearsIsRefused() {
    assertThatThrownBy(() -> new NamePins(Map.of("db", "three")).pin(writtenAcls()))
        .isInstanceOf(PolicyException.class)
        .hasMessageContaining("there is no VM named web");
    assertThatThrownBy(
            () -> new NamePins(Map.of()).pinPort("web/nic1", new SourceLocation("group", 1, 1)))
        .hasMessageContaining("no VM named web");
  }
}
