// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.compile;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.ovirt.isolatedports.policy.TestPolicies;
import org.ovirt.isolatedports.policy.inventory.Inventory;
import org.ovirt.isolatedports.policy.resolve.ResolvedNetwork;

/**
 * A frame passes no rule that cannot concern it, and loading takes no more elements than needed.
 */
class FewLookupsTest {

  private static final String INVENTORY =
      """
      networks: [{name: net, bridge: br0}]
      vms:
      - {name: a, nics: [{network: net, mac: "52:54:00:00:00:01", ips: [10.0.0.1]}]}
      - {name: b, nics: [{network: net, mac: "52:54:00:00:00:02"}]}
      """;

  private static Ruleset compile(String... acls) throws CompileException {
    Inventory inventory = TestPolicies.inventory(INVENTORY);
    StringBuilder yaml =
        new StringBuilder(
            "apiVersion: kubeovn.io/v1\nkind: Subnet\nmetadata: {name: net}\nspec:\n  acls:\n");
    Stream.of(acls).forEach(acl -> yaml.append("  - {").append(acl).append("}\n"));
    ResolvedNetwork network =
        ResolvedNetwork.all(inventory, TestPolicies.policies(inventory, yaml.toString()))
            .get("net");
    return NetworkRules.together(
        List.of(NetworkRules.compile("host", HostCapabilities.ALL, network)));
  }

  private static List<String> chain(Ruleset ruleset, String end) {
    return ruleset.chains().stream()
        .filter(chain -> chain.name().endsWith(end))
        .flatMap(chain -> chain.rules().stream())
        .map(Nft.Rule::text)
        .toList();
  }

  @Test
  void rangeOfPortsIsOneElement() throws CompileException {
    Ruleset ruleset =
        compile(
            "action: drop, direction: to-lport, priority: 1,"
                + " match: ip4.src == 10.9.0.1 && udp.dst >= 1000 && udp.dst <= 1100");
    assertThat(ruleset.toText()).contains("10.9.0.1 . 1000-1100 : drop");
    assertThat(
            ruleset.sets().stream().filter(NftSet::interval).mapToInt(set -> set.elements().size()))
        .containsExactly(1);
  }

  @Test
  void whatOneSaysOfPortsBesideWhatAnotherSaysStaysApart() throws CompileException {
    String ports = " match: ip4.src == 10.9.0.1 && udp.dst >= %d && udp.dst <= %d";
    Ruleset ruleset =
        compile(
            "action: drop, direction: to-lport, priority: 2," + ports.formatted(1000, 1099),
            "action: allow, direction: to-lport, priority: 2," + ports.formatted(1100, 1199),
            "action: drop, direction: to-lport, priority: 2," + ports.formatted(1200, 1300),
            "action: drop, direction: to-lport, priority: 1, match: ip4");
    assertThat(ruleset.toText())
        .contains("10.9.0.1 . 1000-1099 : drop")
        .contains("10.9.0.1 . 1100-1199 : return")
        .contains("10.9.0.1 . 1200-1300 : drop");
  }

  @Test
  void noRuleAsksMapThatLeadsNowhereAndNoHookIsEmpty() throws CompileException {
    Ruleset ruleset =
        compile("action: drop, direction: to-lport, priority: 1, match: ip4.src == 10.9.0.1");
    assertThat(ruleset.sets()).noneMatch(set -> set.isMap() && set.elements().isEmpty());
    assertThat(ruleset.toText()).doesNotContain("role_from").doesNotContain("egress");
    assertThat(ruleset.chains())
        .noneMatch(chain -> chain.hook().isPresent() && chain.rules().isEmpty());
  }

  @Test
  void directionThatStopsNothingIsNotAsked() throws CompileException {
    String drop = "action: drop, direction: to-lport, priority: 2, match: ip4.src == 10.9.0.1";
    assertThat(
            compile(drop, "action: allow, direction: from-lport, priority: 1, match: ip").toText())
        .doesNotContain("acl_enter")
        .contains("acl_leave");
    assertThat(
            compile(drop, "action: drop, direction: from-lport, priority: 1, match: ip").toText())
        .contains("acl_enter");
    // With state what is of no connection is stopped there too.
    assertThat(
            compile(drop, "action: allow-related, direction: to-lport, priority: 1, match: ip")
                .toText())
        .contains("acl_enter");
  }

  @Test
  void frameOfIpv4PassesOneRuleInPlaceOfThoseOfNeighbourDiscovery() throws CompileException {
    Ruleset ruleset =
        compile(
            "action: drop, direction: to-lport, priority: 1, match: ip4.src == 10.9.0.1",
            "action: drop, direction: to-lport, priority: 1, match: ip6.src == fd00::1");
    assertThat(chain(ruleset, "_to").get(0)).contains("meta protocol ip goto");
    assertThat(chain(ruleset, "_to")).noneMatch(rule -> rule.contains("ip saddr"));
    assertThat(chain(ruleset, "_to_ip4"))
        .hasSize(1)
        .allMatch(rule -> rule.contains("ip saddr vmap"));
    assertThat(chain(ruleset, "_to")).anyMatch(rule -> rule.contains("ip6 saddr vmap"));
  }
}
