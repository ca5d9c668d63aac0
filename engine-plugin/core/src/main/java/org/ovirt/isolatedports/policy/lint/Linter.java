// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.lint;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.ovirt.isolatedports.policy.finding.Finding;
import org.ovirt.isolatedports.policy.inventory.Inventory;
import org.ovirt.isolatedports.policy.inventory.Nic;
import org.ovirt.isolatedports.policy.networkpolicy.NetworkPolicy;
import org.ovirt.isolatedports.policy.resolve.ResolvedNetwork;
import org.ovirt.isolatedports.policy.resolve.ResolvedRule;
import org.ovirt.isolatedports.policy.role.PortRole;

/** Finds policies that are valid but do less, more or other than their author may think. */
public final class Linter {

  private final Inventory inventory;
  private final Map<String, ResolvedNetwork> networks;
  private final List<Finding> findings = new ArrayList<>();

  public Linter(Inventory inventory, Map<String, ResolvedNetwork> networks) {
    this.inventory = inventory;
    this.networks = networks;
  }

  /** All warnings about the ACLs and network policies of all networks. */
  public List<Finding> lint() {
    for (ResolvedNetwork network : networks.values()) {
      new SubnetLinter(network, findings::add).lint();
      new AclLinter(network, findings::add).lint();
      network.policies().forEach(policy -> lintPolicy(network, policy));
    }
    return List.copyOf(findings);
  }

  private void lintPolicy(ResolvedNetwork network, NetworkPolicy policy) {
    if (network.selectedBy(policy) == 0) {
      boolean known =
          inventory.nicsOn(network.network()).stream()
              .anyMatch(nic -> nic.namespace().equals(policy.namespace()));
      warn(
          policy,
          "selects-nothing",
          "The NetworkPolicy "
              + policy.name()
              + " selects no vNIC on network "
              + network.network().name()
              + (known
                  ? "; check its podSelector against the VMs' labels."
                  : ", since no VM there is in namespace "
                      + policy.namespace()
                      + "; check metadata.namespace."));
    }
    for (boolean isIngress : new boolean[] {true, false}) {
      policy
          .rules(isIngress)
          .ifPresent(rules -> rules.forEach(rule -> lintRule(network, policy, rule)));
    }
    lintGateway(network, policy);
    lintRoles(network, policy);
  }

  private void lintRule(ResolvedNetwork network, NetworkPolicy policy, NetworkPolicy.Rule rule) {
    ResolvedRule resolved = network.resolved(rule);
    boolean nobody =
        !resolved.everyone() && resolved.blocks().isEmpty() && resolved.peers().isEmpty();
    if (nobody) {
      findings.add(
          Finding.warning(
                  rule.location(),
                  "This rule of NetworkPolicy "
                      + policy.name()
                      + " allows nobody: its selectors find no vNIC on network "
                      + network.network().name()
                      + ". Check them against the labels of VMs and namespaces.")
              .ofKind("allows-nobody"));
    }
    for (NetworkPolicy.Port port : rule.ports()) {
      if (port.number() instanceof NetworkPolicy.NamedPort named
          && network.nics().stream().noneMatch(nic -> names(nic, named.name(), port.protocol()))) {
        findings.add(
            Finding.warning(
                    rule.location(),
                    "No vNIC on network "
                        + network.network().name()
                        + " has a "
                        + port.protocol()
                        + " port named "
                        + named.name()
                        + ", so this rule allows nothing through it. Write the number, or name the port"
                        + " in the inventory.")
                .ofKind("unknown-port-name"));
      }
    }
  }

  private static boolean names(Nic nic, String name, NetworkPolicy.Protocol protocol) {
    return nic.namedPorts().stream()
        .anyMatch(p -> p.name().equals(name) && p.protocol().equals(protocol.name()));
  }

  /** Egress that leaves the gateway out cuts VMs off from everything beyond their network. */
  private void lintGateway(ResolvedNetwork network, NetworkPolicy policy) {
    if (policy.egress().isEmpty() || network.gateway(false).isEmpty()) {
      return;
    }
    boolean reachesBeyond =
        policy.egress().get().stream()
            .map(network::resolved)
            .anyMatch(
                rule ->
                    rule.everyone()
                        || rule.blocks().stream()
                            .anyMatch(
                                block ->
                                    !network.network().cidrs().contains(block.block())
                                        && network.network().cidrs().stream()
                                            .noneMatch(cidr -> cidr.contains(block.block()))));
    if (!reachesBeyond && network.selectedBy(policy) > 0) {
      warn(
          policy,
          "gateway-cut-off",
          "The NetworkPolicy "
              + policy.name()
              + " lets the vNICs it selects send nothing beyond network "
              + network.network().name()
              + ": neither to name servers nor to the world behind the gateway. If that is not"
              + " meant, add an egress rule for those addresses.");
    }
  }

  /** A rule that allows what the roles close does nothing; the author may think it opens it. */
  private void lintRoles(ResolvedNetwork network, NetworkPolicy policy) {
    if (policy.ingress().isEmpty()) {
      return;
    }
    Optional<String> contradiction = Optional.empty();
    for (int i = 0; i < network.nics().size() && contradiction.isEmpty(); i++) {
      if (network.limiting(i, true).contains(policy)) {
        contradiction = contradictionAt(network, policy, network.nics().get(i));
      }
    }
    contradiction.ifPresent(message -> warn(policy, "contradicts-roles", message));
  }

  private static Optional<String> contradictionAt(
      ResolvedNetwork network, NetworkPolicy policy, Nic selected) {
    for (NetworkPolicy.Rule rule : policy.ingress().orElseThrow()) {
      int[] peers = network.resolved(rule).peers().stream().toArray();
      for (int peer : peers) {
        Nic other = network.nics().get(peer);
        PortRole role = other.role();
        if (!other.equals(selected) && !role.mayReach(selected.role())) {
          return Optional.of(
              "The NetworkPolicy "
                  + policy.name()
                  + " allows "
                  + other.portName()
                  + " to reach "
                  + selected.portName()
                  + ", but their port roles ("
                  + role
                  + ", "
                  + selected.role()
                  + ") do not, and every mechanism must allow a frame. Give both the same"
                  + " community, or make one of them promiscuous.");
        }
      }
    }
    return Optional.empty();
  }

  private void warn(NetworkPolicy policy, String kind, String message) {
    findings.add(Finding.warning(policy.location(), message).ofKind(kind));
  }
}
