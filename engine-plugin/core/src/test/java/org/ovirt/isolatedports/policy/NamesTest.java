// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.ovirt.isolatedports.policy.evaluate.Flow;
import org.ovirt.isolatedports.policy.evaluate.Tracer;
import org.ovirt.isolatedports.policy.evaluate.Verdict;
import org.ovirt.isolatedports.policy.finding.Finding;
import org.ovirt.isolatedports.policy.finding.PolicyException;
import org.ovirt.isolatedports.policy.inventory.Inventory;
import org.ovirt.isolatedports.policy.inventory.InventoryReader;
import org.ovirt.isolatedports.policy.lint.Linter;
import org.ovirt.isolatedports.policy.read.PolicyReader;
import org.ovirt.isolatedports.policy.read.PolicySet;
import org.ovirt.isolatedports.policy.resolve.ResolvedNetwork;

/** Names that mean something, wherever a name can stand. Tenants can rename their VMs. */
class NamesTest {

  private static InventoryReader.Result read(String yaml) {
    try {
      return InventoryReader.read("inventory.yaml", yaml);
    } catch (PolicyException e) {
      throw new AssertionError(e);
    }
  }

  private static String quoted(String name) {
    return "\"" + name.replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
  }

  private static InventoryReader.Result withVmNamed(String name) {
    return read(
        """
        networks: [{name: net, cidr: 10.0.0.0/24, gateway: 10.0.0.1}]
        vms:
        - {name: %s, host: h1, nics: [{network: net, mac: "52:54:00:00:00:0a", ips: [10.0.0.10]}]}
        - {name: b, host: h1, nics: [{network: net, mac: "52:54:00:00:00:0b", ips: [10.0.0.11]}]}
        """
            .formatted(quoted(name)));
  }

  /** Whether the first VM reaches b where only frames from a port of a name may. */
  private static Verdict reaches(Inventory inventory, String port) {
    String policy =
        """
        apiVersion: kubeovn.io/v1
        kind: Subnet
        metadata: {name: net}
        spec:
          acls:
          - {direction: to-lport, priority: 2, action: allow, match: 'inport == %s'}
          - {direction: to-lport, priority: 1, action: drop, match: 1}
        """
            .formatted(quoted(port));
    PolicySet policies = TestPolicies.policies(inventory, policy);
    Map<String, ResolvedNetwork> networks = ResolvedNetwork.all(inventory, policies);
    return new Tracer(inventory, networks)
        .trace(inventory.nics().get(0).portName(), "b", Flow.ping())
        .mostOpen()
        .orElseThrow()
        .way()
        .exchange()
        .forward()
        .verdict();
  }

  @ParameterizedTest
  @ValueSource(strings = {"uplink", "gateway"})
  void aVmWithAReservedNameIsRefusedAndNeverMetByIt(String name) {
    InventoryReader.Result result = withVmNamed(name);
    assertThat(result.findings())
        .anyMatch(
            f ->
                f.isError()
                    && !f.isFatal()
                    && f.message().contains("\"" + name + "\"")
                    && f.location().line() == 3);
    assertThat(reaches(result.inventory(), name)).isEqualTo(Verdict.DROPPED);
    assertThat(reaches(result.inventory(), name + "/nic1")).isEqualTo(Verdict.PASSES);
    assertThat(TestPolicies.matrix(result.inventory(), PolicySet.NONE, Flow.ping()))
        .containsKeys(name + ">b", "gateway>b");
  }

  /** Names that look like something of the match language are names in quotes, and nothing else. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "ip4",
        "inport",
        "outport",
        "tcp",
        "1",
        "0",
        "==",
        "&&",
        "$admins",
        "@fronts",
        "eth.src",
        "Uplink",
        "UPLINK",
        "uplink ",
        "gateway1",
        "isolated",
        "promiscuous",
        "default",
        "VM/NIC",
        "null",
        "true",
        "010",
        "ü",
        "a b",
        "{}",
        "a\\b",
        "a/b"
      })
  void otherNamesMeanTheirVmAlone(String name) {
    InventoryReader.Result result = withVmNamed(name);
    assertThat(result.findings()).noneMatch(Finding::isError);
    assertThat(reaches(result.inventory(), name)).isEqualTo(Verdict.PASSES);
    assertThat(reaches(result.inventory(), "other")).isEqualTo(Verdict.DROPPED);
  }

  /** A VM named as another's port must not be met where that port is meant. */
  @Test
  void aVmNamedAsAnothersVnicIsNotMetByIt() {
    InventoryReader.Result result =
        read(
            """
            networks: [{name: net, cidr: 10.0.0.0/24}]
            vms:
            - {name: web/nic1, nics: [{network: net, mac: "52:54:00:00:00:0a", ips: [10.0.0.10]}]}
            - {name: b, nics: [{network: net, mac: "52:54:00:00:00:0b", ips: [10.0.0.11]}]}
            - {name: web, nics: [{network: net, mac: "52:54:00:00:00:0c", ips: [10.0.0.12]}]}
            """);
    assertThat(result.findings()).anyMatch(f -> f.isError() && f.message().contains("web/nic1"));
    assertThat(reaches(result.inventory(), "web/nic1")).isEqualTo(Verdict.DROPPED);
    assertThat(reaches(result.inventory(), "web/nic1/nic1")).isEqualTo(Verdict.PASSES);
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      value = {
        "networks: [{name: ''}] | needs \"name\"",
        "networks: [{name: net}], namespaces: [{name: ''}] | needs \"name\"",
        "networks: [{name: net}], namespaces: [{name: Shop}] | RFC 1123",
        "networks: [{name: net}], namespaces: [{name: a.b}] | must not contain dots",
        "networks: [{name: net}], vms: [{name: ''}] | needs \"name\"",
        "networks: [{name: net}], vms: [{name: a, namespace: Shop}] | RFC 1123",
        "networks: [{name: net}], vms: [{name: a, host: ''}] | \"host\" is empty",
        "networks: [{name: net}], vms: [{name: a, id: ''}] | \"id\" is empty",
        "networks: [{name: net}], vms: [{name: a, labels: {'a b': c}}] | name part must consist",
        "networks: [{name: net}], vms: [{name: a, labels: {a: 'b c'}}] | a valid label must be",
        "networks: [{name: net}], vms: [{name: a, labels: {vm.kubevirt.io/name: b}}] | cannot be set",
        "networks: [{name: net}], vms: [{name: a, nics: [{network: net, mac: '52:54:00:00:00:01', name: 'x/y'}]}] | cannot contain /",
        "networks: [{name: net}], vms: [{name: a, nics: [{network: net, mac: '52:54:00:00:00:01', name: ''}]}] | \"name\" is empty",
        "networks: [{name: net}], vms: [{name: a, nics: [{network: net, mac: '52:54:00:00:00:01', ports: [{name: '80', port: 80}]}]}] | at least one letter",
        "networks: [{name: net}], address_sets: {my-set: []} | No match can name $my-set",
        "networks: [{name: net}], port_groups: {'1': []} | No match can name @1",
        "networks: [{name: net}], port_groups: {a: ['']} | is empty",
      })
  void namesThatCannotBeUsedAreRefused(String yaml, String message) {
    assertThat(read("{" + yaml + "}").findings())
        .anyMatch(f -> f.isError() && f.message().contains(message));
  }

  @ParameterizedTest
  @ValueSource(strings = {"uplink", "gateway", "inport", "ip4"})
  void otherThingsMayBearAnyName(String name) {
    InventoryReader.Result result =
        read(
            """
            networks: [{name: %1$s, cidr: 10.0.0.0/24}]
            namespaces: [{name: %1$s}]
            vms:
            - {name: a, namespace: %1$s, host: %1$s, labels: {%1$s: %1$s}, nics: [{name: %1$s, network: %1$s,
               mac: "52:54:00:00:00:0a", ips: [10.0.0.10], role: "community:%1$s"}]}
            - {name: b, nics: [{network: %1$s, mac: "52:54:00:00:00:0b", ips: [10.0.0.11]}]}
            address_sets: {%1$s: [10.0.0.1]}
            port_groups: {%1$s: [a]}
            """
                .formatted(name));
    assertThat(result.findings()).noneMatch(Finding::isError);
    Inventory inventory = result.inventory();
    PolicyReader reader = new PolicyReader(inventory, Optional.empty());
    reader.read(
        "policy.yaml",
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: "
            + name
            + ", namespace: "
            + name
            + "}\nspec: {podSelector: {}}\n");
    assertThat(reader.findings()).noneMatch(Finding::isError);
    assertThat(TestPolicies.matrix(inventory, reader.policies(), Flow.ping()).get("b>a").forward())
        .isFalse();
  }

  /** The warning about renaming is that of {@code vm.kubevirt.io/name}. */
  @Test
  void aMatchByVmNameIsWarnedOf() {
    Inventory inventory = withVmNamed("a").inventory();
    for (String match : List.of("inport == \"a\"", "outport == \"a/nic1\"", "inport == {\"b\"}")) {
      PolicySet policies =
          TestPolicies.policies(
              inventory,
              "apiVersion: kubeovn.io/v1\nkind: Subnet\nmetadata: {name: net}\nspec: {acls:"
                  + " [{direction: to-lport, priority: 1, action: drop, match: '"
                  + match
                  + "'}]}\n");
      assertThat(new Linter(inventory, ResolvedNetwork.all(inventory, policies)).lint())
          .anyMatch(f -> f.message().contains("tenants can rename their VMs"));
    }
  }
}
