// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.evaluate;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.ovirt.isolatedports.policy.TestPolicies;
import org.ovirt.isolatedports.policy.inventory.Inventory;

/** A pair is shown closed only where it is closed over every family and address it can use. */
class UnknownAddressTest {

  private static String inventory(String cidr, String ipsOfA, String ipsOfB) {
    return """
        networks: [{name: net, cidr: [%s]}]
        vms:
        - {name: a, nics: [{network: net, mac: "52:54:00:00:00:0a", ips: [%s]}]}
        - {name: b, labels: {tier: back}, nics: [{network: net, mac: "52:54:00:00:00:0b", ips: [%s]}]}
        """
        .formatted(cidr, ipsOfA, ipsOfB);
  }

  private static Reachability.Pair pair(String inventoryYaml, String policy) {
    Inventory inventory = TestPolicies.inventory(inventoryYaml);
    return TestPolicies.matrix(inventory, TestPolicies.policies(inventory, policy), Flow.ping())
        .get("a>b");
  }

  private static String acls(String... acls) {
    StringBuilder yaml =
        new StringBuilder(
            "apiVersion: kubeovn.io/v1\nkind: Subnet\nmetadata: {name: net}\nspec: {acls: [\n");
    int priority = 1000;
    for (String acl : acls) {
      String[] parts = acl.split(" ", 2);
      yaml.append("  {direction: to-lport, priority: ").append(priority--);
      yaml.append(", action: ").append(parts[0]).append(", match: '").append(parts[1]);
      yaml.append("'},\n");
    }
    return yaml.append("]}\n").toString();
  }

  private static final String BOTH = "10.0.0.0/24, \"fd00::/64\"";
  private static final String A = "10.0.0.10, \"fd00::10\"";
  private static final String B = "10.0.0.11, \"fd00::11\"";

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      value = {
        "drop ip4 | PASSES | IPv6",
        "drop ip6 | PASSES | IPv4",
        "drop ip4.dst == 10.0.0.11 | PASSES | IPv6",
        "drop ip | DROPPED | IPv4",
        "drop 1 | DROPPED | IPv4",
      })
  void theMostOpenFamilyIsShown(String acl, Verdict verdict, String family) {
    Reachability.Pair pair = pair(inventory(BOTH, A, B), acls(acl));
    assertThat(pair.verdict()).isEqualTo(verdict);
    assertThat(pair.family()).isEqualTo(family);
  }

  @Test
  void everyAddressIsAsked() {
    String ips = "10.0.0.10, 10.0.0.20";
    Reachability.Pair second =
        pair(inventory("10.0.0.0/24", ips, "10.0.0.11"), acls("drop ip4.src == 10.0.0.10"));
    assertThat(second.verdict()).isEqualTo(Verdict.PASSES);
    Reachability.Pair none =
        pair(
            inventory("10.0.0.0/24", ips, "10.0.0.11"),
            acls("drop ip4.src == {10.0.0.10, 10.0.0.20}"));
    assertThat(none.verdict()).isEqualTo(Verdict.DROPPED);
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      value = {
        "drop ip4.src == 10.0.0.0/24 | UNKNOWN",
        "drop ip4.src == 0.0.0.0 | UNKNOWN",
        "drop ip4.src != 10.0.0.0/24 | UNKNOWN",
        "drop ip4 | DROPPED",
        "drop ip4.dst == 10.0.0.11 | DROPPED",
        "drop tcp | PASSES",
        "drop ip6 | PASSES",
        "drop eth.src == 52:54:00:00:00:0a | DROPPED",
        "drop inport == \"a\" | DROPPED",
      })
  void whatDependsOnAnUnknownAddressIsUnknown(String acl, Verdict verdict) {
    Reachability.Pair pair = pair(inventory("10.0.0.0/24", "", "10.0.0.11"), acls(acl));
    assertThat(pair.verdict()).as(pair.toString()).isEqualTo(verdict);
  }

  @Test
  void rulesAboveAndBelowAnUndecidedOneCount() {
    String inventory = inventory("10.0.0.0/24", "", "10.0.0.11");
    assertThat(pair(inventory, acls("allow ip4.src == 10.0.0.0/24", "drop ip4")).verdict())
        .isEqualTo(Verdict.UNKNOWN);
    assertThat(pair(inventory, acls("drop ip4.src == 10.0.0.0/24", "drop ip4")).verdict())
        .isEqualTo(Verdict.DROPPED);
    assertThat(pair(inventory, acls("allow icmp4", "drop ip4.src == 10.0.0.0/24")).verdict())
        .isEqualTo(Verdict.PASSES);
    assertThat(pair(inventory, acls("allow ip4.src == 10.0.0.0/24", "allow ip4")).verdict())
        .isEqualTo(Verdict.PASSES);
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      value = {
        "{ipBlock: {cidr: 10.0.0.0/24}} | UNKNOWN",
        "{ipBlock: {cidr: 0.0.0.0/0}} | PASSES",
        "{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8]}} | UNKNOWN",
        "{ipBlock: {cidr: 'fd00::/64'}} | DROPPED",
        "{podSelector: {}} | PASSES",
        "{podSelector: {matchLabels: {tier: no}}} | DROPPED",
      })
  void policiesOverAnUnknownAddress(String peer, Verdict verdict) {
    String policy =
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p}\nspec:"
            + " {podSelector: {matchLabels: {tier: back}}, ingress: [{from: ["
            + peer.replace("tier: no", "tier: none")
            + "]}]}\n";
    assertThat(pair(inventory("10.0.0.0/24", "", "10.0.0.11"), policy).verdict())
        .isEqualTo(verdict);
  }

  /**
   * Whether a vNIC speaks IPv6 is not known where the network does and its addresses do not say.
   */
  @Test
  void aFamilyThatMayBeSpokenIsUnknownNotClosed() {
    assertThat(pair(inventory(BOTH, "10.0.0.10", "10.0.0.11"), acls("drop ip4")).verdict())
        .isEqualTo(Verdict.UNKNOWN);
    assertThat(pair(inventory(BOTH, "", "10.0.0.11"), acls("drop ip4")).verdict())
        .isEqualTo(Verdict.UNKNOWN);
    assertThat(pair(inventory("10.0.0.0/24", "10.0.0.10", "10.0.0.11"), acls("drop ip4")).verdict())
        .isEqualTo(Verdict.DROPPED);
    assertThat(pair(inventory(BOTH, "10.0.0.10", "10.0.0.11"), acls("drop ip6")).verdict())
        .isEqualTo(Verdict.PASSES);
  }
}
