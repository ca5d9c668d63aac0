// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.ovirt.isolatedports.policy.finding.Finding;
import org.ovirt.isolatedports.policy.inventory.Inventory;
import org.ovirt.isolatedports.policy.read.PolicyReader;
import org.ovirt.isolatedports.policy.read.PolicySet;

/** What the Kubernetes API refuses is refused in its words, and what it prints is read. */
class KubernetesWordsTest {

  private static final Inventory INVENTORY =
      TestPolicies.inventory(
          "networks: [{name: net, cidr: 10.0.0.0/24}, {name: Other, cidr: 10.1.0.0/24}]\n");

  private static List<Finding> findings(String metadata, String spec) {
    return TestPolicies.findings(
        INVENTORY,
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {annotations:"
            + " {isolated-ports.ovirt.org/network: net}, "
            + metadata
            + "}\nspec: {"
            + spec
            + "}\n");
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      value = {
        "podSelector: {matchLabels: {'a b': c}} | name part must consist of alphanumeric",
        "podSelector: {matchLabels: {'/b': c}} | prefix part must be non-empty",
        "podSelector: {matchLabels: {'A.example/b': c}} | prefix part a lowercase RFC 1123 subdomain",
        "podSelector: {matchLabels: {'a/b/c': c}} | with an optional DNS subdomain prefix",
        "podSelector: {matchLabels: {'a/': c}} | name part must be non-empty",
        "podSelector: {matchLabels: {'-a': c}} | name part must consist",
        "podSelector: {matchLabels: {a: '-c'}} | a valid label must be an empty string",
        "podSelector: {matchLabels: {a: 'b c'}} | a valid label must be an empty string",
        "podSelector: {matchLabels: {a: 1}} | cannot unmarshal number",
        "podSelector: {matchLabels: {a: 1.5}} | cannot unmarshal number",
        "podSelector: {matchLabels: {a: true}} | cannot unmarshal bool",
        "podSelector: {matchLabels: {a: off}} | cannot unmarshal bool",
        "podSelector: {matchLabels: {a: }} | unknown object type \"nil\"",
        "podSelector: {matchExpressions: [{key: a, operator: in, values: [b]}]} | is not a valid selector operator",
        "podSelector: {matchExpressions: [{key: a, operator: In}]} | must be specified when `operator` is 'In' or 'NotIn'",
        "podSelector: {matchExpressions: [{key: a, operator: Exists, values: [b]}]} | may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
        "podSelector: {matchExpressions: [{key: a, operator: In, values: ['b c']}]} | a valid label must be an empty string",
        "podSelector: {matchExpressions: [{key: a, operator: In, values: [1]}]} | cannot unmarshal number",
        "podSelector: {matchExpressions: [{key: 'a b', operator: Exists}]} | name part must consist",
        "policyTypes: [Ingress, Egress, Ingress] | may not specify more than two policyTypes",
        "policyTypes: [Both] | supported values: \"Ingress\", \"Egress\"",
        "ingress: [{ports: [{protocol: tcp}]}] | supported values: \"TCP\", \"UDP\", \"SCTP\"",
        "ingress: [{ports: [{protocol: ICMP}]}] | supported values: \"TCP\", \"UDP\", \"SCTP\"",
        "ingress: [{ports: [{endPort: 80}]}] | may not be specified when `port` is not specified",
        "ingress: [{ports: [{port: http, endPort: 80}]}] | may not be specified when `port` is non-numeric",
        "ingress: [{ports: [{port: 80, endPort: 79}]}] | must be greater than or equal to `port`",
        "ingress: [{from: [{}]}] | must specify a peer",
        "ingress: [{from: [{podSelector: }]}] | must specify a peer",
        "ingress: [{from: [null]}] | must specify a peer",
        "ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8}, podSelector: {}}]}] | may not specify both ipBlock and another peer",
      })
  void specsAreRefusedInTheWordsOfTheApi(String spec, String message) {
    List<Finding> findings = findings("name: p", spec);
    assertThat(findings).anyMatch(f -> f.isError() && f.message().contains(message));
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      value = {
        "name: P | a lowercase RFC 1123 subdomain must consist",
        "name: a_b | a lowercase RFC 1123 subdomain must consist",
        "name: -a | a lowercase RFC 1123 subdomain must consist",
        "name: 5 | cannot unmarshal number",
        "name: p, namespace: Shop | a lowercase RFC 1123 label must consist",
        "name: p, namespace: a.b | must not contain dots",
        "name: p, namespace: 5 | cannot unmarshal number",
        "name: p, labels: {a: 1} | cannot unmarshal number",
        "name: p, labels: {a: 'b c'} | a valid label must be an empty string",
        "name: p, labels: {'a b': c} | name part must consist",
      })
  void metadataIsRefusedInTheWordsOfTheApi(String metadata, String message) {
    assertThat(findings(metadata, "podSelector: {}"))
        .anyMatch(f -> f.isError() && f.message().contains(message));
  }

  @Test
  void aSubnetMayBearTheNameOfItsNetwork() {
    assertThat(
            TestPolicies.findings(
                INVENTORY,
                "apiVersion: kubeovn.io/v1\nkind: Subnet\nmetadata: {name: Other}\nspec: {}\n"))
        .noneMatch(Finding::isError);
    assertThat(
            TestPolicies.findings(
                INVENTORY,
                "apiVersion: kubeovn.io/v1\nkind: Subnet\nmetadata: {name: OTHER}\nspec: {cidrBlock: 10.1.0.0/24}\n"))
        .anyMatch(f -> f.isError() && f.message().contains("RFC 1123"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"metadata:\n", "metadata: {}\n", "metadata: ~\n", "", "metadata: {name: }\n"})
  void aPolicyWithoutMetadataIsRefused(String metadata) {
    assertThat(
            TestPolicies.findings(
                INVENTORY,
                "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n"
                    + metadata
                    + "spec: {podSelector: {}}\n"))
        .anyMatch(
            f -> f.isError() && (f.message().contains("metadata") || f.message().contains("name")));
  }

  private static final String PRINTED =
      """
      apiVersion: v1
      items:
      - apiVersion: networking.k8s.io/v1
        kind: NetworkPolicy
        metadata:
          annotations:
            isolated-ports.ovirt.org/network: net
            kubectl.kubernetes.io/last-applied-configuration: |
              {"apiVersion":"networking.k8s.io/v1","kind":"NetworkPolicy"}
          creationTimestamp: "2026-01-01T00:00:00Z"
          generation: 1
          managedFields:
          - apiVersion: networking.k8s.io/v1
            fieldsType: FieldsV1
            fieldsV1:
              f:metadata:
                f:annotations:
                  .: {}
                  f:kubectl.kubernetes.io/last-applied-configuration: {}
              f:spec:
                f:podSelector: {}
            manager: kubectl-client-side-apply
            operation: Update
            time: "2026-01-01T00:00:00Z"
          name: p
          namespace: default
          resourceVersion: "123"
          uid: 0b1c2d3e-0000-4000-8000-000000000000
        spec:
          podSelector: {}
          policyTypes:
          - Ingress
        status: {}
      - apiVersion: kubeovn.io/v1
        kind: Subnet
        metadata:
          creationTimestamp: null
          finalizers: [kubeovn.io/kube-ovn-controller]
          name: net
          selfLink: ""
        spec: {}
        status:
          activateGateway: ""
          conditions: [{lastTransitionTime: "2026-01-01T00:00:00Z", status: "True", type: Ready}]
      kind: List
      metadata:
        resourceVersion: ""
        selfLink: ""
      """;

  @Test
  void whatKubectlPrintsIsRead() {
    PolicySet policies = TestPolicies.policies(INVENTORY, PRINTED);
    assertThat(policies.networkPolicies()).hasSize(1);
    assertThat(policies.subnets()).hasSize(1);
    assertThat(TestPolicies.findings(INVENTORY, PRINTED)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"items: [null]", "items: {}", "items: ", "''", "items: [{kind: Pod}]"})
  void listsWithSomethingElseAreRefused(String items) {
    assertThat(TestPolicies.findings(INVENTORY, "apiVersion: v1\nkind: List\n" + items + "\n"))
        .anyMatch(Finding::isError);
  }

  @Test
  void aNetworkThatTheAnnotationContradictsIsRefused() {
    PolicyReader reader = new PolicyReader(INVENTORY, Optional.of("Other"));
    reader.read("policy.yaml", PRINTED);
    assertThat(reader.findings())
        .anyMatch(f -> f.isError() && f.message().contains("and --network says Other"));
    PolicyReader same = new PolicyReader(INVENTORY, Optional.of("net"));
    same.read("policy.yaml", PRINTED);
    assertThat(same.findings()).noneMatch(Finding::isError);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "# nothing\n", "---\n---\n", "apiVersion: v1\nkind: List\nitems: []\n"})
  void aFileWithoutPoliciesIsSaidToHaveNone(String text) {
    assertThat(TestPolicies.findings(INVENTORY, text))
        .anyMatch(f -> !f.isError() && f.message().contains("no policies found"));
  }
}
