// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.ovirt.isolatedports.policy.evaluate.Flow;
import org.ovirt.isolatedports.policy.finding.Finding;
import org.ovirt.isolatedports.policy.inventory.Inventory;
import org.ovirt.isolatedports.policy.read.PolicyReader;

/**
 * Inputs made after what others have got wrong: the validation tests of the Kubernetes API, OVN's
 * tests of its expressions, and reports of misread policies. Each is refused, or means what it
 * means there: whether a then reaches port 80 of b.
 */
class OutsideInputsTest {

  private static final Inventory INVENTORY =
      TestPolicies.inventory(
          """
          networks: [{name: net, cidr: 10.0.0.0/24, gateway: 10.0.0.1}]
          vms:
          - {name: a, labels: {app: a}, nics: [{network: net, mac: "52:54:00:00:00:0a", ips: [10.0.0.10]}]}
          - {name: b, labels: {app: b}, nics: [{network: net, mac: "52:54:00:00:00:0b", ips: [10.0.0.11], ports: [{name: http, port: 80}]}]}
          address_sets: {set: [10.0.0.10], none: []}
          port_groups: {group: [a]}
          """);

  private static void means(String expected, String yaml) {
    PolicyReader reader = new PolicyReader(INVENTORY, Optional.empty());
    reader.read("policy.yaml", yaml);
    List<Finding> errors = reader.findings().stream().filter(Finding::isError).toList();
    if (expected.equals("refused")) {
      assertThat(errors).as(yaml).isNotEmpty();
      return;
    }
    assertThat(errors).as(yaml).isEmpty();
    boolean passes =
        TestPolicies.matrix(
                INVENTORY, reader.policies(), Flow.of(Flow.Protocol.TCP, Flow.CLIENT_PORT, 80))
            .get("a>b")
            .forward();
    assertThat(passes ? "open" : "closed").as(yaml + reader.findings()).isEqualTo(expected);
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "podSelector: {} | closed",
        "podSelector: {}, ingress: null | closed",
        "podSelector: {}, ingress: [] | closed",
        "podSelector: {}, ingress: [{}] | open",
        "podSelector: {}, ingress: [null] | refused",
        "podSelector: {}, ingress: {} | refused",
        "podSelector: {}, ingress: [[]] | refused",
        "podSelector: {}, ingress: ['{}'] | refused",
        "podSelector: {}, ingress: [{from: []}] | open",
        "podSelector: {}, ingress: [{from: null}] | open",
        "podSelector: {}, ingress: [{from: {}}] | refused",
        "podSelector: {}, ingress: [{from: [{podSelector: {}}]}] | open",
        "podSelector: {}, ingress: [{from: [{podSelector: {}, namespaceSelector: {}}]}] | open",
        "podSelector: {}, ingress: [{from: [{podSelector: {matchLabels: {app: b}}}]}] | closed",
        "podSelector: {}, ingress: [{from: [{podSelector: {matchLabels: null}}]}] | open",
        "podSelector: {}, ingress: [{from: [{podSelector: {matchLabels: []}}]}] | refused",
        "podSelector: {}, ingress: [{from: [{podSelector: [a]}]}] | refused",
        "podSelector: {}, ingress: [{from: [{podSelector: {app: a}}]}] | refused",
        "podSelector: {}, ingress: [{from: [{podselector: {}}]}] | refused",
        "podSelector: {}, ingress: [{from: [{ipBlock: {}}]}] | refused",
        "podSelector: {}, ingress: [{from: [{ipBlock: {cidr: ''}}]}] | refused",
        "podSelector: {}, ingress: [{from: [{ipBlock: {cidr: null}}]}] | refused",
        "podSelector: {}, ingress: [{from: [{ipBlock: {cidr: [10.0.0.0/24]}}]}] | refused",
        "podSelector: {}, ingress: [{from: [{ipBlock: 10.0.0.0/24}]}] | refused",
        "podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/24, except: null}}]}] | open",
        "podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/24, except: []}}]}] | open",
        "podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/24, except: 10.0.0.10/32}}]}] | refused",
        "podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/24, except: [null]}}]}] | refused",
        "podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/24, except: ['']}}]}] | refused",
        "podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/24, except: [10.0.0.10/32]}}]}] | closed",
        "podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/24, exclude: [10.0.0.10/32]}}]}] | refused",
        "podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/24, except: [10.0.0.10/32]}}, {podSelector: {matchLabels: {app: a}}}]}] | open",
        "podSelector: {}, ingress: [{from: [{ipBlock: {cidr: '10.0.0.0/24 '}}]}] | refused",
        "podSelector: {}, ingress: [{from: [{ipBlock: {cidr: '１0.0.0.0/24'}}]}] | refused",
        "podSelector: {}, ingress: [{from: [{ipBlock: {cidr: '10.0.0.0\\\\24'}}]}] | refused",
        "podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/-1}}]}] | refused",
        "podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/}}]}] | refused",
        "podSelector: {}, ingress: [{from: [{ipBlock: {cidr: '::ffff:0:0/96'}}]}] | refused",
        "podSelector: {}, ingress: [{from: [{ipBlock: {cidr: '0:0:0:0:0:0:0:0/0'}}]}] | closed",
        "podSelector: {}, ingress: [{to: [{podSelector: {}}]}] | refused",
        "podSelector: {}, egress: [{from: [{podSelector: {}}]}] | refused",
        "podSelector: {}, ingress: [{ports: []}] | open",
        "podSelector: {}, ingress: [{ports: null}] | open",
        "podSelector: {}, ingress: [{ports: {port: 80}}] | refused",
        "podSelector: {}, ingress: [{ports: [80]}] | refused",
        "podSelector: {}, ingress: [{ports: [null]}] | refused",
        "podSelector: {}, ingress: [{ports: [{}]}] | open",
        "podSelector: {}, ingress: [{ports: [{protocol: TCP}]}] | open",
        "podSelector: {}, ingress: [{ports: [{protocol: UDP}]}] | closed",
        "podSelector: {}, ingress: [{ports: [{protocol: null}]}] | open",
        "podSelector: {}, ingress: [{ports: [{protocol: ''}]}] | refused",
        "podSelector: {}, ingress: [{ports: [{protocol: 6}]}] | refused",
        "podSelector: {}, ingress: [{ports: [{protocol: ' TCP'}]}] | refused",
        "podSelector: {}, ingress: [{ports: [{port: null}]}] | open",
        "podSelector: {}, ingress: [{ports: [{port: true}]}] | refused",
        "podSelector: {}, ingress: [{ports: [{port: [80]}]}] | refused",
        "podSelector: {}, ingress: [{ports: [{port: 80, endPort: 80}]}] | open",
        "podSelector: {}, ingress: [{ports: [{port: 1, endPort: 65535}]}] | open",
        "podSelector: {}, ingress: [{ports: [{port: null, endPort: 80}]}] | refused",
        "podSelector: {}, ingress: [{ports: [{port: 79, endport: 80}]}] | refused",
        "podSelector: {}, ingress: [{ports: [{port: http}]}] | open",
        "podSelector: {}, ingress: [{ports: [{port: https}]}] | closed",
        "podSelector: {}, ingress: [{ports: [{port: http, protocol: UDP}]}] | closed",
        "podSelector: {}, ingress: [{ports: [{name: http, port: 80}]}] | refused",
        "podSelector: {}, ingress: [{ports: [{port: .inf}]}] | refused",
        "podSelector: {}, ingress: [{ports: [{port: 0o120}]}] | refused",
        "podSelector: {}, policyTypes: [] | closed",
        "podSelector: {}, policyTypes: null | closed",
        "podSelector: {}, policyTypes: [null] | refused",
        "podSelector: {}, policyTypes: Ingress | refused",
        "podSelector: {}, policyTypes: [ingress] | closed",
        "podSelector: {}, policyTypes: ['Ingress '] | refused",
        "podSelector: {}, policyTypes: [Ingress, Ingress] | closed",
        "podSelector: {}, policyTypes: [Egress] | closed",
        "podSelector: {}, policyTypes: [Egress], egress: [{}] | open",
        "podSelector: {matchLabels: {app: c}} | open",
        "podSelector: {matchLabels: {app: b}}, policyTypes: [Egress] | open",
        "podSelector: {matchLabels: {app: b}}, egress: [] | closed",
        "podSelector: {matchLabels: {app: b}}, policyTypes: [Egress], ingress: [] | open",
        "podSelector: {matchExpressions: null} | closed",
        "podSelector: {matchExpressions: [null]} | refused",
        "podSelector: {matchExpressions: {}} | refused",
        "podSelector: {matchExpressions: [{}]} | refused",
        "podSelector: {matchExpressions: [{key: app}]} | refused",
        "podSelector: {matchExpressions: [{key: app, operator: Gt, values: ['1']}]} | refused",
        "podSelector: {matchExpressions: [{key: app, operator: In, values: []}]} | refused",
        "podSelector: {matchExpressions: [{key: app, operator: In, values: null}]} | refused",
        "podSelector: {matchExpressions: [{key: app, operator: In, values: b}]} | refused",
        "podSelector: {matchExpressions: [{key: app, operator: In, values: [b, null]}]} | refused",
        "podSelector: {matchExpressions: [{key: '', operator: Exists}]} | refused",
        "podSelector: {matchExpressions: [{key: null, operator: Exists}]} | refused",
        "podSelector: {matchExpressions: [{key: app, operator: Exists, values: []}]} | closed",
        "podSelector: {matchExpressions: [{key: app, operator: Exists, values: null}]} | closed",
        "podSelector: {matchExpressions: [{key: app, operator: In, values: [b, b]}]} | closed",
        "podSelector: {matchExpressions: [{key: app, operator: NotIn, values: [b]}]} | open",
        "podSelector: {matchExpressions: [{key: nope, operator: NotIn, values: [b]}]} | closed",
        "podSelector: {matchExpressions: [{key: nope, operator: DoesNotExist}]} | closed",
        "podSelector: {matchLabels: {app: b}, matchExpressions: [{key: app, operator: In, values: [a]}]} | open",
        "podSelector: {matchLabels: {app: b, app: a}} | refused",
        "podSelector: {}, podSelector: {} | refused",
        "podSelector: {}, ingres: [] | refused",
        "podSelector: {}, Ingress: [] | refused",
      })
  void networkPolicies(String spec, String expected) {
    means(
        expected,
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p}\nspec: {"
            + spec
            + "}\n");
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "apiVersion: networking.k8s.io/v1beta1, kind: NetworkPolicy",
        "apiVersion: extensions/v1beta1, kind: NetworkPolicy",
        "apiVersion: v1, kind: NetworkPolicy",
        "apiVersion: networking.k8s.io/v1, kind: Networkpolicy",
        "apiVersion: networking.k8s.io/v1, kind: [NetworkPolicy]",
        "apiVersion: null, kind: NetworkPolicy",
        "kind: NetworkPolicy",
        "apiVersion: networking.k8s.io/v1",
        "apiVersion: networking.k8s.io/v1, kind: null",
        "apiVersion: policy.networking.k8s.io/v1alpha1, kind: AdminNetworkPolicy",
        "apiVersion: projectcalico.org/v3, kind: NetworkPolicy",
        "apiVersion: cilium.io/v2, kind: CiliumNetworkPolicy",
        "apiversion: networking.k8s.io/v1, kind: NetworkPolicy",
        "apiVersion: kubeovn.io/v1, kind: NetworkPolicy",
        "apiVersion: networking.k8s.io/v1, kind: Subnet",
      })
  void otherKindsAreRefused(String head) {
    means("refused", "{" + head + ", metadata: {name: net}, spec: {podSelector: {}}}\n");
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiterString = "=>",
      quoteCharacter = '`',
      value = {
        "ip4.src == 10.0.0.10 => closed",
        "ip4.src != 10.0.0.10 => open",
        "!(ip4.src == 10.0.0.10) => open",
        "10.0.0.10 == ip4.src => closed",
        "ip4.src == {10.0.0.10} => closed",
        "ip4.src == {10.0.0.9, 10.0.0.10,} => closed",
        "ip4.src == {10.0.0.9 10.0.0.10} => closed",
        "ip4.src == {} => refused",
        "ip4.src == {10.0.0.9; 10.0.0.10} => refused",
        "ip4.src == [10.0.0.10] => refused",
        "ip4.src = 10.0.0.10 => refused",
        "ip4.src === 10.0.0.10 => refused",
        "ip4.src == 10.0.0.256 => refused",
        "ip4.src == 10.0.0.10-10.0.0.20 => refused",
        "ip4.src == 10.0.0.10/33 => refused",
        "ip4.src == 10.0.0 => refused",
        "ip4.src == '10.0.0.10' => refused",
        "ip4.src == fd00::10 => refused",
        "ip6.src == 10.0.0.10 => open",
        "ip.src == 10.0.0.10 => refused",
        "ip4.source == 10.0.0.10 => refused",
        "IP4.src == 10.0.0.10 => refused",
        "ip4.src == $set => closed",
        "ip4.src == {$set, 10.0.0.9} => closed",
        "ip4.src == $none => open",
        "ip4.src == $missing => refused",
        "ip4.src == @group => refused",
        "ip4.src == set => refused",
        "inport == @group => closed",
        "inport == @missing => refused",
        "inport == group => refused",
        "inport == 5 => refused",
        "inport < \"a\" => refused",
        "tcp.dst == 80 => closed",
        "tcp.dst == 0x50 => closed",
        "tcp.dst == 080 => refused",
        "tcp.dst == 80-90 => refused",
        "tcp.dst == {80..90} => refused",
        "tcp.dst == {80-90} => refused",
        "tcp.dst == 65536 => refused",
        "tcp.dst == -1 => refused",
        "tcp.dst == http => refused",
        "tcp.dst >= 80 && tcp.dst <= 90 => closed",
        "80 <= tcp.dst <= 90 => closed",
        "79 < tcp.dst < 81 => closed",
        "80 >= tcp.dst >= 80 => closed",
        "80 <= tcp.dst >= 90 => refused",
        "80 < tcp.dst == 90 => refused",
        "tcp && tcp.dst == 80 => closed",
        "tcp and tcp.dst == 80 => refused",
        "tcp, tcp.dst == 80 => refused",
        "tcp & tcp.dst == 80 => refused",
        "tcp || udp && ip4 => refused",
        "(tcp || udp) && ip4 => closed",
        "(tcp => refused",
        "tcp) => refused",
        "() => refused",
        "tcp && => refused",
        "tcp tcp => refused",
        "!tcp => refused",
        "!!tcp => refused",
        "not tcp => refused",
        "tcp.dst => refused",
        "!tcp.dst => open",
        "udp.dst == 80 => open",
        "ip.proto == 6 => closed",
        "ip.proto == tcp => refused",
        "ip.proto == 256 => refused",
        "eth.type == 0x800 => closed",
        "eth.type == 0x0800 && ip4 => closed",
        "eth.src == 52:54:00:00:00:0a => closed",
        "eth.src == 52-54-00-00-00-0a => refused",
        "eth.src == 5254.0000.000a => refused",
        "eth.src == 52:54:00:00:00 => refused",
        "eth.dst[40] => open",
        "eth.dst[41] => closed",
        "ip4.dst[0..7] == 11 => closed",
        "ip4.dst[7..0] == 11 => refused",
        "ip4.dst[32] == 1 => refused",
        "ip.ttl == 64 => closed",
        "ip.ttl == 256 => refused",
        "1 => closed",
        "0 => open",
        "true => refused",
        "ip4 && ip6 => open",
        "tcp.flags == 2 => closed",
        "tcp.flags == syn => refused",
        "ct.est => refused",
        "reg0 == 1 => refused",
        "ip4.src == 10.0.0.10 // comment => closed",
        "ip4.src == 10.0.0.10 # comment => refused",
        "ip4.src == 10.0.0.10; drop => refused",
      })
  void matches(String match, String expected) {
    means(
        expected,
        "apiVersion: kubeovn.io/v1\nkind: Subnet\nmetadata: {name: net}\nspec:\n  acls:\n"
            + "  - direction: to-lport\n    priority: 1000\n    action: drop\n    match: >-\n      "
            + match
            + "\n");
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "acls: null | open",
        "acls: [] | open",
        "acls: {} | refused",
        "acls: [null] | refused",
        "acls: [{}] | refused",
        "acls: [{direction: to-lport, priority: 1, action: Drop, match: '1'}] | refused",
        "acls: [{direction: to-lport, priority: 1, action: deny, match: '1'}] | refused",
        "acls: [{direction: to-lport, priority: 1, action: 'drop ', match: '1'}] | refused",
        "acls: [{direction: to-lport, priority: 1, action: , match: '1'}] | refused",
        "acls: [{direction: ingress, priority: 1, action: drop, match: '1'}] | refused",
        "acls: [{direction: to_lport, priority: 1, action: drop, match: '1'}] | refused",
        "acls: [{direction: null, priority: 1, action: drop, match: '1'}] | refused",
        "acls: [{priority: 1, action: drop, match: '1'}] | refused",
        "acls: [{direction: to-lport, priority: '1000', action: drop, match: '1'}] | refused",
        "acls: [{direction: to-lport, priority: -1, action: drop, match: '1'}] | refused",
        "acls: [{direction: to-lport, priority: 32768, action: drop, match: '1'}] | refused",
        "acls: [{direction: to-lport, priority: 1.5, action: drop, match: '1'}] | refused",
        "acls: [{direction: to-lport, priority: 1e3, action: drop, match: '1'}] | refused",
        "acls: [{direction: to-lport, priority: 0, action: drop, match: '1'}] | closed",
        "acls: [{direction: to-lport, priority: 32767, action: drop, match: '1'}] | closed",
        "acls: [{direction: to-lport, priority: 1, action: drop, match: ''}] | refused",
        "acls: [{direction: to-lport, priority: 1, action: drop, match: null}] | refused",
        "acls: [{direction: to-lport, priority: 1, action: drop, match: [ip4]}] | refused",
        "acls: [{direction: to-lport, priority: 1, action: drop, match: true}] | refused",
        "acls: [{direction: to-lport, priority: 1, action: drop, Match: ip4}] | refused",
        "acls: [{direction: to-lport, priority: 1, action: drop, match: ip4, log: yes}] | refused",
        "private: 'true' | refused",
        "private: 1 | refused",
        "private: null | open",
        "private: false | open",
        "private: true, allowSubnets: null | refused",
        "private: true, cidrBlock: 10.0.0.0/24, allowSubnets: null | open",
        "private: true, allowSubnets: 10.1.0.0/24 | refused",
        "private: true, allowSubnets: [null] | refused",
        "cidrBlock: [10.0.0.0/24] | refused",
        "cidrBlock: '10.0.0.0/24,' | refused",
        "cidrBlock: '10.0.0.0/24;fd00::/64' | refused",
        "cidrBlock: '10.0.0.0/24,10.1.0.0/24' | refused",
        "gateway: 10.0.0.1/24 | refused",
        "gateway: [10.0.0.1] | refused",
        "gateway: '10.0.0.1,10.0.0.2' | refused",
        "cidrBlock: '10.0.0.0/24,fd00::/64' | open",
        "acl: [] | refused",
      })
  void subnets(String spec, String expected) {
    means(
        expected,
        "apiVersion: kubeovn.io/v1\nkind: Subnet\nmetadata: {name: net}\nspec: {" + spec + "}\n");
  }
}
