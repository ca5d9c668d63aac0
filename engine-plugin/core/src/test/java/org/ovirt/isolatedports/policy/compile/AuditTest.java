// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.compile;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.ovirt.isolatedports.policy.TestPolicies;
import org.ovirt.isolatedports.policy.evaluate.Endpoint;
import org.ovirt.isolatedports.policy.evaluate.Evaluator;
import org.ovirt.isolatedports.policy.inventory.Inventory;
import org.ovirt.isolatedports.policy.match.Field;
import org.ovirt.isolatedports.policy.match.Packet;
import org.ovirt.isolatedports.policy.match.RandomMatches;
import org.ovirt.isolatedports.policy.read.PolicySet;
import org.ovirt.isolatedports.policy.resolve.ResolvedNetwork;

/** Policies in audit: what they would drop is counted, and passes. */
class AuditTest {

  private static final Inventory INVENTORY =
      TestPolicies.inventory(
          """
          networks: [{name: net, bridge: br0}]
          vms:
          - {name: web, labels: {tier: front}, nics: [{network: net, mac: "52:54:00:00:00:00"}]}
          - {name: db, labels: {tier: back}, nics: [{network: net, mac: "52:54:00:00:00:01"}]}
          - {name: app, labels: {tier: back}, nics: [{network: net, mac: "52:54:00:00:00:02"}]}
          """);

  private static final String HEAD =
      "apiVersion: kubeovn.io/v1\nkind: Subnet\nmetadata: {name: net}\nspec:\n  acls:\n";

  private static final String IN_FORCE =
      HEAD + "  - {direction: to-lport, priority: 5, action: drop, match: 'icmp4.type == 8'}\n";

  private static final String WOULD_DROP =
      HEAD
          + """
            - {direction: to-lport, priority: 9, action: drop, match: 'tcp.dst == 80'}
            - {direction: to-lport, priority: 8, action: allow, match: 'ip4.src == 10.0.0.1'}
            - {direction: to-lport, priority: 7, action: drop, match: 'ip4'}
            - {direction: from-lport, priority: 6, action: reject, match: 'inport == "db" && ip6'}
          """;

  private static final String POLICY =
      """
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata: {name: front-alone}
      spec:
        podSelector: {matchLabels: {tier: back}}
        ingress: [{from: [{podSelector: {matchLabels: {tier: front}}}]}]
      """;

  private static ResolvedNetwork resolved(PolicySet policies) {
    return ResolvedNetwork.of(INVENTORY, policies, INVENTORY.networks().get("net").orElseThrow());
  }

  private static ResolvedNetwork resolved(String... yaml) {
    return resolved(yaml.length == 0 ? PolicySet.NONE : TestPolicies.policies(INVENTORY, yaml));
  }

  private static List<NetworkRules> rules(
      HostCapabilities capabilities, ResolvedNetwork inForce, ResolvedNetwork audited)
      throws CompileException {
    NetworkRules enforced = NetworkRules.compile("host", capabilities, inForce);
    return List.of(
        enforced, NetworkRules.counting("host", capabilities, Optional.of(enforced), audited, "1"));
  }

  private static String commands(HostCapabilities capabilities, ResolvedNetwork... both)
      throws CompileException {
    return NetworkRules.together(rules(capabilities, both[0], both[1])).commands();
  }

  private static final Map<String, String> HERE =
      Map.of("nic525400000000", "vnet0", "nic525400000001", "vnet1", "nic525400000002", "vnet2");

  /** A vNIC by its number, the uplink by -1. */
  private static Optional<String> device(int end) {
    return Optional.of(end < 0 ? "eth0" : "vnet" + end);
  }

  private static Endpoint endpoint(int end) {
    return end < 0 ? new Endpoint.Uplink() : new Endpoint.Vnic(end);
  }

  @Test
  void whatWouldBeDroppedIsCountedAndPasses() throws Exception {
    Random random = new Random(20261128);
    int counted = 0;
    int passed = 0;
    for (List<String> policies : List.of(List.of(WOULD_DROP), List.of(POLICY))) {
      for (ResolvedNetwork inForce : List.of(resolved(), resolved(IN_FORCE))) {
        ResolvedNetwork audited = resolved(policies.toArray(String[]::new));
        String rules = StandIns.replaced(commands(HostCapabilities.ALL, inForce, audited), HERE);
        for (int i = 0; i < 400; i++) {
          int from = random.nextInt(4) - 1;
          int to = random.nextInt(4) - 1;
          Packet packet = RandomMatches.packet(random);
          // What hides in several tags is dropped by networks with rules in force alone.
          if (from == to || List.of(0x8100L, 0x88a8L).contains(packet.low(Field.ETH_TYPE))) {
            continue;
          }
          packet.set(Field.ETH_SRC, mac(from)).set(Field.ARP_SHA, mac(from));
          packet.set(Field.ETH_DST, mac(to));
          NftInterpreter kernel = new NftInterpreter(rules);
          boolean passes =
              kernel.passes(
                  new NftInterpreter.Frame(
                      packet,
                      device(from),
                      device(to),
                      "br0",
                      new NftInterpreter.Tracked("new", "original")),
                  "prerouting",
                  "forward");
          boolean expected =
              new Evaluator(inForce)
                  .decide(endpoint(from), endpoint(to), packet.copy(), false)
                  .passes();
          assertThat(passes).as(rules).isEqualTo(expected);
          boolean stopped =
              !new Evaluator(audited)
                  .decide(endpoint(from), endpoint(to), packet.copy(), false)
                  .passes();
          // What is dropped later on was counted when it came in.
          if (passes || !stopped) {
            assertThat(!kernel.counted().isEmpty())
                .as("%s>%s %s: %s", from, to, rules, kernel.counted())
                .isEqualTo(stopped);
          }
          counted += stopped && passes ? 1 : 0;
          passed += stopped ? 0 : 1;
        }
      }
    }
    assertThat(counted).isGreaterThan(100);
    assertThat(passed).isGreaterThan(100);
  }

  private static long mac(int end) {
    return end < 0 ? 0x020000000001L : 0x525400000000L + end;
  }

  @Test
  void aCounterSaysWhichRuleItIsOf() throws Exception {
    NetworkRules rules =
        NetworkRules.counting(
            "host", HostCapabilities.ALL, Optional.empty(), resolved(WOULD_DROP, POLICY), "1");
    List<String> places = new ArrayList<>(rules.counters().values());
    assertThat(places).hasSize(4).anyMatch(place -> place.startsWith("ingress of "));
    assertThat(rules.counters().keySet()).allMatch(name -> name.matches("audit_[0-9a-f]{8}"));
    assertThat(new HashMap<>(NetworkRules.together(List.of(rules)).counters()))
        .isEqualTo(rules.counters());
  }

  /** Its ports are open to whoever is new there, and nothing binds or hides. */
  @Test
  void aNetworkOfAuditedPoliciesAloneDropsNothing() throws Exception {
    String rules = commands(HostCapabilities.ALL, resolved(), resolved(WOULD_DROP, POLICY));
    assertThat(rules).contains("audit_ports").doesNotContain("\"drop\"").doesNotContain("reject");
  }

  @Test
  void aHostThatCannotTrackConnectionsCountsNothingOfThem() throws Exception {
    assertThat(commands(HostCapabilities.BASIC, resolved(IN_FORCE), resolved(POLICY)))
        .isEqualTo(
            NetworkRules.together(
                    List.of(NetworkRules.compile("h", HostCapabilities.BASIC, resolved(IN_FORCE))))
                .commands());
  }

  @Test
  void aRuleThatIsAnotherCountsAnew() throws Exception {
    String other = WOULD_DROP.replace("tcp.dst == 80", "tcp.dst == 81");
    assertThat(names("1", WOULD_DROP, POLICY)).isEqualTo(names("1", WOULD_DROP, POLICY));
    Set<String> before = names("1", WOULD_DROP, POLICY);
    assertThat(names("1", other, POLICY)).as("of one ACL").hasSameSizeAs(before);
    assertThat(shared(names("1", other, POLICY), before)).as("of one ACL").hasSize(3);
    assertThat(shared(names("2", WOULD_DROP, POLICY), before)).as("of the policies").hasSize(3);
  }

  private static Set<String> names(String edition, String... audited) throws CompileException {
    return NetworkRules.counting(
            "host", HostCapabilities.ALL, Optional.empty(), resolved(audited), edition)
        .counters()
        .keySet();
  }

  private static Set<String> shared(Set<String> some, Set<String> others) {
    Set<String> both = new HashSet<>(some);
    both.retainAll(others);
    return both;
  }

  /** Where connections are tracked for what is in force, they have their zone already. */
  @Test
  void aNetworkHasOneZone() throws Exception {
    for (ResolvedNetwork inForce : List.of(resolved(), resolved(POLICY))) {
      String rules = commands(HostCapabilities.ALL, inForce, resolved(POLICY));
      assertThat(rules.split("\"zone\"", -1)).as(rules).hasSize(2);
    }
  }

  @Test
  void takingAPolicyOutOfAuditTakesItsCounterAway() throws Exception {
    Ruleset without =
        NetworkRules.together(
            List.of(NetworkRules.compile("h", HostCapabilities.BASIC, resolved(IN_FORCE))));
    Ruleset with =
        NetworkRules.together(
            rules(HostCapabilities.BASIC, resolved(IN_FORCE), resolved(WOULD_DROP)));
    assertThat(with.commandsFrom(without)).contains("\"counter\"").doesNotContain("delete");
    String away = without.commandsFrom(with);
    assertThat(away.lastIndexOf("{\"chain\"")).isLessThan(away.indexOf("{\"counter\""));
  }
}
