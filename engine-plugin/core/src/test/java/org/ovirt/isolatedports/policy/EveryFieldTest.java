// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.ovirt.isolatedports.policy.evaluate.Flow;
import org.ovirt.isolatedports.policy.finding.Finding;
import org.ovirt.isolatedports.policy.finding.PolicyException;
import org.ovirt.isolatedports.policy.inventory.Inventory;
import org.ovirt.isolatedports.policy.inventory.InventoryReader;
import org.ovirt.isolatedports.policy.read.PolicyReader;

/**
 * Every field of every kind, emptied, made null, and made something else: nothing that was written
 * disappears in silence, and nothing opens what it would not open if it were not there. JSON is
 * YAML, so the documents are made as JSON.
 */
class EveryFieldTest {

  private static final String INVENTORY =
      """
      {"networks": [{"name": "net", "bridge": "br0", "cidr": ["10.0.0.0/24"],
        "gateway": ["10.0.0.1"], "gateway_macs": ["52:54:00:00:00:01"], "port_isolation": false,
        "uplink": "gateways"}],
      "namespaces": [{"name": "shop", "labels": {"team": "red"}}],
      "vms": [
        {"name": "a", "id": "1", "namespace": "shop", "labels": {"tier": "front"}, "host": "h1",
         "nics": [{"network": "net", "name": "nic1", "mac": "52:54:00:00:00:02",
           "ips": ["10.0.0.2"], "role": "promiscuous", "anti_spoof": true, "port": "vnet0",
           "ports": [{"name": "http", "protocol": "TCP", "port": 80}]}]},
        {"name": "b", "namespace": "shop", "labels": {"tier": "back"},
         "nics": [{"network": "net", "mac": "52:54:00:00:00:03", "ips": ["10.0.0.3"]}]},
        {"name": "c", "nics": [{"network": "net", "mac": "52:54:00:00:00:04",
           "ips": ["10.0.0.4"]}]}],
      "address_sets": {"admins": ["10.0.0.5"]},
      "port_groups": {"fronts": ["a"]}}
      """;
  private static final String SUBNET =
      """
      {"apiVersion": "kubeovn.io/v1", "kind": "Subnet",
       "metadata": {"name": "net", "labels": {"x": "y"},
         "annotations": {"isolated-ports.ovirt.org/network": "net"}},
       "spec": {"cidrBlock": "10.0.0.0/24", "gateway": "10.0.0.1", "protocol": "IPv4",
         "excludeIps": ["10.0.0.1", "10.0.0.8..10.0.0.9"], "private": true,
         "allowSubnets": ["10.9.0.0/16"], "allowEWTraffic": true,
         "acls": [{"direction": "to-lport", "priority": 1500, "action": "drop",
           "match": "ip4.src == 10.0.0.2"}]}}
      """;
  private static final String POLICY =
      """
      {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
       "metadata": {"name": "p", "namespace": "shop"},
       "spec": {
         "podSelector": {"matchLabels": {"tier": "back"}, "matchExpressions":
           [{"key": "tier", "operator": "In", "values": ["back"]}]},
         "policyTypes": ["Ingress", "Egress"],
         "ingress": [{
           "from": [
             {"namespaceSelector": {"matchLabels": {"team": "red"}},
              "podSelector": {"matchExpressions":
                [{"key": "tier", "operator": "NotIn", "values": ["front", "back"]}]}},
             {"ipBlock": {"cidr": "10.0.0.8/29", "except": ["10.0.0.9/32"]}}],
           "ports": [{"protocol": "TCP", "port": 80, "endPort": 90}, {"port": "http"}]}],
         "egress": [{"to": [{"podSelector": {"matchLabels": {"tier": "front"}}}],
           "ports": [{"protocol": "UDP", "port": 53}]}]}}
      """;

  /** Where an empty text is a value like others. */
  private static final Set<String> MAY_BE_EMPTY = Set.of("labels", "matchLabels", "values");

  /** Fields that take one value or a list. */
  private static final Set<String> ONE_OR_MORE = Set.of("cidr", "gateway", "gateway_macs", "ips");

  /** A document with one field made something else. */
  record Mutant(String kind, String path, String field, String text, String without) {
    @Override
    public String toString() {
      return kind + " " + path;
    }
  }

  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  private static String original(String kind) {
    return switch (kind) {
      case "Inventory" -> INVENTORY;
      case "Subnet" -> SUBNET;
      default -> POLICY;
    };
  }

  /** How a field is changed: none if it cannot be. */
  private interface Change {
    Optional<JsonNode> of(String field, JsonNode old, boolean isItem);
  }

  private static Stream<Mutant> mutants(Change change) {
    List<Mutant> mutants = new ArrayList<>();
    for (String kind : List.of("Inventory", "Subnet", "NetworkPolicy")) {
      JsonNode root = TestPolicies.json(original(kind));
      walk(kind, root, root, "", "", change, mutants);
    }
    assertThat(mutants).isNotEmpty();
    return mutants.stream();
  }

  private static void walk(
      String kind,
      JsonNode root,
      JsonNode node,
      String path,
      String field,
      Change change,
      List<Mutant> mutants) {
    if (node instanceof ObjectNode object) {
      for (Map.Entry<String, JsonNode> entry : List.copyOf(object.properties())) {
        String key = entry.getKey();
        JsonNode old = entry.getValue();
        String name = isFreeMap(field) ? field : key;
        change
            .of(name, old, false)
            .ifPresent(
                now -> {
                  object.set(key, now);
                  String text = root.toString();
                  object.remove(key);
                  String without = root.toString();
                  object.set(key, old);
                  mutants.add(
                      new Mutant(kind, path + "." + key + " = " + now, name, text, without));
                });
        walk(kind, root, old, path + "." + key, name, change, mutants);
      }
    } else if (node instanceof ArrayNode array) {
      for (int i = 0; i < array.size(); i++) {
        JsonNode old = array.get(i);
        int place = i;
        change
            .of(field, old, true)
            .ifPresent(
                now -> {
                  array.set(place, now);
                  mutants.add(
                      new Mutant(
                          kind, path + "[" + place + "] = " + now, field, root.toString(), ""));
                  array.set(place, old);
                });
        walk(kind, root, old, path + "[" + i + "]", field, change, mutants);
      }
    }
  }

  /** Mappings whose keys are names. */
  private static boolean isFreeMap(String field) {
    return Set.of("labels", "matchLabels", "annotations", "address_sets", "port_groups")
        .contains(field);
  }

  static Stream<Mutant> nulls() {
    return mutants((field, old, isItem) -> Optional.of(JSON.nullNode()));
  }

  static Stream<Mutant> emptyTexts() {
    return mutants(
            (field, old, isItem) ->
                old.isValueNode() && !MAY_BE_EMPTY.contains(field)
                    ? Optional.of(JSON.textNode(""))
                    : Optional.empty())
        // Kube-OVN writes one for its default.
        .filter(mutant -> !mutant.path().equals(".spec.protocol = \"\""));
  }

  static Stream<Mutant> lists() {
    return mutants(
        (field, old, isItem) ->
            old.isArray() || (!isItem && ONE_OR_MORE.contains(field))
                ? Optional.empty()
                : Optional.of(JSON.arrayNode().add(JSON.objectNode())));
  }

  static Stream<Mutant> mappings() {
    return mutants(
        (field, old, isItem) ->
            old.isObject() ? Optional.empty() : Optional.of(JSON.objectNode().put("zz", 1)));
  }

  static Stream<Mutant> texts() {
    return mutants(
        (field, old, isItem) ->
            old.isContainerNode() ? Optional.of(JSON.textNode("zz")) : Optional.empty());
  }

  static Stream<Mutant> numbersForTexts() {
    return mutants(
            (field, old, isItem) ->
                old.isTextual() ? Optional.of(JSON.numberNode(10)) : Optional.empty())
        .filter(mutant -> mutant.kind().equals("NetworkPolicy"))
        // A port may be a number or a name.
        .filter(mutant -> !mutant.field().equals("port"));
  }

  static Stream<Mutant> quotedNumbers() {
    return mutants(
        (field, old, isItem) ->
            old.isNumber() || old.isBoolean()
                ? Optional.of(JSON.textNode(old.asText()))
                : Optional.empty());
  }

  static Stream<Mutant> brokenItems() {
    List<Mutant> mutants = new ArrayList<>();
    for (JsonNode broken : List.of(JSON.nullNode(), JSON.objectNode().put("zz", 1))) {
      mutants((field, old, isItem) -> old.isArray() ? added(old, broken) : Optional.empty())
          .forEach(mutants::add);
    }
    return mutants.stream();
  }

  private static Optional<JsonNode> added(JsonNode list, JsonNode item) {
    ArrayNode longer = list.deepCopy();
    return Optional.of(longer.add(item));
  }

  private static List<Finding> findings(String kind, String text) {
    try {
      InventoryReader.Result read =
          InventoryReader.read("inventory.yaml", kind.equals("Inventory") ? text : INVENTORY);
      List<Finding> findings = new ArrayList<>(read.findings());
      if (!kind.equals("Inventory")) {
        PolicyReader reader = new PolicyReader(read.inventory(), Optional.empty());
        reader.read("policy.yaml", text);
        findings.addAll(reader.findings());
      }
      return findings;
    } catch (PolicyException e) {
      return List.of(e.finding());
    }
  }

  private static Set<String> messages(List<Finding> findings) {
    return findings.stream().map(Finding::message).collect(Collectors.toSet());
  }

  private static boolean hasError(List<Finding> findings) {
    return findings.stream().anyMatch(Finding::isError);
  }

  @ParameterizedTest
  @MethodSource("nulls")
  void nullIsNeverTakenInSilence(Mutant mutant) {
    assertThat(findings(mutant.kind(), original(mutant.kind()))).noneMatch(Finding::isError);
    List<Finding> now = findings(mutant.kind(), mutant.text());
    Set<String> said = messages(now);
    said.removeAll(messages(findings(mutant.kind(), original(mutant.kind()))));
    assertThat(said).isNotEmpty();
    boolean isItem = mutant.without().isEmpty();
    if (mutant.kind().equals("Inventory") || isItem) {
      assertThat(now).anyMatch(Finding::isError);
    } else if (!hasError(now)) {
      // In the Kubernetes API a key that is null is one that is not set.
      assertThat(open(mutant.text())).isEqualTo(open(mutant.without()));
    }
  }

  @ParameterizedTest
  @MethodSource({
    "emptyTexts",
    "lists",
    "mappings",
    "texts",
    "numbersForTexts",
    "quotedNumbers",
    "brokenItems"
  })
  void whatIsNoValueOfAFieldIsRefused(Mutant mutant) {
    assertThat(findings(mutant.kind(), mutant.text())).anyMatch(Finding::isError);
  }

  /** What was refused, but read closed, lets through no more than the original does. */
  @ParameterizedTest
  @MethodSource({"nulls", "lists", "mappings", "texts", "brokenItems", "numbersForTexts"})
  void whatIsReadClosedOpensNothing(Mutant mutant) {
    List<Finding> now = findings(mutant.kind(), mutant.text());
    boolean fatal = now.stream().anyMatch(Finding::isFatal);
    if (mutant.kind().equals("NetworkPolicy") && hasError(now) && !fatal) {
      Map<String, Boolean> original = open(POLICY);
      open(mutant.text())
          .forEach((pair, open) -> assertThat(!open || original.get(pair)).as(pair).isTrue());
    }
  }

  /** Who reaches whom by TCP and by UDP, with what the reader gives. */
  private static Map<String, Boolean> open(String policy) {
    Inventory inventory = TestPolicies.inventory(INVENTORY);
    PolicyReader reader = new PolicyReader(inventory, Optional.empty());
    reader.read("policy.yaml", policy);
    Map<String, Boolean> open = new TreeMap<>();
    for (Flow flow :
        List.of(
            Flow.of(Flow.Protocol.TCP, 40000, 80),
            Flow.of(Flow.Protocol.TCP, 40000, 22),
            Flow.of(Flow.Protocol.UDP, 40000, 53))) {
      TestPolicies.matrix(inventory, reader.policies(), flow)
          .forEach(
              (pair, way) ->
                  open.put(flow.protocol() + " " + flow.port() + " " + pair, way.forward()));
    }
    return open;
  }
}
