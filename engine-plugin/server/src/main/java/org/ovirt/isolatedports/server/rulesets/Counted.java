// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.rulesets;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.ovirt.isolatedports.policy.acl.Acl;
import org.ovirt.isolatedports.policy.networkpolicy.NetworkPolicy;
import org.ovirt.isolatedports.policy.read.PolicySet;

/**
 * What a counter on hosts counts: what an ACL, or the network policies of some vNICs together,
 * would drop.
 *
 * @param kind which
 * @param direction {@code from-lport} or {@code to-lport} of an ACL, {@code ingress} or {@code
 *     egress} of policies; empty for the rest
 * @param acls the ACL; several that stand in one line count as one
 * @param policies the policies, all of which would have to stop a frame
 */
public record Counted(Kind kind, String direction, List<Rule> acls, List<Policy> policies) {

  /** What would drop. */
  public enum Kind {
    ACL,
    NETWORK_POLICY,
    /** ACLs with {@code allow-related}: frames that no connection can be told of. */
    INVALID,
    /** What is more than a network has counters for. */
    OTHERS
  }

  /**
   * An ACL.
   *
   * @param index its place in {@code spec.acls}, from 0
   * @param line the line in which it is written, from 1
   */
  public record Rule(int index, int line) {}

  /** A network policy. */
  public record Policy(String namespace, String name) {}

  public Counted {
    acls = List.copyOf(acls);
    policies = List.copyOf(policies);
  }

  /**
   * What counters count.
   *
   * @param places what the compiler says of them, by name
   * @param audited what was compiled
   */
  static Map<String, Counted> of(Map<String, String> places, PolicySet audited) {
    Map<String, Counted> counted = new TreeMap<>();
    places.forEach((name, place) -> counted.put(name, of(place, audited)));
    return counted;
  }

  private static Counted of(String place, PolicySet audited) {
    return ofAcl(place, audited)
        .or(() -> ofPolicies(place, "ingress", audited))
        .or(() -> ofPolicies(place, "egress", audited))
        .orElseGet(
            () ->
                new Counted(
                    place.equals("invalid") ? Kind.INVALID : Kind.OTHERS,
                    "",
                    List.of(),
                    List.of()));
  }

  private static Optional<Counted> ofAcl(String place, PolicySet audited) {
    List<Acl> acls =
        audited.subnets().stream()
            .flatMap(subnet -> subnet.acls().stream())
            .sorted(
                Comparator.comparingInt((Acl acl) -> acl.location().line())
                    .thenComparingInt(acl -> acl.location().column()))
            .toList();
    List<Rule> rules = new ArrayList<>();
    String direction = "";
    for (int i = 0; i < acls.size(); i++) {
      Acl acl = acls.get(i);
      if (acl.location().fileAndLine().equals(place)) {
        rules.add(new Rule(i, acl.location().line()));
        direction =
            direction.isEmpty() || direction.equals(acl.direction())
                ? acl.direction()
                : "from-lport, to-lport";
      }
    }
    return rules.isEmpty()
        ? Optional.empty()
        : Optional.of(new Counted(Kind.ACL, direction, rules, List.of()));
  }

  private static Optional<Counted> ofPolicies(String place, String direction, PolicySet audited) {
    String head = direction + " of ";
    if (!place.startsWith(head)) {
      return Optional.empty();
    }
    List<String> places = List.of(place.substring(head.length()).split(", "));
    return Optional.of(
        new Counted(
            Kind.NETWORK_POLICY,
            direction,
            List.of(),
            audited.networkPolicies().stream()
                .filter(policy -> places.contains(policy.location().fileAndLine()))
                .map(Counted::policy)
                .toList()));
  }

  private static Policy policy(NetworkPolicy policy) {
    return new Policy(policy.namespace(), policy.name());
  }
}
