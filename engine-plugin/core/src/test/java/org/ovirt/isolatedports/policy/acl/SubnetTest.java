// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.acl;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.ovirt.isolatedports.policy.TestPolicies;
import org.ovirt.isolatedports.policy.evaluate.Flow;
import org.ovirt.isolatedports.policy.evaluate.Reachability;
import org.ovirt.isolatedports.policy.finding.Finding;
import org.ovirt.isolatedports.policy.inventory.Inventory;

/** Kube-OVN's Subnet: what its fields mean, and what is refused. */
class SubnetTest {

  private static final Inventory INVENTORY =
      TestPolicies.inventory(
          """
          networks: [{name: net, cidr: 10.0.0.0/24, gateway: 10.0.0.1}]
          vms:
          - {name: in1, nics: [{network: net, mac: "52:54:00:00:00:02", ips: [10.0.0.2]}]}
          - {name: in2, nics: [{network: net, mac: "52:54:00:00:00:03", ips: [10.0.0.3]}]}
          - {name: out1, nics: [{network: net, mac: "52:54:00:00:00:04", ips: [10.9.0.4]}]}
          - {name: out2, nics: [{network: net, mac: "52:54:00:00:00:05", ips: [10.8.0.5]}]}
          """);

  private static String subnet(String spec) {
    return "apiVersion: kubeovn.io/v1\nkind: Subnet\nmetadata: {name: net}\nspec:\n  cidrBlock: 10.0.0.0/24\n"
        + spec.indent(2);
  }

  private static String acl(String direction, int priority, String action, String match) {
    return "- {direction: %s, priority: %d, action: %s, match: '%s'}\n"
        .formatted(direction, priority, action, match);
  }

  private static Map<String, Reachability.Pair> matrix(String spec) {
    return TestPolicies.matrix(
        INVENTORY, TestPolicies.policies(INVENTORY, subnet(spec)), Flow.ping());
  }

  @Test
  void aPrivateSubnetIsReachedFromItselfAlone() {
    Map<String, Reachability.Pair> matrix = matrix("private: true");
    assertThat(matrix.get("in1>in2").reply()).isTrue();
    assertThat(matrix.get("in1>gateway").reply()).isTrue();
    assertThat(matrix.get("out1>in1").forward()).isFalse();
    assertThat(matrix.get("in1>out1").forward()).isFalse();
  }

  @Test
  void aPrivateSubnetIsReachedFromAllowedSubnetsToo() {
    Map<String, Reachability.Pair> matrix =
        matrix("private: true\nallowSubnets: [10.9.0.0/16, \"fd00::/64\"]");
    assertThat(matrix.get("out1>in1").reply()).isTrue();
    assertThat(matrix.get("in1>out1").reply()).isTrue();
    assertThat(matrix.get("out2>in1").forward()).isFalse();
  }

  @Test
  void anAclOfHigherPriorityOpensAPrivateSubnet() {
    Map<String, Reachability.Pair> matrix =
        matrix("private: true\nacls:\n" + acl("to-lport", 2000, "allow", "ip4.src == 10.8.0.5"));
    assertThat(matrix.get("out2>in1").reply()).isTrue();
    assertThat(matrix.get("out1>in1").forward()).isFalse();
  }

  @Test
  void allowEwTrafficKeepsTheSubnetsOwnTrafficOpenBelowPriority1900() {
    String drop = "acls:\n" + acl("to-lport", 1500, "drop", "ip4");
    assertThat(matrix(drop).get("in1>in2").forward()).isFalse();
    Map<String, Reachability.Pair> matrix = matrix("allowEWTraffic: true\n" + drop);
    assertThat(matrix.get("in1>in2").reply()).isTrue();
    assertThat(matrix.get("out1>in1").forward()).isFalse();
    assertThat(
            matrix("allowEWTraffic: true\nacls:\n" + acl("to-lport", 2000, "drop", "ip4"))
                .get("in1>in2")
                .forward())
        .isFalse();
  }

  @Test
  void ofEqualPrioritiesTheDropDecides() {
    String both =
        "acls:\n"
            + acl("to-lport", 10, "allow-related", "ip4.dst == 10.0.0.3")
            + acl("to-lport", 10, "drop", "ip4.dst == 10.0.0.3");
    assertThat(matrix(both).get("in1>in2").forward()).isFalse();
  }

  @Test
  void neighbourDiscoveryAndRepliesPassWhereConnectionsAreTracked() {
    String spec =
        "acls:\n"
            + acl("from-lport", 10, "allow-related", "ip4.src == 10.0.0.2")
            + acl("to-lport", 5, "drop", "ip4.dst == 10.0.0.2");
    assertThat(matrix(spec).get("in1>in2").reply()).isTrue();
    assertThat(matrix(spec).get("in2>in1").forward()).isFalse();
  }

  @Test
  void fieldsWithoutMeaningAreNamedInOneWarning() {
    List<Finding> findings =
        TestPolicies.findings(
            INVENTORY, subnet("gatewayNode: \"\"\nnatOutgoing: false\nvpc: vpc1\n"));
    assertThat(findings).hasSize(1);
    assertThat(findings.get(0).isError()).isFalse();
    assertThat(findings.get(0).message()).contains("gatewayNode, natOutgoing, vpc");
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '%',
      value = {
        "acl: [] | 6:3 | A Subnet has no field \"acl\"",
        "acls: [{direction: in, priority: 1, action: drop, match: ip4}] | 6:22 | must be from-lport",
        "acls: [{direction: to-lport, priority: 40000, action: drop, match: ip4}] | 6:42 | whole number from 0 to 32767",
        "acls: [{direction: to-lport, priority: 1, action: pass, match: ip4}] | 6:53 | There are no tiers here",
        "acls: [{direction: to-lport, priority: 1, action: drop}] | 6:10 | An ACL needs \"match\"",
        "acls: [{direction: to-lport, priority: 1, action: drop, match: ip4 &}] | 6:70 | `&' is only valid as part of `&&'",
        "acls: [{direction: to-lport, priority: 1, action: drop, match: \"ip5\"}] | 6:67 | Syntax error at `ip5' expecting field name",
        "acls: [{direction: from-lport, priority: 1, action: drop, match: outport == \"x\"}] | 6:68 | use direction to-lport",
        "acls: {} | 6:9 | must be a list, not a mapping",
        "private: maybe | 6:12 | must be true or false",
        "excludeIps: [10.0.0.1..x] | 6:16 | or a range of addresses",
        "gateway: 10.0.0 | 6:12 | must be a valid IP address",
      })
  void refusalsNameThePlaceAndTheCure(String spec, String place, String message) {
    List<Finding> errors =
        TestPolicies.findings(INVENTORY, subnet(spec)).stream().filter(Finding::isError).toList();
    assertThat(errors).hasSize(1);
    assertThat(errors.get(0).message()).contains(message);
    assertThat(errors.get(0).location()).hasToString("policy0.yaml:" + place);
  }
}
