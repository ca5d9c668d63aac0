// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.compile;

import java.util.List;
import java.util.Random;
import org.ovirt.isolatedports.policy.TestPolicies;
import org.ovirt.isolatedports.policy.address.Bits;
import org.ovirt.isolatedports.policy.evaluate.Endpoint;
import org.ovirt.isolatedports.policy.inventory.Inventory;
import org.ovirt.isolatedports.policy.match.RandomMatches;
import org.ovirt.isolatedports.policy.read.PolicySet;
import org.ovirt.isolatedports.policy.resolve.ResolvedNetwork;

/** Random policies on a network of four VMs, three of them on the host that is compiled. */
final class RandomPolicies {

  private RandomPolicies() {}

  private static <T> T pick(Random random, List<T> list) {
    return list.get(random.nextInt(list.size()));
  }

  private static String inventory(Random random, boolean roles, boolean bound) {
    StringBuilder yaml = new StringBuilder("networks:\n- name: net\n  bridge: br0\n");
    yaml.append("  gateway_macs: [\"02:00:00:00:00:01\"]\n");
    if (roles) {
      yaml.append("  port_isolation: ").append(random.nextBoolean()).append('\n');
      yaml.append("  uplink: ").append(pick(random, List.of("gateways", "open"))).append('\n');
      if (random.nextInt(3) == 0) {
        yaml.append("  cidr: [10.0.0.0/29, \"fd00::/126\"]\n  gateway: [10.0.0.1, \"fd00::1\"]\n");
        yaml.append("  drop_hairpin: true\n");
      }
    }
    yaml.append(
        "namespaces:\n- {name: x, labels: {team: red}}\n- {name: y, labels: {team: blue}}\n");
    yaml.append("vms:\n");
    List<String> names = List.of("web", "db", "app", "far");
    for (int i = 0; i < 4; i++) {
      yaml.append("- {name: ").append(names.get(i));
      yaml.append(", host: ").append(i < 3 ? "h1" : "h2");
      yaml.append(", namespace: ").append(pick(random, List.of("x", "y", "default")));
      yaml.append(", labels: {tier: ").append(pick(random, List.of("front", "back"))).append('}');
      yaml.append(", nics: [{network: net, mac: \"52:54:00:00:00:0").append(i).append('"');
      yaml.append(", ports: [{name: http, port: ")
          .append(pick(random, List.of("80", "1024")))
          .append("}]");
      if (bound && random.nextBoolean()) {
        yaml.append(", ips: [10.0.0.").append(i);
        yaml.append(random.nextBoolean() ? ", \"fd00::" + i + "\"]" : "]");
      }
      if (bound && random.nextInt(4) == 0) {
        yaml.append(", anti_spoof: false");
      }
      if (roles && random.nextInt(3) > 0) {
        yaml.append(", role: ");
        yaml.append(
            pick(random, List.of("isolated", "promiscuous", "\"community:a\"", "\"community:b\"")));
      }
      yaml.append("}]}\n");
    }
    return yaml.append("port_groups: {pg1: [web, db]}\n").toString();
  }

  private static String subnet(Random random, int count, boolean simple) {
    StringBuilder yaml =
        new StringBuilder(
            "apiVersion: kubeovn.io/v1\nkind: Subnet\nmetadata: {name: s}\nspec:\n  acls:\n");
    List<String> actions =
        random.nextBoolean()
            ? List.of("allow", "drop", "allow-stateless", "reject")
            : List.of("allow", "drop", "drop", "allow-related");
    for (int i = 0; i < count; i++) {
      boolean from = random.nextBoolean();
      String match;
      do {
        match =
            simple
                ? RandomMatches.simple(random)
                : RandomMatches.match(random, random.nextInt(3), true);
      } while (from && match.contains("outport"));
      yaml.append("  - {direction: ").append(from ? "from-lport" : "to-lport");
      yaml.append(", priority: ").append(random.nextInt(20));
      yaml.append(", action: ").append(pick(random, actions));
      yaml.append(", match: '").append(match).append("'}\n");
    }
    return yaml.toString();
  }

  private static String policy(Random random, int number) {
    StringBuilder yaml =
        new StringBuilder("apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n");
    yaml.append("metadata: {name: p").append(number);
    yaml.append(", namespace: ")
        .append(pick(random, List.of("x", "y", "default")))
        .append("}\nspec:\n");
    yaml.append("  podSelector: ")
        .append(pick(random, List.of("{}", "{matchLabels: {tier: front}}")))
        .append('\n');
    yaml.append("  policyTypes: ")
        .append(pick(random, List.of("[Ingress]", "[Egress]", "[Ingress, Egress]")))
        .append('\n');
    for (String[] direction : new String[][] {{"ingress", "from"}, {"egress", "to"}}) {
      yaml.append("  ").append(direction[0]).append(":\n");
      for (int i = random.nextInt(3); i >= 0; i--) {
        yaml.append("  - {").append(direction[1]).append(": ").append(pick(random, PEERS));
        yaml.append(", ports: ").append(pick(random, PORTS)).append("}\n");
      }
    }
    return yaml.toString();
  }

  private static final List<String> PEERS =
      List.of(
          "[]",
          "[{podSelector: {}}]",
          "[{podSelector: {matchLabels: {tier: back}}}, {ipBlock: {cidr: 10.0.0.2/32}}]",
          "[{namespaceSelector: {matchLabels: {team: blue}}}]",
          "[{namespaceSelector: {}, podSelector: {matchExpressions: [{key: tier, operator: NotIn, values: [back]}]}}]",
          "[{ipBlock: {cidr: 10.0.0.0/29, except: [10.0.0.1/32, 10.0.0.4/31]}}]",
          "[{ipBlock: {cidr: \"fd00::/64\"}}]");
  private static final List<String> PORTS =
      List.of(
          "[]",
          "[{port: 80}]",
          "[{protocol: UDP}, {port: 79, endPort: 1024}]",
          "[{port: http}]",
          "[{protocol: SCTP, port: 2}, {port: http}]");

  static ResolvedNetwork acls(Random random, int count) {
    return resolve(inventory(random, false, false), subnet(random, count, false));
  }

  /** ACLs that all fold into maps. */
  static ResolvedNetwork foldingAcls(Random random, int count) {
    return resolve(inventory(random, false, false), subnet(random, count, true));
  }

  static ResolvedNetwork networkPolicies(Random random, int count) {
    String[] policies = new String[count];
    for (int i = 0; i < count; i++) {
      policies[i] = policy(random, i);
    }
    return resolve(inventory(random, false, false), policies);
  }

  static ResolvedNetwork everything(Random random) {
    return random.nextBoolean()
        ? resolve(inventory(random, true, true))
        : resolve(inventory(random, true, true), subnet(random, 5, false), policy(random, 0));
  }

  private static ResolvedNetwork resolve(String inventoryYaml, String... policyYaml) {
    Inventory inventory = TestPolicies.inventory(inventoryYaml);
    PolicySet policies = TestPolicies.policies(inventory, policyYaml);
    return ResolvedNetwork.of(inventory, policies, inventory.networks().get("net").orElseThrow());
  }

  static Endpoint end(Random random, ResolvedNetwork network) {
    int index = random.nextInt(network.nics().size() + 1);
    return index < network.nics().size() ? new Endpoint.Vnic(index) : new Endpoint.Uplink();
  }

  /** A vNIC's own MAC; on the uplink the gateway's, or one from outside. */
  static Bits mac(Random random, ResolvedNetwork network, Endpoint end) {
    return end instanceof Endpoint.Vnic vnic
        ? network.nics().get(vnic.index()).mac()
        : Bits.of(random.nextBoolean() ? 0x020000000001L : 0x525400000009L);
  }
}
