// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.lint;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.ovirt.isolatedports.policy.TestPolicies;
import org.ovirt.isolatedports.policy.finding.PolicyException;
import org.ovirt.isolatedports.policy.inventory.Inventory;
import org.ovirt.isolatedports.policy.inventory.InventoryReader;
import org.ovirt.isolatedports.policy.read.PolicySet;
import org.ovirt.isolatedports.policy.resolve.ResolvedNetwork;

/** What lint says of policies that are valid and do not do what they seem to. */
class LinterTest {

  private static final String INVENTORY =
      """
      networks: [{name: net, cidr: 10.0.0.0/24, gateway: 10.0.0.1, port_isolation: %s}]
      vms:
      - {name: a, labels: {tier: a}, nics: [{network: net, mac: "52:54:00:00:00:02", ips: [10.0.0.2]}]}
      - {name: b, labels: {tier: b}, nics: [{network: net, mac: "52:54:00:00:00:03"%s}]}
      """;
  private static final String BOUND = ", ips: [10.0.0.3, \"fd00::3\"]";

  private static List<String> lint(boolean isolated, String ofB, String policy) {
    Inventory inventory = TestPolicies.inventory(INVENTORY.formatted(isolated, ofB));
    PolicySet policies = TestPolicies.policies(inventory, policy);
    return new Linter(inventory, ResolvedNetwork.all(inventory, policies))
        .lint().stream()
            .map(finding -> finding.location().line() + " " + finding.message())
            .toList();
  }

  /** ACLs, the first of which stands in line 5. */
  private static List<String> acls(String ofB, String... acls) {
    StringBuilder yaml =
        new StringBuilder(
            "apiVersion: kubeovn.io/v1\nkind: Subnet\nmetadata: {name: net}\nspec: {acls: [\n");
    for (String acl : acls) {
      String[] words = acl.split(" ", 4);
      yaml.append("  {direction: ").append(words[0]).append(", priority: ").append(words[1]);
      yaml.append(", action: ").append(words[2]).append(", match: '").append(words[3]);
      yaml.append("'},\n");
    }
    return lint(false, ofB, yaml.append("]}\n").toString());
  }

  private static void hasOne(List<String> findings, String start, String... parts) {
    assertThat(findings)
        .as(findings.toString())
        .filteredOn(f -> f.startsWith(start) && List.of(parts).stream().allMatch(f::contains))
        .hasSize(1);
  }

  @Test
  void namesAclsThatNeverMatch() {
    hasOne(acls(BOUND, "to-lport 20 drop tcp && udp"), "5 This ACL never matches");
  }

  @Test
  void namesAclsThatOthersDecideFor() {
    List<String> findings =
        acls(
            BOUND,
            "to-lport 20 drop ip4.dst == 10.0.0.0/25",
            "to-lport 19 allow ip4.dst == 10.0.0.2 && tcp.dst == 22",
            "to-lport 18 allow ip4.dst == 10.0.0.200");
    hasOne(findings, "6 This ACL never decides", "policy0.yaml:5");
    assertThat(findings).noneMatch(finding -> finding.startsWith("7 This ACL never decides"));
  }

  @Test
  void saysWhichOfTwoEqualPrioritiesDecides() {
    hasOne(
        acls(
            BOUND,
            "to-lport 7 drop ip4.src == 10.0.0.2",
            "to-lport 7 allow ip4.src == 10.0.0.0/24"),
        "6 ",
        "same priority 7",
        "here the drop does");
  }

  @ParameterizedTest
  @CsvSource({"from-lport, src, true", "to-lport, dst, true", "to-lport, src, false"})
  void namesAclsThatCutTheGatewayOff(String direction, String side, boolean drops) {
    String match = "ip4." + side + " == " + (drops ? "10.0.0.0/30" : "10.0.0.4/30");
    List<String> findings = acls(BOUND, direction + " 1005 drop " + match);
    assertThat(findings.stream().anyMatch(f -> f.contains("cuts the gateway 10.0.0.1 off")))
        .isEqualTo(drops);
    if (drops) {
      hasOne(
          findings,
          "5 This ACL cuts",
          "{direction: "
              + direction
              + ", priority: 1006, action: allow, match: ip4."
              + side
              + " == 10.0.0.1}");
    }
  }

  @Test
  void offersTheStatefulFormWhereRepliesDie() {
    String lone = "to-lport 1005 drop ip4.dst == 10.0.0.2";
    hasOne(
        acls(BOUND, lone),
        "5 This ACL drops replies too",
        "{direction: from-lport, priority: 1006, action: allow-related, match: ip4.src =="
            + " 10.0.0.2}");
    assertThat(acls(BOUND, lone, "from-lport 1006 allow-related ip4.src == 10.0.0.2"))
        .noneMatch(finding -> finding.contains("drops replies"));
  }

  @Test
  void saysWhatStaysOpenAndOffersTheStrictForm() {
    String drop = "to-lport 10 drop ip4.dst == 10.0.0.2";
    hasOne(
        acls(BOUND, drop),
        "5 What the ACLs",
        "stays open to IPv6, ARP, other EtherTypes.",
        "The strict form closes it");
    hasOne(
        acls("", "from-lport 10 drop ip4.src == 10.0.0.3"),
        "5 What the ACLs",
        "forged source addresses");
    hasOne(
        acls(BOUND, "to-lport 10 drop ip6.dst == fd00::3"),
        "5 What the ACLs",
        "stays open to link-local IPv6 addresses (fe80::/10), which every vNIC may use, IPv4, ARP");
    assertThat(
            acls(BOUND, drop, "to-lport 2 allow arp", "to-lport 1 drop ip6", "to-lport 0 drop 1"))
        .noneMatch(finding -> finding.contains("stays open"));
  }

  @Test
  void saysWhatARejectBecomes() {
    hasOne(acls(BOUND, "to-lport 10 reject ip4.src == 10.0.0.2"), "5 A Linux bridge cannot answer");
  }

  private static List<String> policy(boolean isolated, String spec) {
    return lint(
        isolated,
        BOUND,
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p}\nspec: {"
            + spec
            + "}\n");
  }

  @Test
  void namesPoliciesAndRulesThatSelectNobody() {
    hasOne(
        policy(false, "podSelector: {matchLabels: {tier: c}}, ingress: []"),
        "4 ",
        "selects no vNIC");
    hasOne(
        policy(false, "ingress: [{from: [{podSelector: {matchLabels: {tier: c}}}]}]"),
        "4 ",
        "allows nobody");
    hasOne(policy(false, "ingress: [{ports: [{port: http}]}]"), "4 ", "TCP port named http");
  }

  @Test
  void namesPoliciesThatThePortRolesContradict() {
    String spec = "ingress: [{from: [{podSelector: {}}]}]";
    hasOne(policy(true, spec), "4 ", "but their port roles (isolated, isolated) do not");
    assertThat(policy(false, spec)).noneMatch(finding -> finding.contains("port roles"));
  }

  @Test
  void saysWhereEgressEndsAtTheNetwork() {
    hasOne(
        policy(false, "egress: [{to: [{ipBlock: {cidr: 10.0.0.0/24}}]}], policyTypes: [Egress]"),
        "4 ",
        "send nothing beyond network net");
  }

  @ParameterizedTest
  @ValueSource(strings = {"gateways", "open"})
  void aSealedUplinkWithoutGatewaysIsNamed(String uplink) throws PolicyException {
    assertThat(
            InventoryReader.read(
                    "inventory.yaml", "networks: [{name: net, uplink: " + uplink + "}]\nvms: []\n")
                .findings())
        .hasSize(uplink.equals("open") ? 0 : 1)
        .allMatch(finding -> finding.message().contains("lists no gateway_macs"));
  }

  private static final String TWO_STACKS =
      """
      networks: [{name: net, cidr: [10.0.0.0/24, "fd00::/64"], gateway: [10.0.0.1]}]
      vms:
      - {name: a, nics: [{network: net, mac: "52:54:00:00:00:02", ips: [10.0.0.2, "fd00::2"]}]}
      """;

  /** A subnet's addresses that do not fit its network cut VMs off, where it is private. */
  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      value = {
        "cidrBlock: 10.9.0.0/24 | block-of-another-network",
        "cidrBlock: 10.9.0.0/24, private: true | vnic-outside-block",
        "cidrBlock: 10.0.0.0/24, private: true | vnic-outside-block",
        "cidrBlock: 10.0.0.0/25, gateway: 10.0.0.200 | gateway-outside",
        "cidrBlock: 10.0.0.0/24, gateway: 10.0.0.2 | gateway-of-another-network",
        "gateway: 10.9.0.1 | gateway-outside",
        "cidrBlock: '10.0.0.0/24,fd00::/64', private: true, gateway: 10.0.0.1 | none",
        "cidrBlock: 10.0.0.0/24 | none",
      })
  void namesSubnetsThatDoNotFitTheirNetwork(String spec, String kind) {
    Inventory inventory = TestPolicies.inventory(TWO_STACKS);
    PolicySet policies =
        TestPolicies.policies(
            inventory,
            "apiVersion: kubeovn.io/v1\nkind: Subnet\nmetadata: {name: net}\nspec: {"
                + spec
                + "}\n");
    List<String> kinds =
        new Linter(inventory, ResolvedNetwork.all(inventory, policies))
            .lint().stream()
                .map(finding -> finding.kind())
                .filter(k -> k.contains("block") || k.contains("gateway"))
                .toList();
    if (kind.equals("none")) {
      assertThat(kinds).isEmpty();
    } else {
      assertThat(kinds).contains(kind);
    }
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      value = {
        "10.9.0.9 | lies outside the cidr of network net",
        "10.0.0.2 | is also that of vNIC a/nic1",
        "10.0.0.1 | is that of the gateway",
      })
  void namesAddressesThatCannotBeRight(String address, String message) throws PolicyException {
    String inventory =
        TWO_STACKS
            + "- {name: b, nics: [{network: net, mac: \"52:54:00:00:00:03\", ips: ["
            + address
            + "]}]}\n";
    assertThat(InventoryReader.read("inventory.yaml", inventory).findings())
        .anyMatch(f -> !f.isError() && f.location().line() == 4 && f.message().contains(message));
  }

  @Test
  void namesAGatewayOutsideItsNetwork() throws PolicyException {
    assertThat(
            InventoryReader.read(
                    "inventory.yaml",
                    "networks: [{name: net, cidr: 10.0.0.0/24, gateway: 10.9.0.1}]")
                .findings())
        .anyMatch(f -> !f.isError() && f.message().contains("lies outside its cidr"));
  }
}
