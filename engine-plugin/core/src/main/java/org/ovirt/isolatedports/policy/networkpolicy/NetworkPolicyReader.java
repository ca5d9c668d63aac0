// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.networkpolicy;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.ovirt.isolatedports.policy.finding.Finding;
import org.ovirt.isolatedports.policy.networkpolicy.NetworkPolicy.Rule;
import org.ovirt.isolatedports.policy.yaml.YamlFields;
import org.ovirt.isolatedports.policy.yaml.YamlNode;

/**
 * Reads the spec of a NetworkPolicy as the Kubernetes API does (networking.k8s.io/v1,
 * ValidateNetworkPolicySpec), and says in its words what it refuses.
 */
public final class NetworkPolicyReader {

  private static final List<String> TYPES = List.of("Ingress", "Egress");

  private final Consumer<Finding> findings;

  private NetworkPolicyReader(Consumer<Finding> findings) {
    this.findings = findings;
  }

  /** Reads a spec; what is wrong goes to the findings, and the rest is returned. */
  public static NetworkPolicy read(
      String name, String namespace, String network, YamlFields spec, Consumer<Finding> findings) {
    return new NetworkPolicyReader(findings).readSpec(name, namespace, network, spec);
  }

  private NetworkPolicy readSpec(String name, String namespace, String network, YamlFields spec) {
    spec.allowOnly(Set.of("podSelector", "ingress", "egress", "policyTypes"));
    spec.warnEmpty();
    List<Rule> ingress = new RuleReader("ingress", "from", findings).read(spec);
    List<Rule> egress = new RuleReader("egress", "to", findings).read(spec);
    List<String> types = readTypes(spec);
    // Without policyTypes a policy limits ingress, and egress if it has rules for it.
    boolean limitsIngress = types.isEmpty() || types.contains("Ingress");
    boolean limitsEgress = types.isEmpty() ? !egress.isEmpty() : types.contains("Egress");
    warnUnused(spec, "ingress", limitsIngress || ingress.isEmpty(), "Ingress");
    warnUnused(spec, "egress", limitsEgress || egress.isEmpty(), "Egress");
    return new NetworkPolicy(
        name,
        namespace,
        network,
        new SelectorReader(findings).read(spec, "podSelector").orElse(LabelSelector.EVERYTHING),
        limitsIngress ? Optional.of(ingress) : Optional.empty(),
        limitsEgress ? Optional.of(egress) : Optional.empty(),
        spec.location());
  }

  private static void warnUnused(YamlFields spec, String key, boolean fine, String type) {
    if (!fine) {
      spec.warning(
          key,
          "policyTypes does not name "
              + type
              + ", so these rules do nothing; add "
              + type
              + " to policyTypes or leave them out.");
    }
  }

  private static List<String> readTypes(YamlFields spec) {
    List<YamlNode.Scalar> items = spec.strings("policyTypes");
    if (items.size() > TYPES.size()) {
      spec.error("policyTypes", "\"policyTypes\": may not specify more than two policyTypes.");
    }
    List<String> types = new ArrayList<>();
    for (YamlNode.Scalar item : items) {
      String text = item.text();
      Optional<String> type = TYPES.stream().filter(t -> t.equalsIgnoreCase(text)).findFirst();
      if (type.isEmpty()) {
        spec.errorAt(
            item.location(),
            "\"policyTypes\" has an unsupported value: \""
                + text
                + "\": supported values: \"Ingress\", \"Egress\".");
      } else if (!type.get().equals(text)) {
        spec.warning(
            "policyTypes",
            "Kubernetes writes the policy type \""
                + type.get()
                + "\"; \""
                + text
                + "\" is read as that.");
      }
      type.ifPresent(types::add);
    }
    return types;
  }
}
