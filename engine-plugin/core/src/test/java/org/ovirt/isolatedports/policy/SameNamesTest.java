// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.ovirt.isolatedports.policy.evaluate.Flow;
import org.ovirt.isolatedports.policy.evaluate.Reachability;
import org.ovirt.isolatedports.policy.evaluate.Tracer;
import org.ovirt.isolatedports.policy.finding.Finding;
import org.ovirt.isolatedports.policy.finding.PolicyException;
import org.ovirt.isolatedports.policy.inventory.Inventory;
import org.ovirt.isolatedports.policy.inventory.InventoryReader;
import org.ovirt.isolatedports.policy.inventory.Vm;
import org.ovirt.isolatedports.policy.read.PolicyReader;
import org.ovirt.isolatedports.policy.read.PolicySet;
import org.ovirt.isolatedports.policy.resolve.ResolvedNetwork;

/** Names of networks and VMs repeat across data centers; what is about one is never about both. */
class SameNamesTest {

  private static final String TWO_OF_EACH =
      """
      networks:
      - {id: n1, name: blue, data_center: prod, cidr: 10.0.0.0/24}
      - {id: n2, name: blue, data_center: test, cidr: 10.0.1.0/24}
      - {id: n3, name: red, data_center: test, cidr: 10.0.2.0/24}
      vms:
      - {id: v1, name: web, nics: [{network: prod/blue, mac: "52:54:00:00:00:01", ips: [10.0.0.1]}]}
      - {id: v2, name: db, nics: [{network: n1, mac: "52:54:00:00:00:02", ips: [10.0.0.2]}]}
      - {id: v3, name: web, nics: [{network: test/blue, mac: "52:54:00:00:00:03", ips: [10.0.1.1]}]}
      - {id: v4, name: mail, nics: [{network: n2, mac: "52:54:00:00:00:04", ips: [10.0.1.2]}]}
      """;

  /** Closes a network but for what comes from a port of a name. */
  private static String subnet(String name, String annotation, String port) {
    return """
    apiVersion: kubeovn.io/v1
    kind: Subnet
    metadata: {name: %s%s}
    spec:
      acls:
      - {direction: to-lport, priority: 2, action: allow, match: 'inport == "%s"'}
      - {direction: to-lport, priority: 1, action: drop, match: 1}
    """
        .formatted(
            name,
            annotation.isEmpty()
                ? ""
                : ", annotations: {" + PolicyReader.NETWORK_ANNOTATION + ": " + annotation + "}",
            port);
  }

  private static List<String> errors(Inventory inventory, Optional<String> network, String yaml) {
    PolicyReader reader = new PolicyReader(inventory, network);
    reader.read("policy.yaml", yaml);
    return reader.findings().stream().filter(Finding::isError).map(Finding::message).toList();
  }

  @ParameterizedTest
  @CsvSource({"acl, prod/blue", "acl, n1", "n1, ''", "acl, ''"})
  void anAclIsAboutTheOneNetworkThatIsMeant(String name, String annotation) {
    Inventory inventory = TestPolicies.inventory(TWO_OF_EACH);
    String yaml = subnet(name, annotation, "db");
    if (name.equals("acl") && annotation.isEmpty()) {
      yaml = yaml.replace("  acls:", "  cidrBlock: 10.0.0.0/24\n  acls:");
    }
    PolicySet policies = TestPolicies.policies(inventory, yaml);
    Map<String, Reachability.Pair> pairs = TestPolicies.matrix(inventory, policies, Flow.ping());
    assertThat(pairs.get("db>web (v1)").forward()).isTrue();
    assertThat(pairs.get("web (v1)>db").forward()).isFalse();
    assertThat(pairs.get("web (v3)>mail").forward()).isTrue();
    assertThat(pairs.get("mail>web (v3)").forward()).isTrue();
    assertThat(pairs.get("web (v1)>web (v3)").rule()).isEqualTo(Reachability.NO_NETWORK);
  }

  @Test
  void anAmbiguousNetworkIsRefusedWithTheCandidates() {
    Inventory inventory = TestPolicies.inventory(TWO_OF_EACH);
    assertThat(errors(inventory, Optional.empty(), subnet("acl", "blue", "db")))
        .singleElement()
        .asString()
        .contains("several bear that name: prod/blue, test/blue");
    assertThat(errors(inventory, Optional.of("blue"), subnet("acl", "", "db")))
        .singleElement()
        .asString()
        .contains("several bear that name: prod/blue, test/blue");
    assertThat(errors(inventory, Optional.empty(), subnet("blue", "", "db")))
        .singleElement()
        .asString()
        .contains("prod/blue, red, test/blue");
    assertThat(errors(inventory, Optional.of("n1"), subnet("acl", "prod/blue", "db"))).isEmpty();
    assertThat(errors(inventory, Optional.of("n2"), subnet("acl", "prod/blue", "db")))
        .singleElement()
        .asString()
        .contains("leave one of the two out");
  }

  @Test
  void anAmbiguousVmIsNotTracedAndAnIdIs() {
    Inventory inventory = TestPolicies.inventory(TWO_OF_EACH);
    Tracer tracer = new Tracer(inventory, ResolvedNetwork.all(inventory, PolicySet.NONE));
    for (String name : List.of("web", "web/nic1")) {
      assertThat(tracer.candidates(name)).extracting(Vm::id).containsExactly("v1", "v3");
    }
    for (String name : List.of("v1", "v1/nic1", "db")) {
      assertThat(tracer.candidates(name)).as(name).isEmpty();
      assertThat(tracer.knows(name)).as(name).isTrue();
    }
    assertThat(tracer.trace("v3", "mail", Flow.ping()).mostOpen().orElseThrow().network())
        .isEqualTo("test/blue");
    assertThat(tracer.trace("v1", "mail", Flow.ping()).mostOpen()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "networks: [{name: a}, {name: a}] | There are two networks named a; keep one",
        "networks: [{name: a, id: 1}, {name: a, id: 2}] | There are two networks named a; keep one",
        "networks: [{name: a, id: 1}, {name: b, id: 1}] | The id 1 is also that of network a",
        "networks: [{name: a, data_center: x}, {name: a, data_center: x}] | two networks named x/a",
        "networks: [{name: a, data_center: ''}] | \"data_center\" is empty",
        "networks: [{name: a, id: ''}] | \"id\" is empty",
      })
  void whatNothingTellsApartIsRefused(String yaml, String message) throws PolicyException {
    assertThat(messages(yaml.strip() + "\nvms: []\n")).contains(message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{name: v} | {name: v} | There are two VMs named v; VM names must be unique",
        "{name: v, id: 1} | {name: v} | There are two VMs named v; VM names must be unique",
        "{name: v, id: 1} | {name: w, id: 1} | The id 1 is also that of VM v",
        "{name: v, id: 1, nics: [{network: b, mac: '52:54:00:00:00:01'}]}"
            + " | {name: v, id: 2, nics: [{network: b, mac: '52:54:00:00:00:02'}]}"
            + " | There are two VMs named v on network b",
        "{name: v, nics: [{network: a, mac: '52:54:00:00:00:01'}]} | {name: w}"
            + " | several bear that name: x/a, y/a",
      })
  void vmsAndTheirNetworksAreToldApart(String one, String other, String message)
      throws PolicyException {
    String networks = "networks: [{name: a, data_center: x}, {name: a, data_center: y}, {name: b}]";
    assertThat(messages(networks + "\nvms:\n- " + one + "\n- " + other + "\n")).contains(message);
  }

  private static String messages(String yaml) throws PolicyException {
    return InventoryReader.read("inventory.yaml", yaml).findings().stream()
        .filter(Finding::isError)
        .map(Finding::message)
        .collect(Collectors.joining("\n"));
  }
}
