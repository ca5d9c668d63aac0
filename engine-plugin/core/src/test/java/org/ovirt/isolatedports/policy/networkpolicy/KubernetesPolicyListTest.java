// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.networkpolicy;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.ovirt.isolatedports.policy.TestPolicies;
import org.ovirt.isolatedports.policy.evaluate.Flow;
import org.ovirt.isolatedports.policy.evaluate.Reachability;
import org.ovirt.isolatedports.policy.inventory.Inventory;
import org.ovirt.isolatedports.policy.read.PolicySet;
import org.ovirt.isolatedports.policy.resolve.ResolvedNetwork;

/**
 * The network policy tests of Kubernetes' own end-to-end suite, by their names, rebuilt from what
 * they mean: VMs stand for pods, and a matrix for probes. All policies are in namespace x.
 */
public class KubernetesPolicyListTest {

  private static final String TO_A = "podSelector: {matchLabels: {pod: a}}, ";
  private static final String ALL = "podSelector: {}, ";
  private static final String NAME = "kubernetes.io/metadata.name";

  /**
   * One probe of a case.
   *
   * @param expected starts from "all connect"; "-FROM>TO" takes pairs away, "+FROM>TO" gives them
   *     back, in order; * stands for every name
   */
  private record Probe(
      String name,
      String vms,
      List<String> policies,
      Flow.Protocol protocol,
      int port,
      String expected,
      Map<String, String> extraLabels) {
    @Override
    public String toString() {
      return name + " (" + protocol + " " + port + ")";
    }
  }

  private static final List<Probe> PROBES = new ArrayList<>();

  private static void probe(
      String name, String vms, Flow.Protocol protocol, int port, String expected, String... specs) {
    PROBES.add(new Probe(name, vms, List.of(specs), protocol, port, expected, Map.of()));
  }

  private static void tcp(String name, String vms, int port, String expected, String... specs) {
    probe(name, vms, Flow.Protocol.TCP, port, expected, specs);
  }

  private static String ingress(String selector, String rules) {
    return "{" + selector + "policyTypes: [Ingress], ingress: [" + rules + "]}";
  }

  private static String egress(String selector, String rules) {
    return "{" + selector + "policyTypes: [Egress], egress: [" + rules + "]}";
  }

  private static String pods(String selector) {
    return "podSelector: {" + selector + "}";
  }

  private static String namespaces(String selector) {
    return "namespaceSelector: {" + selector + "}";
  }

  private static String named(String namespace) {
    return namespaces("matchLabels: {" + NAME + ": " + namespace + "}");
  }

  private static String where(String key, String operator, String values) {
    return "matchExpressions: [{key: "
        + key
        + ", operator: "
        + operator
        + ", values: ["
        + values
        + "]}]";
  }

  private static final String NOT_X = namespaces(where(NAME, "NotIn", "x"));
  private static final String POD_B = pods("matchLabels: {pod: b}");
  private static final String ONLY_80 = "{ports: [{port: 80}]}";

  static {
    for (Flow.Protocol protocol :
        List.of(Flow.Protocol.TCP, Flow.Protocol.UDP, Flow.Protocol.SCTP)) {
      probe(
          "should support a 'default-deny-ingress' policy",
          "x/a x/b y/a y/b",
          protocol,
          80,
          "-*>x/*",
          ingress(ALL, ""));
      String portRule =
          "{from: [{" + named("y") + "}], ports: [{port: 81, protocol: " + protocol + "}]}";
      probe(
          "should enforce policy based on Ports",
          "x/a x/b y/a y/b z/a",
          protocol,
          81,
          "-x/*>x/a -z/*>x/a",
          ingress(TO_A, portRule));
      probe(
          "should enforce policy based on Ports",
          "x/a x/b y/a y/b z/a",
          protocol,
          80,
          "-*>x/a",
          ingress(TO_A, portRule));
      probe(
          "should enforce policy to allow traffic only from a pod in a different namespace based on PodSelector and NamespaceSelector",
          "x/a x/b y/a y/b z/a",
          protocol,
          80,
          "-*>x/a +y/a>x/a",
          ingress(TO_A, "{from: [{" + named("y") + ", " + pods("matchLabels: {pod: a}") + "}]}"));
    }
    tcp(
        "should support a 'default-deny-all' policy",
        "x/a x/b y/a",
        80,
        "-*>x/* -x/*>*",
        "{" + ALL + "policyTypes: [Ingress, Egress]}");
    tcp(
        "should enforce policy to allow traffic from pods within server namespace based on PodSelector",
        "x/a x/b x/c y/a",
        80,
        "-*>x/a +x/b>x/a",
        ingress(TO_A, "{from: [{" + POD_B + "}]}"));
    tcp(
        "should enforce policy to allow ingress traffic for a target",
        "x/a x/b y/a",
        80,
        "-*>x/b",
        ingress(ALL, ""),
        ingress(TO_A, "{from: [{podSelector: {}, namespaceSelector: {}}]}"));
    tcp(
        "should enforce policy to allow ingress traffic from pods in all namespaces",
        "x/a x/b y/a z/a",
        80,
        "",
        ingress(TO_A, "{from: [{namespaceSelector: {}}]}"));
    tcp(
        "should enforce policy to allow traffic only from a different namespace, based on NamespaceSelector",
        "x/a x/b y/a z/a",
        80,
        "-x/*>x/a -z/*>x/a",
        ingress(TO_A, "{from: [{" + named("y") + "}]}"));
    tcp(
        "should enforce policy based on PodSelector with MatchExpressions",
        "x/a x/b y/a",
        80,
        "-*>x/a +x/b>x/a",
        ingress(TO_A, "{from: [{" + pods(where("pod", "In", "b")) + "}]}"));
    tcp(
        "should enforce policy based on NamespaceSelector with MatchExpressions",
        "x/a x/b y/a z/a",
        80,
        "-x/*>x/a -z/*>x/a",
        ingress(TO_A, "{from: [{" + namespaces(where(NAME, "In", "y")) + "}]}"));
    tcp(
        "should enforce policy based on PodSelector or NamespaceSelector",
        "x/a x/b x/c y/a",
        80,
        "-x/c>x/a",
        ingress(TO_A, "{from: [{" + NOT_X + "}, {" + POD_B + "}]}"));
    tcp(
        "should enforce policy based on PodSelector and NamespaceSelector",
        "x/a x/b y/a y/b z/b",
        80,
        "-*>x/a +y/b>x/a +z/b>x/a",
        ingress(TO_A, "{from: [{" + NOT_X + ", " + POD_B + "}]}"));
    tcp(
        "should enforce policy based on Multiple PodSelectors and NamespaceSelectors",
        "x/a x/b y/a y/b y/c",
        80,
        "-x/*>x/a -y/a>x/a",
        ingress(TO_A, "{from: [{" + NOT_X + ", " + pods(where("pod", "In", "b, c")) + "}]}"));
    tcp(
        "should enforce policy based on any PodSelectors",
        "x/a x/b x/c x/d",
        80,
        "-*>x/a +x/b>x/a +x/c>x/a",
        ingress(TO_A, "{from: [{" + POD_B + "}, {" + pods("matchLabels: {pod: c}") + "}]}"));
    String y81 = ingress(TO_A, "{from: [{" + named("y") + "}], ports: [{port: 81}]}");
    String y80 = ingress(TO_A, "{from: [{" + named("y") + "}], ports: [{port: 80}]}");
    tcp(
        "should enforce multiple, stacked policies with overlapping podSelectors",
        "x/a x/b y/a y/b z/a",
        81,
        "-*>x/a +y/*>x/a",
        y81);
    tcp(
        "should enforce multiple, stacked policies with overlapping podSelectors",
        "x/a x/b y/a y/b z/a",
        80,
        "-*>x/a",
        y81);
    tcp(
        "should enforce multiple, stacked policies with overlapping podSelectors",
        "x/a x/b y/a y/b z/a",
        80,
        "-*>x/a +y/*>x/a",
        y81,
        y80);
    tcp("should support allow-all policy", "x/a x/b y/a", 80, "", ingress(ALL, "{}"));
    tcp("should support allow-all policy", "x/a x/b y/a", 81, "", ingress(ALL, "{}"));
    String serve81 = ingress(ALL, "{ports: [{port: serve-81-tcp}]}");
    tcp("should allow ingress access on one named port", "x/a x/b y/a", 81, "", serve81);
    tcp("should allow ingress access on one named port", "x/a x/b y/a", 80, "-*>x/*", serve81);
    String serve80 =
        ingress(
            TO_A, "{from: [{" + named("y") + "}], ports: [{port: serve-80-tcp, protocol: TCP}]}");
    tcp(
        "should allow ingress access from namespace on one named port",
        "x/a x/b y/a z/a",
        80,
        "-*>x/a +y/*>x/a",
        serve80);
    tcp(
        "should allow ingress access from namespace on one named port",
        "x/a x/b y/a z/a",
        81,
        "-*>x/a",
        serve80);
    String out80 = egress(ALL, "{ports: [{port: serve-80-tcp}]}");
    tcp("should allow egress access on one named port", "x/a x/b y/a", 80, "", out80);
    tcp("should allow egress access on one named port", "x/a x/b y/a", 81, "-x/*>*", out80);
    tcp("should enforce updated policy", "x/a y/a", 81, "", ingress(ALL, "{}"));
    tcp("should enforce updated policy", "x/a y/a", 81, "-*>x/*", ingress(ALL, ""));
    String updatedNamespace =
        ingress(TO_A, "{from: [{" + namespaces("matchLabels: {ns2: updated}") + "}]}");
    tcp(
        "should allow ingress access from updated namespace",
        "x/a y/a",
        80,
        "-*>x/a",
        updatedNamespace);
    PROBES.add(
        new Probe(
            "should allow ingress access from updated namespace",
            "x/a y/a",
            List.of(updatedNamespace),
            Flow.Protocol.TCP,
            80,
            "",
            Map.of("y", "ns2: updated")));
    String updatedPod =
        ingress(TO_A, "{from: [{" + pods("matchLabels: {pod: b, pod2: updated}") + "}]}");
    tcp("should allow ingress access from updated pod", "x/a x/b", 80, "-*>x/a", updatedPod);
    PROBES.add(
        new Probe(
            "should allow ingress access from updated pod",
            "x/a x/b",
            List.of(updatedPod),
            Flow.Protocol.TCP,
            80,
            "",
            Map.of("x/b", "pod2: updated")));
    tcp(
        "should deny ingress from pods on other namespaces",
        "x/a x/b y/a z/a",
        80,
        "-y/*>x/* -z/*>x/*",
        ingress(ALL, "{from: [{podSelector: {}}]}"));
    String target = ingress("podSelector: {matchLabels: {target: isolated}}, ", "");
    tcp("should deny ingress access to updated pod", "x/a y/a", 80, "", target);
    PROBES.add(
        new Probe(
            "should deny ingress access to updated pod",
            "x/a y/a",
            List.of(target),
            Flow.Protocol.TCP,
            80,
            "-*>x/a",
            Map.of("x/a", "target: isolated")));
    tcp(
        "should deny egress from pods based on PodSelector",
        "x/a x/b y/a",
        80,
        "-x/a>*",
        egress(TO_A, ""));
    tcp(
        "should deny egress from all pods in a namespace",
        "x/a x/b y/a",
        80,
        "-x/*>*",
        egress(ALL, ""));
    String both =
        "{"
            + TO_A
            + "policyTypes: [Egress, Ingress], ingress: [{from: [{"
            + POD_B
            + "}]}], egress: ["
            + ONLY_80
            + "]}";
    tcp(
        "should work with Ingress, Egress specified together",
        "x/a x/b x/c y/a",
        80,
        "-*>x/a +x/b>x/a",
        both);
    tcp(
        "should work with Ingress, Egress specified together",
        "x/a x/b x/c y/a",
        81,
        "-*>x/a -x/a>* +x/b>x/a",
        both);
    tcp(
        "should enforce egress policy allowing traffic to a server in a different namespace based on PodSelector and NamespaceSelector",
        "x/a y/a y/b",
        80,
        "-x/a>* +x/a>y/a",
        egress(TO_A, "{to: [{" + named("y") + ", " + pods("matchLabels: {pod: a}") + "}]}"));
    String anyTcp = ingress(TO_A, "{ports: [{protocol: TCP}]}");
    tcp(
        "should enforce ingress policy allowing any port traffic to a server on a specific protocol",
        "x/a y/a",
        80,
        "",
        anyTcp);
    probe(
        "should enforce ingress policy allowing any port traffic to a server on a specific protocol",
        "x/a y/a",
        Flow.Protocol.UDP,
        80,
        "-*>x/a",
        anyTcp);
    tcp(
        "should enforce multiple ingress policies with ingress allow-all policy taking precedence",
        "x/a y/a",
        81,
        "-*>x/*",
        ingress(ALL, ONLY_80));
    tcp(
        "should enforce multiple ingress policies with ingress allow-all policy taking precedence",
        "x/a y/a",
        81,
        "",
        ingress(ALL, ONLY_80),
        ingress(ALL, "{}"));
    tcp(
        "should enforce multiple egress policies with egress allow-all policy taking precedence",
        "x/a y/a",
        81,
        "-x/*>*",
        egress(ALL, ONLY_80));
    tcp(
        "should enforce multiple egress policies with egress allow-all policy taking precedence",
        "x/a y/a",
        81,
        "",
        egress(ALL, ONLY_80),
        egress(ALL, "{}"));
    tcp(
        "should stop enforcing policies after they are deleted",
        "x/a y/a",
        80,
        "-*>x/* -x/*>*",
        "{" + ALL + "policyTypes: [Ingress, Egress]}");
    tcp("should stop enforcing policies after they are deleted", "x/a y/a", 80, "");
    tcp(
        "should allow egress access to server in CIDR block",
        "x/a y/a y/b",
        80,
        "-x/a>* +x/a>y/b",
        egress(TO_A, "{to: [{ipBlock: {cidr: 10.0.0.3/32}}]}"));
    String except = egress(TO_A, "{to: [{ipBlock: {cidr: 10.0.0.0/16, except: [10.0.0.2/32]}}]}");
    tcp(
        "should enforce except clause while egress access to server in CIDR block",
        "x/a x/b x/c",
        80,
        "-x/a>x/b",
        except);
    tcp(
        "should ensure an IP overlapping both IPBlock.CIDR and IPBlock.Except is allowed",
        "x/a x/b x/c",
        80,
        "-x/a>x/b",
        except);
    tcp(
        "should ensure an IP overlapping both IPBlock.CIDR and IPBlock.Except is allowed",
        "x/a x/b x/c",
        80,
        "",
        except,
        egress(TO_A, "{to: [{ipBlock: {cidr: 10.0.0.2/32}}]}"));
    tcp(
        "should enforce policies to check ingress and egress policies can be controlled independently based on PodSelector",
        "x/a x/b y/a",
        80,
        "",
        egress(TO_A, "{}"));
    tcp(
        "should enforce policies to check ingress and egress policies can be controlled independently based on PodSelector",
        "x/a x/b y/a",
        80,
        "-*>x/a",
        egress(TO_A, "{}"),
        ingress(TO_A, ""));
    String sctp81 = ingress(TO_A, "{ports: [{port: 81, protocol: SCTP}]}");
    tcp(
        "should not mistakenly treat 'protocol: SCTP' as 'protocol: TCP', even if the plugin doesn't support SCTP",
        "x/a y/a",
        81,
        "-*>x/*",
        ingress(ALL, ""),
        sctp81);
    tcp(
        "should properly isolate pods that are selected by a policy allowing SCTP, even if the plugin doesn't support SCTP",
        "x/a y/a",
        81,
        "-*>x/a",
        ingress(TO_A, "{ports: [{port: 80, protocol: SCTP}]}"));
    tcp(
        "should not allow access by TCP when a policy specifies only UDP",
        "x/a y/a",
        81,
        "-*>x/a",
        ingress(TO_A, "{ports: [{port: 81, protocol: UDP}]}"));
    tcp(
        "should enforce policy to allow traffic based on NamespaceSelector with MatchLabels using default ns label",
        "x/a x/b y/a z/a",
        80,
        "-x/*>x/a -z/*>x/a",
        ingress(TO_A, "{from: [{" + named("y") + "}]}"));
    tcp(
        "should enforce policy based on NamespaceSelector with MatchExpressions using default ns label",
        "x/a x/b y/a z/a",
        80,
        "-x/a>y/*",
        egress(TO_A, "{to: [{" + namespaces(where(NAME, "NotIn", "y")) + "}]}"));
  }

  static Stream<Probe> probes() {
    return PROBES.stream();
  }

  private static String[] words(String text) {
    return text.split(" ", -1);
  }

  private static Inventory inventory(Probe probe) {
    StringBuilder yaml = new StringBuilder("networks: [{name: net}]\nnamespaces:\n");
    for (String namespace : List.of("x", "y", "z")) {
      yaml.append("- {name: ").append(namespace).append(", labels: {");
      yaml.append(probe.extraLabels().getOrDefault(namespace, "")).append("}}\n");
    }
    yaml.append("vms:\n");
    int number = 0;
    for (String vm : words(probe.vms())) {
      number++;
      String[] parts = vm.split("/", -1);
      yaml.append("- {name: ").append(vm).append(", host: h1, namespace: ").append(parts[0]);
      yaml.append(", labels: {pod: ").append(parts[1]);
      yaml.append(probe.extraLabels().containsKey(vm) ? ", " + probe.extraLabels().get(vm) : "");
      yaml.append("}, nics: [{network: net, mac: \"52:54:00:00:00:0").append(number);
      yaml.append("\", ips: [10.0.0.").append(number).append("], ports: [");
      yaml.append("{name: serve-80-tcp, port: 80}, {name: serve-81-tcp, port: 81}]}]}\n");
    }
    return TestPolicies.inventory(yaml.toString());
  }

  private static Map<String, Boolean> expected(Probe probe) {
    Map<String, Boolean> expected = new LinkedHashMap<>();
    for (String from : words(probe.vms())) {
      for (String to : words(probe.vms())) {
        if (!from.equals(to)) {
          expected.put(from + ">" + to, true);
        }
      }
    }
    for (String change : words(probe.expected())) {
      if (!change.isEmpty()) {
        String pattern = change.substring(1).replace("*", ".*");
        expected.replaceAll(
            (pair, connects) -> pair.matches(pattern) ? change.startsWith("+") : connects);
      }
    }
    return expected;
  }

  /** The network of each probe, for host h1. */
  public static List<Map<String, ResolvedNetwork>> networks() {
    return PROBES.stream()
        .map(
            probe -> {
              Inventory inventory = inventory(probe);
              return ResolvedNetwork.all(inventory, policies(probe, inventory));
            })
        .toList();
  }

  private static PolicySet policies(Probe probe, Inventory inventory) {
    String[] policies = new String[probe.policies().size()];
    for (int i = 0; i < policies.length; i++) {
      policies[i] =
          "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p"
              + i
              + ", namespace: x}\nspec: "
              + probe.policies().get(i);
    }
    return TestPolicies.policies(inventory, policies);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("probes")
  void decidesAsKubernetesExpects(Probe probe) {
    Inventory inventory = inventory(probe);
    Map<String, Reachability.Pair> matrix =
        TestPolicies.matrix(
            inventory,
            policies(probe, inventory),
            Flow.of(probe.protocol(), Flow.CLIENT_PORT, probe.port()));
    Map<String, Boolean> actual = new LinkedHashMap<>();
    expected(probe).keySet().forEach(pair -> actual.put(pair, matrix.get(pair).forward()));
    assertThat(actual).isEqualTo(expected(probe));
  }

  @Test
  void deniedEgressOnTheClientSideWinsOverIngressAllowedOnTheServerSide() {
    // "should support denying of egress traffic on the client side (even if the server explicitly
    // allows this traffic)": the one case with policies in two namespaces.
    Probe probe =
        new Probe(
            "",
            "x/a y/a y/b",
            List.of(),
            Flow.Protocol.TCP,
            80,
            "-x/a>* -*>y/* +x/a>y/a",
            Map.of());
    Inventory inventory = inventory(probe);
    String head = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: ";
    String fromA =
        "policyTypes: [Ingress], ingress: [{from: [{"
            + named("x")
            + ", "
            + pods("matchLabels: {pod: a}")
            + "}]}]}";
    Map<String, Reachability.Pair> matrix =
        TestPolicies.matrix(
            inventory,
            TestPolicies.policies(
                inventory,
                head
                    + "out, namespace: x}\nspec: "
                    + egress(
                        TO_A,
                        "{to: [{" + named("y") + ", " + pods("matchLabels: {pod: a}") + "}]}"),
                head + "in-a, namespace: y}\nspec: {" + TO_A + fromA,
                head
                    + "in-b, namespace: y}\nspec: {podSelector: {matchLabels: {pod: b}}, "
                    + fromA),
            Flow.of(Flow.Protocol.TCP, Flow.CLIENT_PORT, 80));
    expected(probe)
        .forEach(
            (pair, connects) ->
                assertThat(matrix.get(pair).forward()).as(pair).isEqualTo(connects));
  }

  @Test
  void allFortyEightCasesAreHere() {
    Set<String> cases = new LinkedHashSet<>();
    // Names shared by the TCP, UDP and SCTP lists are cases of their own.
    PROBES.forEach(
        probe ->
            cases.add(
                probe.name()
                    + (probe.protocol() == Flow.Protocol.TCP || probe.name().contains("any port")
                        ? ""
                        : probe.protocol())));
    assertThat(cases).hasSize(47);
  }
}
