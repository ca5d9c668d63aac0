// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.evaluate;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.ovirt.isolatedports.policy.TestPolicies;
import org.ovirt.isolatedports.policy.inventory.Inventory;

/** The eight examples of the Harvester document, decided as OVN and Kubernetes decide them. */
class SeedExamplesTest {

  private static final Inventory INVENTORY =
      TestPolicies.inventory(TestPolicies.resource("inventory.yaml"));
  private static final JsonNode ACL_TRUTH =
      TestPolicies.json(TestPolicies.resource("truth/subnet-acl-truth.json"));
  private static final JsonNode POLICY_TRUTH =
      TestPolicies.json(TestPolicies.resource("truth/networkpolicy-truth.json"));

  /** The rule lint offers for example 3, at the indentation of the example. */
  private static final String STATEFUL_RULE =
      "$1- {action: allow-related, direction: from-lport, priority: 1006, match: ip4.src == 172.20.10.2}\n";

  private static String vm(String address) {
    return "VM" + (Integer.parseInt(address.substring(address.lastIndexOf('.') + 1)) - 1);
  }

  private static Map<String, Reachability.Pair> matrix(String policy, Flow flow) {
    return TestPolicies.matrix(INVENTORY, TestPolicies.policies(INVENTORY, policy), flow);
  }

  private static String aclExample(String name) {
    return name.equals("ex3_stateful")
        ? TestPolicies.resource("seed/subnet-acl-3.yaml")
            .replaceFirst("(?m)^( *)acls:\n", "$0" + STATEFUL_RULE)
        : TestPolicies.resource("seed/subnet-acl-" + name.substring(2) + ".yaml");
  }

  static Stream<Arguments> aclCases() {
    List<Arguments> cases = new ArrayList<>();
    for (String example : List.of("ex1", "ex2", "ex3", "ex4", "ex3_stateful")) {
      cases.add(Arguments.of(example, "icmp", Flow.ping()));
      cases.add(Arguments.of(example, "tcp80", Flow.of(Flow.Protocol.TCP, 40000, 80)));
      cases.add(Arguments.of(example, "tcp9501", Flow.of(Flow.Protocol.TCP, 9501, 80)));
    }
    return cases.stream();
  }

  @ParameterizedTest(name = "{0} {1}")
  @MethodSource("aclCases")
  void subnetAclsDecideAsOvnDoes(String example, String packet, Flow flow) {
    Map<String, Reachability.Pair> matrix = matrix(aclExample(example), flow);
    int compared = 0;
    for (var source : ACL_TRUTH.get(example).get(packet).properties()) {
      for (var destination : source.getValue().properties()) {
        String pair = vm(source.getKey()) + ">" + vm(destination.getKey());
        assertThat(matrix.get(pair).forward())
            .as(pair)
            .isEqualTo(destination.getValue().asBoolean());
        compared++;
      }
    }
    assertThat(compared).isEqualTo(20);
  }

  @ParameterizedTest
  @CsvSource({"ex1", "ex2", "ex3", "ex4"})
  void pingsToTheGatewayAreAnsweredAsOvnAnswersThem(String example) {
    Map<String, Reachability.Pair> matrix = matrix(aclExample(example), Flow.ping());
    for (var source : ACL_TRUTH.get(example).get("ping_gateway").properties()) {
      Reachability.Pair pair = matrix.get(vm(source.getKey()) + ">gateway");
      assertThat(pair.forward() && pair.reply())
          .as(pair.toString())
          .isEqualTo(source.getValue().asBoolean());
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {"ex3 | reply_to_.2 (no ct)", "ex3_stateful | reply_to_.2 (ct=rpl,est both)"})
  void repliesToTheLoneDropDieUnlessConnectionsAreTracked(String example, String row) {
    Map<String, Reachability.Pair> matrix = matrix(aclExample(example), Flow.ping());
    for (var server : ACL_TRUTH.get(example).get(row).properties()) {
      assertThat(matrix.get("VM1>" + vm(server.getKey())).reply())
          .as(server.getKey())
          .isEqualTo(server.getValue().asBoolean());
    }
  }

  @ParameterizedTest
  @CsvSource({"1", "2", "3", "4"})
  void networkPoliciesDecideAsKubernetesDoes(int example) {
    String policy = TestPolicies.resource("seed/networkpolicy-" + example + ".yaml");
    JsonNode truth = POLICY_TRUTH.get("ex" + example);
    for (Flow flow : List.of(Flow.ping(), Flow.of(Flow.Protocol.UDP, 5000, 53))) {
      Map<String, Reachability.Pair> matrix = matrix(policy, flow);
      for (var source : truth.get("connect").properties()) {
        for (var destination : source.getValue().properties()) {
          Reachability.Pair pair = matrix.get(vm(source.getKey()) + ">" + vm(destination.getKey()));
          boolean expected = destination.getValue().asBoolean();
          assertThat(pair.forward()).as(pair.toString()).isEqualTo(expected);
          assertThat(pair.reply()).as(pair.toString()).isEqualTo(expected);
        }
      }
      for (var source : truth.get("to_gateway").properties()) {
        assertThat(matrix.get(vm(source.getKey()) + ">gateway").forward())
            .isEqualTo(source.getValue().asBoolean());
      }
    }
  }

  @Test
  void theDecidingRuleIsNamedWithItsLine() {
    Map<String, Reachability.Pair> matrix = matrix(aclExample("ex2"), Flow.ping());
    assertThat(matrix.get("VM2>VM3").rule()).isEqualTo("policy0.yaml:19");
    assertThat(matrix.get("VM3>VM4").rule()).isEqualTo(Evaluator.DEFAULT_ALLOW);
  }
}
