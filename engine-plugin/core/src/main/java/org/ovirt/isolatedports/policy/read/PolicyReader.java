// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.read;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.ovirt.isolatedports.policy.acl.Subnet;
import org.ovirt.isolatedports.policy.acl.SubnetReader;
import org.ovirt.isolatedports.policy.address.IpRange;
import org.ovirt.isolatedports.policy.finding.Finding;
import org.ovirt.isolatedports.policy.finding.PolicyException;
import org.ovirt.isolatedports.policy.finding.SourceLocation;
import org.ovirt.isolatedports.policy.inventory.Inventory;
import org.ovirt.isolatedports.policy.inventory.Network;
import org.ovirt.isolatedports.policy.kubernetes.KubernetesNames;
import org.ovirt.isolatedports.policy.networkpolicy.NetworkPolicy;
import org.ovirt.isolatedports.policy.networkpolicy.NetworkPolicyReader;
import org.ovirt.isolatedports.policy.yaml.YamlFields;
import org.ovirt.isolatedports.policy.yaml.YamlNode;
import org.ovirt.isolatedports.policy.yaml.YamlReader;

/** Reads policy files: Kube-OVN Subnets and Kubernetes NetworkPolicies, any number in a file. */
public final class PolicyReader {

  /** The annotation that says under which network a policy is stored. */
  public static final String NETWORK_ANNOTATION = "isolated-ports.ovirt.org/network";

  private static final Set<String> METADATA =
      Set.of(
          "name",
          "namespace",
          "labels",
          "annotations",
          "creationTimestamp",
          "deletionGracePeriodSeconds",
          "deletionTimestamp",
          "generateName",
          "generation",
          "resourceVersion",
          "selfLink",
          "uid",
          "finalizers",
          "managedFields",
          "ownerReferences");

  /** The kind of the finding that a file holds no policies. */
  public static final String NO_POLICIES = "no-policies";

  private static final String SUBNET = "Subnet";
  private static final String NETWORK_POLICY = "NetworkPolicy";

  /** Lists of objects: what {@code kubectl get -o yaml} prints, with their versions. */
  private static final Map<String, String> LISTS =
      Map.of(
          "List", "v1",
          "NetworkPolicyList", "networking.k8s.io/v1",
          "SubnetList", "kubeovn.io/v1");

  private final Inventory inventory;
  private final Optional<String> storedUnder;
  private final List<Finding> findings = new ArrayList<>();
  private final List<Subnet> subnets = new ArrayList<>();
  private final List<NetworkPolicy> networkPolicies = new ArrayList<>();
  private final Map<String, Subnet> subnetOfNetwork = new HashMap<>();
  private final Map<String, NetworkPolicy> policyByName = new HashMap<>();
  private final SubnetReader subnetReader;
  private int objects;

  /**
   * @param inventory what the policies are for
   * @param storedUnder the network all policies are stored under; none if each says so, or there is
   *     but one
   */
  public PolicyReader(Inventory inventory, Optional<String> storedUnder) {
    this.inventory = inventory;
    this.storedUnder = storedUnder;
    this.subnetReader = new SubnetReader(inventory.sets(), findings::add);
  }

  /** Reads a file; what is wrong with it is found in {@link #findings()}. */
  public void read(Path file) {
    boolean standardInput = file.equals(YamlReader.STANDARD_INPUT);
    try {
      readAll(standardInput ? "standard input" : file.toString(), YamlReader.read(file));
    } catch (PolicyException e) {
      findings.add(e.finding());
    }
  }

  /** Reads text that messages call {@code name}. */
  public void read(String name, String text) {
    try {
      readAll(name, YamlReader.read(name, text));
    } catch (PolicyException e) {
      findings.add(e.finding());
    }
  }

  private void readAll(String name, List<YamlNode> documents) {
    int before = objects;
    documents.forEach(this::readDocument);
    if (objects == before) {
      findings.add(
          Finding.warning(
                  new SourceLocation(name, 1, 1),
                  "There is nothing to enforce here: no policies found in this file. Give a file"
                      + " with a Subnet or a NetworkPolicy.")
              .ofKind(NO_POLICIES));
    }
  }

  /** What was read; of use only without errors. */
  public PolicySet policies() {
    return new PolicySet(subnets, networkPolicies);
  }

  public List<Finding> findings() {
    return List.copyOf(findings);
  }

  private void readDocument(YamlNode document) {
    Optional<YamlFields> found = YamlFields.of(document, "A policy", findings::add);
    if (found.isEmpty()) {
      objects++;
      return;
    }
    YamlFields fields = found.get();
    String kind = fields.string("kind").orElse("");
    if (LISTS.containsKey(kind)) {
      readList(fields, kind);
      return;
    }
    objects++;
    if (!kind.equals(SUBNET) && !kind.equals(NETWORK_POLICY)) {
      fields.error(
          "kind",
          "A policy is \"kind: Subnet\" (kubeovn.io/v1) or \"kind: NetworkPolicy\""
              + " (networking.k8s.io/v1), not \""
              + kind
              + "\".");
      return;
    }
    fields.allowOnly(Set.of("apiVersion", "kind", "metadata", "spec", "status"));
    checkVersion(fields, kind.equals(SUBNET) ? "kubeovn.io/v1" : "networking.k8s.io/v1", kind);
    Optional<YamlFields> metadata = fields.fields("metadata");
    if (!fields.has("metadata")) {
      fields.error("metadata", "The policy needs \"metadata\" with its name.");
    }
    metadata.ifPresent(
        m -> {
          m.allowOnly(METADATA);
          m.warnEmpty(Set.of("namespace", "labels", "annotations"));
        });
    Optional<String> name = metadata.flatMap(m -> m.requiredString("name"));
    Optional<YamlFields> spec = fields.fields("spec");
    if (!fields.has("spec")) {
      fields.error("spec", "The policy needs \"spec\"; write what it rules there.");
    }
    if (name.isEmpty() || spec.isEmpty()) {
      return;
    }
    checkMetadata(metadata.get(), kind, name.get());
    Optional<String> network = network(fields, metadata.get(), spec.get(), kind, name.get());
    if (network.isEmpty()) {
      return;
    }
    if (kind.equals(SUBNET)) {
      addSubnet(subnetReader.read(name.get(), network.get(), spec.get()), fields);
    } else {
      String namespace = metadata.get().text("namespace").orElse(Inventory.DEFAULT_NAMESPACE);
      addPolicy(
          NetworkPolicyReader.read(name.get(), namespace, network.get(), spec.get(), findings::add),
          metadata.get());
    }
  }

  private void readList(YamlFields fields, String kind) {
    fields.allowOnly(Set.of("apiVersion", "kind", "metadata", "items"));
    checkVersion(fields, LISTS.get(kind), kind);
    fields
        .fields("metadata")
        .ifPresent(
            metadata ->
                metadata.allowOnly(
                    Set.of("continue", "remainingItemCount", "resourceVersion", "selfLink")));
    if (!fields.has("items")) {
      fields.error("items", "A " + kind + " needs \"items\"; write [] if there are none.");
    }
    fields.list("items").forEach(this::readDocument);
  }

  private static void checkVersion(YamlFields fields, String expected, String kind) {
    String version = fields.string("apiVersion").orElse("");
    if (!version.equals(expected)) {
      fields.error(
          "apiVersion",
          "A " + kind + " has \"apiVersion: " + expected + "\", not \"" + version + "\".");
    }
  }

  private void checkMetadata(YamlFields metadata, String kind, String name) {
    // A Subnet may bear the name of its network, and oVirt takes names that Kubernetes does not.
    boolean ofNetwork = kind.equals(SUBNET) && !inventory.networks().called(name).isEmpty();
    if (!ofNetwork) {
      KubernetesNames.dnsSubdomain(name)
          .ifPresent(problem -> invalid(metadata, "name", name, problem));
    }
    metadata
        .string("namespace")
        .ifPresent(
            namespace ->
                KubernetesNames.dnsLabel(namespace)
                    .ifPresent(problem -> invalid(metadata, "namespace", namespace, problem)));
    metadata
        .stringMap("labels")
        .forEach(
            (key, value) -> {
              KubernetesNames.labelKey(key)
                  .ifPresent(problem -> invalid(metadata, "labels", key, problem));
              KubernetesNames.labelValue(value)
                  .ifPresent(problem -> invalid(metadata, "labels", value, problem));
            });
  }

  private static void invalid(YamlFields fields, String key, String value, String problem) {
    fields.error(
        key, "\"metadata." + key + "\" has an invalid value: \"" + value + "\": " + problem + ".");
  }

  private Optional<String> network(
      YamlFields fields, YamlFields metadata, YamlFields spec, String kind, String name) {
    Optional<String> annotated =
        Optional.ofNullable(metadata.stringMap("annotations").get(NETWORK_ANNOTATION));
    if (annotated.isPresent() && storedUnder.isPresent() && contradict(annotated.get())) {
      metadata.error(
          "annotations",
          "The policy "
              + name
              + " says that it is stored under network "
              + annotated.get()
              + " (annotation "
              + NETWORK_ANNOTATION
              + "), and --network says "
              + storedUnder.get()
              + "; leave one of the two out.");
      return Optional.empty();
    }
    Optional<String> stated = storedUnder.or(() -> annotated);
    if (stated.isPresent()) {
      List<Network> called = inventory.networks().called(stated.get());
      if (called.size() > 1) {
        metadata.error(
            "name",
            "The policy "
                + name
                + " is stored under network "
                + stated.get()
                + ", and several bear that name: "
                + inventory.networks().namesOf(called)
                + ". Write one of these.");
        return Optional.empty();
      }
      if (called.isEmpty()) {
        metadata.error(
            "name",
            "The policy "
                + name
                + " is stored under network "
                + stated.get()
                + ", which the inventory does not list; there are "
                + inventory.networks().names()
                + ".");
        return Optional.empty();
      }
      return called.stream().map(Network::id).findFirst();
    }
    boolean isSubnet = kind.equals(SUBNET);
    if (isSubnet && inventory.networks().called(name).size() == 1) {
      return inventory.networks().called(name).stream().map(Network::id).findFirst();
    }
    if (inventory.networks().all().size() == 1) {
      return inventory.networks().all().stream().map(Network::id).findFirst();
    }
    List<IpRange> blocks =
        isSubnet
            ? spec.text("cidrBlock").stream()
                .flatMap(text -> Arrays.stream(text.split(",", -1)))
                .flatMap(part -> IpRange.parse(part.strip()).stream())
                .toList()
            : List.of();
    List<String> matching =
        inventory.networks().all().stream()
            .filter(network -> network.cidrs().stream().anyMatch(blocks::contains))
            .map(Network::id)
            .toList();
    if (matching.size() == 1) {
      return Optional.of(matching.get(0));
    }
    fields.error(
        "metadata",
        "It is not said under which network the "
            + kind
            + " "
            + name
            + " is stored; there are "
            + inventory.networks().names()
            + ". Write \"annotations: {"
            + NETWORK_ANNOTATION
            + ": NETWORK}\" in its metadata, or give --network.");
    return Optional.empty();
  }

  /** Whether an annotation names another network than the one all are stored under. */
  private boolean contradict(String annotated) {
    List<Network> called = inventory.networks().called(annotated);
    return !storedUnder.equals(Optional.of(annotated))
        && (called.size() != 1
            || !called.equals(storedUnder.map(inventory.networks()::called).orElse(List.of())));
  }

  private void addSubnet(Subnet subnet, YamlFields fields) {
    Subnet earlier = subnetOfNetwork.putIfAbsent(subnet.networkId(), subnet);
    if (earlier != null) {
      fields.error(
          "metadata",
          "Network "
              + inventory
                  .networks()
                  .get(subnet.networkId())
                  .map(inventory.networks()::nameOf)
                  .orElse("")
              + " already has the ACLs of Subnet "
              + earlier.name()
              + " ("
              + earlier.location().fileAndLine()
              + "); put all ACLs of a network into one Subnet.");
    }
    subnets.add(subnet);
  }

  private void addPolicy(NetworkPolicy policy, YamlFields metadata) {
    String identity = policy.networkId() + "/" + policy.namespace() + "/" + policy.name();
    NetworkPolicy earlier = policyByName.putIfAbsent(identity, policy);
    if (earlier != null) {
      metadata.error(
          "name",
          "There is already a NetworkPolicy "
              + policy.name()
              + " in namespace "
              + policy.namespace()
              + " ("
              + earlier.location().fileAndLine()
              + "); give one of them another name.");
    }
    networkPolicies.add(policy);
  }
}
