// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.compile;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.ovirt.isolatedports.policy.TestPolicies;
import org.ovirt.isolatedports.policy.evaluate.Endpoint;
import org.ovirt.isolatedports.policy.evaluate.Flow;
import org.ovirt.isolatedports.policy.evaluate.Reachability;
import org.ovirt.isolatedports.policy.evaluate.SeenPackets;
import org.ovirt.isolatedports.policy.evaluate.Tracer;
import org.ovirt.isolatedports.policy.evaluate.Way;
import org.ovirt.isolatedports.policy.inventory.Inventory;
import org.ovirt.isolatedports.policy.match.Field;
import org.ovirt.isolatedports.policy.match.Packet;
import org.ovirt.isolatedports.policy.read.PolicySet;
import org.ovirt.isolatedports.policy.resolve.ResolvedNetwork;

/**
 * One packet has one answer: of trace, of the matrix, and of the compiled rules. Every field of the
 * match language is asked for, with the value an ordinary packet has and with another.
 */
class OneAnswerTest {

  static final Inventory INVENTORY =
      TestPolicies.inventory(
          """
          networks:
          - {name: net, bridge: br0, cidr: [10.0.0.0/24, "fd00::/64"], gateway: [10.0.0.1, "fd00::1"],
             gateway_macs: ["02:00:00:00:00:01"]}
          vms:
          - {name: a, host: h1, nics: [{network: net, mac: "52:54:00:00:00:10", ips: [10.0.0.10, "fd00::10"]}]}
          - {name: b, host: h1, nics: [{network: net, mac: "52:54:00:00:00:11", ips: [10.0.0.11, "fd00::11"]}]}
          """);

  static final List<Flow> FLOWS =
      List.of(
          Flow.ping(),
          Flow.of(Flow.Protocol.TCP, Flow.CLIENT_PORT, 80),
          Flow.of(Flow.Protocol.UDP, Flow.CLIENT_PORT, 53),
          Flow.of(Flow.Protocol.SCTP, Flow.CLIENT_PORT, 9));

  /**
   * Comparisons of each field with what ordinary packets have in it, and with what they have not.
   */
  static List<String> matches() {
    List<String> matches =
        new ArrayList<>(
            List.of(
                "ip.ttl == 64",
                "ip.ttl == 63",
                "ip.dscp == 0",
                "ip.dscp == 46",
                "ip.ecn == 0",
                "ip.ecn == 1",
                "ip6.label == 0",
                "ip6.label == 5",
                "ip.proto == 1",
                "ip.proto == 58",
                "ip.proto == 6",
                "icmp4.type == 8",
                "icmp4.type == 0",
                "icmp4.code == 0",
                "icmp4.code == 1",
                "icmp6.type == 128",
                "icmp6.type == 129",
                "icmp6.code == 0",
                "icmp6.code == 1",
                "tcp.flags == 2",
                "tcp.flags == 0x12",
                "tcp.flags[4]",
                "tcp.src == 49152",
                "tcp.dst == 80",
                "tcp.dst == 81",
                "udp.src == 49152",
                "udp.dst == 53",
                "sctp.src == 49152",
                "sctp.dst == 9",
                "vlan.present",
                "!vlan.present",
                "vlan.vid == 7",
                "eth.type == 0x800",
                "eth.type == 0x86dd",
                "eth.type == 0x806",
                "eth.src == 52:54:00:00:00:10",
                "eth.dst == 52:54:00:00:00:10",
                "eth.dst == 02:00:00:00:00:01",
                "ip4.src == 10.0.0.10",
                "ip4.dst == 10.0.0.10",
                "ip4.src == 10.0.0.1",
                "ip6.src == fd00::10",
                "ip6.dst == fd00::10",
                "arp",
                "arp.op == 1",
                "arp.spa == 10.0.0.10",
                "arp.tpa == 10.0.0.10",
                "arp.sha == 52:54:00:00:00:10",
                "arp.tha == 52:54:00:00:00:10",
                "nd.target == fd00::10",
                "ip",
                "ip4",
                "ip6",
                "1"));
    for (Field field : Field.values()) {
      // A tag is looked at by its parts.
      String name = field == Field.VLAN_TCI ? "vlan." : field.ovnName();
      assertThat(matches).as(name).anyMatch(match -> match.startsWith(name));
    }
    return matches;
  }

  static Stream<Arguments> cases() {
    List<Arguments> cases = new ArrayList<>();
    for (String match : matches()) {
      cases.add(Arguments.of("from-lport", match));
      cases.add(Arguments.of("to-lport", match));
    }
    cases.add(Arguments.of("from-lport", "inport == \"a\""));
    cases.add(Arguments.of("to-lport", "outport == \"b/nic1\""));
    cases.add(Arguments.of("to-lport", "inport == \"uplink\""));
    return cases.stream();
  }

  @ParameterizedTest(name = "{0} drop {1}")
  @MethodSource("cases")
  void traceMatrixAndCompiledRulesAgree(String direction, String match) throws CompileException {
    Map<String, ResolvedNetwork> networks = dropping(direction, match);
    NftInterpreter kernel =
        new NftInterpreter(HostCompiler.compile("h1", HostCapabilities.ALL, networks).toJson());
    Tracer tracer = new Tracer(INVENTORY, networks);
    for (Flow flow : FLOWS) {
      for (Reachability.Pair pair : new Reachability(INVENTORY, networks).matrix(flow)) {
        Tracer.Result traced = tracer.trace(pair.from(), pair.to(), flow);
        Way most = traced.mostOpen().orElseThrow().way();
        assertThat(pair.verdict())
            .as(flow + " " + pair)
            .isEqualTo(most.exchange().forward().verdict());
        assertThat(pair.replyVerdict()).isEqualTo(most.exchange().replyVerdict());
        for (Tracer.Traced each : traced.all()) {
          Way way = each.way();
          boolean forward =
              passes(kernel, way.from().end(), way.to().end(), SeenPackets.request(way, flow));
          assertThat(forward).as(flow + " " + way).isEqualTo(way.exchange().forward().passes());
          if (forward) {
            assertThat(
                    passes(kernel, way.to().end(), way.from().end(), SeenPackets.answer(way, flow)))
                .as("the answer, " + flow + " " + way)
                .isEqualTo(way.exchange().replyPasses());
          }
        }
      }
    }
  }

  /** The network with one rule that drops. */
  static Map<String, ResolvedNetwork> dropping(String direction, String match) {
    PolicySet policies =
        TestPolicies.policies(
            INVENTORY,
            "apiVersion: kubeovn.io/v1\nkind: Subnet\nmetadata: {name: net}\nspec: {acls: [{direction: "
                + direction
                + ", priority: 10, action: drop, match: '"
                + match
                + "'}]}\n");
    return ResolvedNetwork.all(INVENTORY, policies);
  }

  private static boolean passes(NftInterpreter kernel, Endpoint from, Endpoint to, Packet packet) {
    NftInterpreter.Frame frame =
        new NftInterpreter.Frame(
            packet,
            Optional.of(device(from)),
            Optional.of(device(to)),
            "br0",
            new NftInterpreter.Tracked("new", "original"));
    return kernel.passes(frame, "prerouting", "forward");
  }

  private static String device(Endpoint end) {
    return end instanceof Endpoint.Vnic vnic ? INVENTORY.nics().get(vnic.index()).device() : "eth0";
  }
}
