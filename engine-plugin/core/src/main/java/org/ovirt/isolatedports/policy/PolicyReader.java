// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.ovirt.isolatedports.policy.acl.Subnet;
import org.ovirt.isolatedports.policy.acl.SubnetReader;
import org.ovirt.isolatedports.policy.inventory.Inventory;
import org.ovirt.isolatedports.policy.inventory.Network;
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
          "generation",
          "resourceVersion",
          "uid",
          "finalizers",
          "managedFields",
          "ownerReferences");

  private final Inventory inventory;
  private final Optional<String> storedUnder;
  private final List<Finding> findings = new ArrayList<>();
  private final List<Subnet> subnets = new ArrayList<>();
  private final List<NetworkPolicy> networkPolicies = new ArrayList<>();
  private final Map<String, Subnet> subnetOfNetwork = new HashMap<>();
  private final Map<String, NetworkPolicy> policyByName = new HashMap<>();
  private final SubnetReader subnetReader;

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
    try {
      YamlReader.read(file).forEach(this::readDocument);
    } catch (PolicyException e) {
      findings.add(e.finding());
    }
  }

  /** Reads text that messages call {@code name}. */
  public void read(String name, String text) {
    try {
      YamlReader.read(name, text).forEach(this::readDocument);
    } catch (PolicyException e) {
      findings.add(e.finding());
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
      return;
    }
    YamlFields fields = found.get();
    String kind = fields.text("kind").orElse("");
    if (!kind.equals("Subnet") && !kind.equals("NetworkPolicy")) {
      fields.error(
          "kind",
          "A policy is \"kind: Subnet\" (kubeovn.io/v1) or \"kind: NetworkPolicy\""
              + " (networking.k8s.io/v1), not \""
              + kind
              + "\".");
      return;
    }
    fields.allowOnly(Set.of("apiVersion", "kind", "metadata", "spec", "status"));
    boolean isSubnet = kind.equals("Subnet");
    checkVersion(fields, isSubnet ? "kubeovn.io/v1" : "networking.k8s.io/v1", kind);
    Optional<YamlFields> metadata = fields.fields("metadata");
    metadata.ifPresent(m -> m.allowOnly(METADATA));
    Optional<String> name = metadata.flatMap(m -> m.requiredText("name"));
    if (metadata.isEmpty() && !fields.has("metadata")) {
      fields.error("metadata", "The policy needs \"metadata\" with its name.");
    }
    Optional<YamlFields> spec = fields.fields("spec");
    if (spec.isEmpty() && fields.node("spec").isEmpty()) {
      fields.error("spec", "The policy needs \"spec\"; write what it rules there.");
    }
    if (name.isEmpty() || spec.isEmpty()) {
      return;
    }
    Optional<String> network = network(fields, metadata.get(), spec.get(), kind, name.get());
    if (network.isEmpty()) {
      return;
    }
    if (isSubnet) {
      addSubnet(subnetReader.read(name.get(), network.get(), spec.get()), fields);
    } else {
      String namespace = metadata.get().text("namespace").orElse(Inventory.DEFAULT_NAMESPACE);
      addPolicy(
          NetworkPolicyReader.read(name.get(), namespace, network.get(), spec.get(), findings::add),
          metadata.get());
    }
  }

  private static void checkVersion(YamlFields fields, String expected, String kind) {
    String version = fields.text("apiVersion").orElse("");
    if (!version.equals(expected)) {
      fields.error(
          "apiVersion",
          "A " + kind + " has \"apiVersion: " + expected + "\", not \"" + version + "\".");
    }
  }

  private Optional<String> network(
      YamlFields fields, YamlFields metadata, YamlFields spec, String kind, String name) {
    Optional<String> stated =
        storedUnder.or(
            () ->
                metadata
                    .fields("annotations")
                    .flatMap(annotations -> annotations.text(NETWORK_ANNOTATION)));
    if (stated.isPresent()) {
      if (inventory.network(stated.get()).isEmpty()) {
        metadata.error(
            "name",
            "The policy "
                + name
                + " is stored under network "
                + stated.get()
                + ", which the inventory does not list; there are "
                + known()
                + ".");
        return Optional.empty();
      }
      return stated;
    }
    boolean isSubnet = kind.equals("Subnet");
    if (isSubnet && inventory.network(name).isPresent()) {
      return Optional.of(name);
    }
    if (inventory.networks().size() == 1) {
      return inventory.networks().keySet().stream().findFirst();
    }
    Optional<IpRange> block =
        isSubnet ? spec.text("cidrBlock").flatMap(IpRange::parse) : Optional.empty();
    List<String> matching =
        inventory.networks().values().stream()
            .filter(network -> block.isPresent() && network.cidrs().contains(block.get()))
            .map(Network::name)
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
            + known()
            + ". Write \"annotations: {"
            + NETWORK_ANNOTATION
            + ": NETWORK}\" in its metadata, or give --network.");
    return Optional.empty();
  }

  private String known() {
    return String.join(", ", inventory.networks().keySet());
  }

  private void addSubnet(Subnet subnet, YamlFields fields) {
    Subnet earlier = subnetOfNetwork.putIfAbsent(subnet.network(), subnet);
    if (earlier != null) {
      fields.error(
          "metadata",
          "Network "
              + subnet.network()
              + " already has the ACLs of Subnet "
              + earlier.name()
              + " ("
              + earlier.location().fileAndLine()
              + "); put all ACLs of a network into one Subnet.");
    }
    subnets.add(subnet);
  }

  private void addPolicy(NetworkPolicy policy, YamlFields metadata) {
    String identity = policy.network() + "/" + policy.namespace() + "/" + policy.name();
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
