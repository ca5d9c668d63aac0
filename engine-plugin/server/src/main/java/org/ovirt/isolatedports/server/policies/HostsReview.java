// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.policies;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.ovirt.isolatedports.policy.finding.Finding;
import org.ovirt.isolatedports.policy.finding.SourceLocation;
import org.ovirt.isolatedports.policy.inventory.Inventory;
import org.ovirt.isolatedports.policy.resolve.ResolvedNetwork;

/**
 * Judges a change by the hosts that would enforce it: a policy that one of them cannot enforce is
 * not put in force. A policy in audit is told of it in warnings, and so is a change of a set where
 * a host does not enforce the network already; a removal is always possible.
 */
final class HostsReview {

  /** What stands for a host's name until it is known which host is asked about. */
  private static final String HOST = "\u0001";

  /** Of more hosts with one problem it is said how many they are. */
  private static final int MOST_NAMED = 5;

  private static final String UNSEEN = "(not shown to you)";

  private final Inventory inventory;
  private final StoredPolicies before;
  private final Document changed;
  private final Revision revision;
  private final List<EnforcingHosts.Host> hosts;

  /** What one network is in the eyes of hosts of certain abilities. */
  private final Map<HostAbilities, Optional<String>> known = new HashMap<>();

  /**
   * A change to judge.
   *
   * @param inventory the network and its vNICs
   * @param before what is stored
   * @param changed which document is to be another
   * @param revision what it would say, pins included
   * @param hosts the hosts of the network
   */
  HostsReview(
      Inventory inventory,
      StoredPolicies before,
      Document changed,
      Revision revision,
      List<EnforcingHosts.Host> hosts) {
    this.inventory = inventory;
    this.before = before;
    this.changed = changed;
    this.revision = revision;
    this.hosts = List.copyOf(hosts);
  }

  /**
   * What hosts cannot enforce.
   *
   * @param shown ids of the hosts that the author may see; asked for only where there is something
   *     to say
   */
  List<Finding> findings(Supplier<Set<String>> shown) {
    if (revision.isRemoval()) {
      return List.of();
    }
    ResolvedNetwork after = resolved(before.with(changed, revision.inForce()).inForce());
    Map<String, List<EnforcingHosts.Host>> byProblem = new LinkedHashMap<>();
    for (EnforcingHosts.Host host : hosts) {
      known
          .computeIfAbsent(host.abilities(), abilities -> abilities.problem(HOST, after))
          .ifPresent(
              problem -> byProblem.computeIfAbsent(problem, text -> new ArrayList<>()).add(host));
    }
    if (byProblem.isEmpty()) {
      return List.of();
    }
    Set<String> visible = shown.get();
    List<Finding> findings = new ArrayList<>();
    byProblem.forEach((problem, those) -> findings.addAll(findings(problem, those, visible)));
    return findings;
  }

  private List<Finding> findings(
      String problem, List<EnforcingHosts.Host> those, Set<String> visible) {
    List<Finding> findings = new ArrayList<>();
    for (EnforcingHosts.Host host : those.subList(0, Math.min(MOST_NAMED, those.size()))) {
      String name = visible.contains(host.id()) ? host.name() : UNSEEN;
      findings.add(finding(problem.replace(HOST, name), refuses(host)));
    }
    if (those.size() > MOST_NAMED) {
      findings.add(
          finding(
              "It is the same with " + (those.size() - MOST_NAMED) + " more hosts.",
              those.stream().anyMatch(this::refuses)));
    }
    return findings;
  }

  private boolean refuses(EnforcingHosts.Host host) {
    if (changed.kind().isPolicy()) {
      return revision.mode() == Mode.ENFORCE;
    }
    return host.abilities().problem(HOST, resolved(before.inForce())).isEmpty();
  }

  private Finding finding(String text, boolean refuses) {
    SourceLocation top = new SourceLocation(changed.file(), 1, 1);
    if (refuses) {
      return Finding.error(
          top,
          text
              + (changed.kind().isPolicy()
                  ? " Until then detach the network from the host, or write the policy with mode:"
                      + " audit, which is stored and drops nothing."
                  : " Until then detach the network from the host."));
    }
    return Finding.warning(
        top,
        changed.kind().isPolicy()
            ? "It could not be put in force now. " + text
            : text + " The host keeps what it has of the network.");
  }

  private ResolvedNetwork resolved(InForce inForce) {
    return ResolvedNetwork.of(
        inventory,
        inForce.read(inventory).policies(),
        inventory.networks().get(before.networkId().toString()).orElseThrow());
  }
}
