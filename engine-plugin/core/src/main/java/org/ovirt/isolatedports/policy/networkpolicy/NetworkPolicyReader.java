// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.networkpolicy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.ovirt.isolatedports.policy.Finding;
import org.ovirt.isolatedports.policy.IpRange;
import org.ovirt.isolatedports.policy.inventory.InventoryReader;
import org.ovirt.isolatedports.policy.networkpolicy.NetworkPolicy.AnyPort;
import org.ovirt.isolatedports.policy.networkpolicy.NetworkPolicy.BlockPeer;
import org.ovirt.isolatedports.policy.networkpolicy.NetworkPolicy.NamedPort;
import org.ovirt.isolatedports.policy.networkpolicy.NetworkPolicy.Peer;
import org.ovirt.isolatedports.policy.networkpolicy.NetworkPolicy.Port;
import org.ovirt.isolatedports.policy.networkpolicy.NetworkPolicy.PortNumber;
import org.ovirt.isolatedports.policy.networkpolicy.NetworkPolicy.PortRange;
import org.ovirt.isolatedports.policy.networkpolicy.NetworkPolicy.Protocol;
import org.ovirt.isolatedports.policy.networkpolicy.NetworkPolicy.Rule;
import org.ovirt.isolatedports.policy.networkpolicy.NetworkPolicy.VnicPeer;
import org.ovirt.isolatedports.policy.yaml.YamlFields;
import org.ovirt.isolatedports.policy.yaml.YamlNode;

/** Reads the spec of a NetworkPolicy (Kubernetes API reference, NetworkPolicySpec v1). */
public final class NetworkPolicyReader {

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
    List<Rule> ingress = readRules(spec, "ingress", "from");
    List<Rule> egress = readRules(spec, "egress", "to");
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
        readSelector(spec, "podSelector").orElse(LabelSelector.EVERYTHING),
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
    List<String> types = new ArrayList<>();
    for (String text : spec.texts("policyTypes")) {
      Optional<String> type =
          List.of("Ingress", "Egress").stream().filter(t -> t.equalsIgnoreCase(text)).findFirst();
      if (type.isEmpty()) {
        spec.error("policyTypes", "A policy type is Ingress or Egress, not \"" + text + "\".");
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

  private List<Rule> readRules(YamlFields spec, String key, String peersKey) {
    List<Rule> rules = new ArrayList<>();
    for (YamlNode node : spec.list(key)) {
      if (node instanceof YamlNode.Scalar scalar && scalar.isNull()) {
        findings.accept(
            Finding.error(
                node.location(),
                "This rule says nothing; write {} to allow everything, or remove it."));
        continue;
      }
      Optional<YamlFields> found = YamlFields.of(node, "A rule of " + key, findings);
      if (found.isEmpty()) {
        continue;
      }
      YamlFields rule = found.get();
      rule.allowOnly(Set.of(peersKey, "ports"));
      List<Peer> peers = new ArrayList<>();
      for (YamlNode peer : rule.list(peersKey)) {
        YamlFields.of(peer, "A peer", findings).flatMap(this::readPeer).ifPresent(peers::add);
      }
      List<Port> ports = new ArrayList<>();
      for (YamlNode port : rule.list("ports")) {
        YamlFields.of(port, "A port", findings)
            .flatMap(NetworkPolicyReader::readPort)
            .ifPresent(ports::add);
      }
      rules.add(new Rule(peers, ports, rule.location()));
    }
    return rules;
  }

  private Optional<Peer> readPeer(YamlFields fields) {
    fields.allowOnly(Set.of("podSelector", "namespaceSelector", "ipBlock"));
    Optional<LabelSelector> pods = readSelector(fields, "podSelector");
    Optional<LabelSelector> namespaces = readSelector(fields, "namespaceSelector");
    if (fields.has("ipBlock")) {
      if (pods.isPresent() || namespaces.isPresent()) {
        fields.error(
            "ipBlock",
            "A peer with ipBlock cannot have selectors too; write two peers (\"- ipBlock\" and"
                + " \"- podSelector\").");
      }
      return fields.fields("ipBlock").flatMap(NetworkPolicyReader::readBlock);
    }
    if (pods.isEmpty() && namespaces.isEmpty()) {
      fields.error(
          "podSelector",
          "A peer needs podSelector, namespaceSelector or ipBlock; \"podSelector: {}\" means all"
              + " vNICs of the namespace.");
      return Optional.empty();
    }
    return Optional.of(new VnicPeer(pods.orElse(LabelSelector.EVERYTHING), namespaces));
  }

  private static Optional<Peer> readBlock(YamlFields fields) {
    fields.allowOnly(Set.of("cidr", "except"));
    Optional<IpRange> block = fields.requiredText("cidr").flatMap(IpRange::parse);
    if (block.isEmpty()) {
      if (fields.has("cidr")) {
        fields.error("cidr", "\"cidr\" must be a block such as 10.0.0.0/24.");
      }
      return Optional.empty();
    }
    List<IpRange> except = new ArrayList<>();
    for (String text : fields.texts("except")) {
      Optional<IpRange> part = IpRange.parse(text);
      if (part.isEmpty() || !block.get().contains(part.get())) {
        fields.error(
            "except",
            "\"except\" must hold blocks inside " + block.get() + ", not \"" + text + "\".");
      }
      part.ifPresent(except::add);
    }
    return Optional.of(new BlockPeer(block.get(), except));
  }

  private static Optional<Port> readPort(YamlFields fields) {
    fields.allowOnly(Set.of("protocol", "port", "endPort"));
    String protocol = fields.text("protocol").orElse("TCP");
    Optional<Protocol> found =
        Arrays.stream(Protocol.values())
            .filter(p -> p.name().equals(protocol.toUpperCase(Locale.ROOT)))
            .findFirst();
    if (found.isEmpty()) {
      fields.error("protocol", "\"protocol\" must be TCP, UDP or SCTP, not \"" + protocol + "\".");
    }
    Optional<PortNumber> number = readNumber(fields);
    return found.flatMap(p -> number.map(n -> new Port(p, n)));
  }

  private static Optional<PortNumber> readNumber(YamlFields fields) {
    Optional<String> text = fields.text("port");
    if (text.isEmpty()) {
      if (fields.has("endPort")) {
        fields.error("endPort", "\"endPort\" needs \"port\", the first port of the range.");
      }
      return Optional.of(new AnyPort());
    }
    if (!text.get().matches("-?[0-9]+")) {
      // IANA service names, as Kubernetes checks them (RFC 6335, section 5.1).
      if (!text.get().matches("[a-z0-9]([a-z0-9-]{0,13}[a-z0-9])?")) {
        fields.error(
            "port",
            "\"port\" must be a number from 1 to 65535 or a name of at most 15 small letters,"
                + " digits and -, not \""
                + text.get()
                + "\".");
      }
      if (fields.has("endPort")) {
        fields.error("endPort", "\"endPort\" can only follow a port given by number.");
      }
      return Optional.of(new NamedPort(text.get()));
    }
    Optional<Integer> first = fields.integer("port", 1, 65535);
    Optional<Integer> last = fields.has("endPort") ? fields.integer("endPort", 1, 65535) : first;
    if (first.isEmpty() || last.isEmpty()) {
      return Optional.empty();
    }
    if (last.get() < first.get()) {
      fields.error("endPort", "\"endPort\" must not be smaller than \"port\".");
    }
    return Optional.of(new PortRange(first.get(), last.get()));
  }

  /** The selector under a key; an empty mapping, or nothing after the key, selects everything. */
  private Optional<LabelSelector> readSelector(YamlFields parent, String key) {
    if (!parent.has(key)) {
      return Optional.empty();
    }
    Optional<YamlFields> fields = parent.fields(key);
    if (fields.isEmpty()) {
      return parent.node(key).isEmpty() ? Optional.of(LabelSelector.EVERYTHING) : Optional.empty();
    }
    fields.get().allowOnly(Set.of("matchLabels", "matchExpressions"));
    List<LabelSelector.Requirement> requirements = new ArrayList<>();
    for (YamlNode node : fields.get().list("matchExpressions")) {
      YamlFields.of(node, "A requirement", findings)
          .flatMap(NetworkPolicyReader::readRequirement)
          .ifPresent(requirements::add);
    }
    LabelSelector selector = new LabelSelector(fields.get().textMap("matchLabels"), requirements);
    if (selector.uses(InventoryReader.VM_NAME_LABEL)) {
      parent.warning(
          key,
          "This selects by VM name, and tenants can rename their VMs. The name is pinned to the VM"
              + " that bears it when the policy is stored; select by a label instead.");
    }
    return Optional.of(selector);
  }

  private static Optional<LabelSelector.Requirement> readRequirement(YamlFields fields) {
    fields.allowOnly(Set.of("key", "operator", "values"));
    Optional<String> key = fields.requiredText("key");
    Optional<String> text = fields.requiredText("operator");
    Optional<LabelSelector.Operator> operator =
        text.flatMap(
            t ->
                Arrays.stream(LabelSelector.Operator.values())
                    .filter(o -> o.kubernetesName().equals(t))
                    .findFirst());
    if (text.isPresent() && operator.isEmpty()) {
      fields.error(
          "operator",
          "\"operator\" must be In, NotIn, Exists or DoesNotExist, not \"" + text.get() + "\".");
    }
    if (key.isEmpty() || operator.isEmpty()) {
      return Optional.empty();
    }
    List<String> values = fields.texts("values");
    boolean needsValues =
        operator.get() == LabelSelector.Operator.IN
            || operator.get() == LabelSelector.Operator.NOT_IN;
    if (needsValues == values.isEmpty()) {
      fields.error(
          "values",
          needsValues
              ? "The operator " + text.get() + " needs \"values\"; list at least one."
              : "The operator " + text.get() + " takes no \"values\"; leave them out.");
    }
    return Optional.of(new LabelSelector.Requirement(key.get(), operator.get(), values));
  }
}
