// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.acl;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import org.ovirt.isolatedports.policy.address.IpRange;
import org.ovirt.isolatedports.policy.address.IpText;
import org.ovirt.isolatedports.policy.finding.Finding;
import org.ovirt.isolatedports.policy.finding.SourceLocation;
import org.ovirt.isolatedports.policy.match.Alternatives;
import org.ovirt.isolatedports.policy.match.Expression;
import org.ovirt.isolatedports.policy.match.MatchCure;
import org.ovirt.isolatedports.policy.match.MatchException;
import org.ovirt.isolatedports.policy.match.MatchLanguage;
import org.ovirt.isolatedports.policy.match.NameSets;
import org.ovirt.isolatedports.policy.yaml.YamlFields;
import org.ovirt.isolatedports.policy.yaml.YamlNode;

/**
 * Reads the spec of a Kube-OVN Subnet (Kube-OVN 1.13, API reference, "SubnetSpec"). What is no ACL
 * becomes ACLs as Kube-OVN's controller makes them (pkg/ovs/ovn-nb-acl.go, priorities of
 * pkg/util/const.go).
 */
public final class SubnetReader {

  private static final int PRIVATE_DROP = 1000;
  private static final int PRIVATE_ALLOW = 1001;
  private static final int EAST_WEST_ALLOW = 1900;

  private static final Set<String> MEANT =
      Set.of(
          "acls",
          "allowEWTraffic",
          "allowSubnets",
          "cidrBlock",
          "excludeIps",
          "gateway",
          "private",
          "protocol");

  /** Fields of Kube-OVN that a logical network of oVirt has no use for. */
  private static final Set<String> MEANINGLESS =
      Set.of(
          "default",
          "dhcpV4Options",
          "dhcpV6Options",
          "disableGatewayCheck",
          "disableInterConnection",
          "enableDHCP",
          "enableEcmp",
          "enableExternalLBAddress",
          "enableIPv6RA",
          "enableLb",
          "enableMulticastSnoop",
          "externalEgressGateway",
          "gatewayNode",
          "gatewayNodeSelectors",
          "gatewayType",
          "ipv6RAConfigs",
          "logicalGateway",
          "mtu",
          "namespaceSelectors",
          "namespaces",
          "natOutgoing",
          "natOutgoingPolicyRules",
          "nodeNetwork",
          "policyRoutingPriority",
          "policyRoutingTableID",
          "provider",
          "routeTable",
          "u2oFeatures",
          "u2oInterconnection",
          "u2oInterconnectionIP",
          "vips",
          "vlan",
          "vpc");

  private final NameSets sets;
  private final Consumer<Finding> findings;
  private final MatchLanguage language = new MatchLanguage();

  public SubnetReader(NameSets sets, Consumer<Finding> findings) {
    this.sets = sets;
    this.findings = findings;
  }

  /** Reads a spec; what is wrong goes to the findings, and the rest is returned. */
  public Subnet read(String name, String network, YamlFields spec) {
    checkKeys(spec);
    spec.warnEmpty();
    spec.text("protocol");
    List<IpRange> cidrs = readList(spec, "cidrBlock", IpText::blockProblem);
    List<IpRange> gateways = readList(spec, "gateway", IpText::addressProblem);
    checkExcluded(spec);
    List<Acl> acls = new ArrayList<>();
    for (YamlNode node : spec.list("acls")) {
      YamlFields.of(node, "An ACL", findings).flatMap(this::readAcl).ifPresent(acls::add);
    }
    addEastWest(spec, cidrs, acls);
    addPrivate(spec, cidrs, acls);
    return new Subnet(name, network, acls, cidrs, gateways, spec.location());
  }

  private void checkKeys(YamlFields spec) {
    List<String> ignored = new ArrayList<>();
    Optional<SourceLocation> first = Optional.empty();
    for (var other : spec.others(MEANT).entrySet()) {
      if (MEANINGLESS.contains(other.getKey())) {
        ignored.add(other.getKey());
        first = first.or(() -> Optional.of(other.getValue()));
      } else {
        findings.accept(
            Finding.error(
                other.getValue(),
                "A Subnet has no field \"" + other.getKey() + "\"; check its spelling."));
      }
    }
    first.ifPresent(
        location ->
            findings.accept(
                Finding.warning(
                    location,
                    "These fields mean nothing on a logical network of oVirt and are ignored: "
                        + String.join(", ", ignored)
                        + ".")));
  }

  /** One value, or several separated by commas, as Kube-OVN writes dual stack. */
  private static List<IpRange> readList(
      YamlFields spec, String key, Function<String, Optional<String>> problemOf) {
    List<IpRange> ranges = new ArrayList<>();
    for (String part : spec.text(key).map(text -> text.split(",", -1)).orElse(new String[0])) {
      Optional<String> problem = problemOf.apply(part.strip());
      if (problem.isPresent()) {
        invalid(spec, key, spec.locationOf(key), part.strip(), problem.get());
      } else {
        IpRange.parse(part.strip()).ifPresent(ranges::add);
      }
    }
    checkOneOfEachFamily(spec, key, ranges);
    return ranges;
  }

  /** Two of one family are no dual stack, in Kube-OVN neither (util.CheckProtocol). */
  private static void checkOneOfEachFamily(YamlFields spec, String key, List<IpRange> ranges) {
    long families = ranges.stream().map(IpRange::ipv6).distinct().count();
    if (ranges.size() > families) {
      spec.error(
          key, "\"" + key + "\" takes one value of each family, IPv4 and IPv6; write one of each.");
    }
  }

  private static void invalid(
      YamlFields spec, String key, SourceLocation location, String value, String problem) {
    spec.errorAt(
        location, "\"" + key + "\" has an invalid value: \"" + value + "\": " + problem + ".");
  }

  /** excludeIps keeps addresses from being given out, which oVirt does not do: it is only read. */
  private static void checkExcluded(YamlFields spec) {
    for (YamlNode.Scalar item : spec.scalars("excludeIps")) {
      for (String end : item.text().split("\\.\\.", 2)) {
        IpText.addressProblem(end)
            .ifPresent(
                problem ->
                    invalid(
                        spec,
                        "excludeIps",
                        item.location(),
                        item.text(),
                        problem + ", or a range of addresses such as 10.0.0.1..10.0.0.9"));
      }
    }
  }

  private Optional<Acl> readAcl(YamlFields fields) {
    fields.allowOnly(Set.of("direction", "priority", "match", "action"));
    fields.warnEmpty();
    Optional<Boolean> fromLport = readDirection(fields);
    Optional<Integer> priority = fields.integer("priority", 0, 32767);
    if (!fields.has("priority")) {
      // Kube-OVN leaves a missing number at 0, the lowest.
      priority = Optional.of(0);
    }
    Optional<AclAction> action = readAction(fields);
    Optional<String> match = fields.requiredText("match");
    if (fromLport.isEmpty() || priority.isEmpty() || action.isEmpty() || match.isEmpty()) {
      return Optional.empty();
    }
    boolean entering = fromLport.get();
    int number = priority.get();
    return readMatch(fields, match.get(), entering)
        .flatMap(expression -> closed(fields, match.get(), expression, action.get()))
        .map(
            expression ->
                new Acl(
                    entering, number, match.get(), expression, action.get(), fields.location()));
  }

  /**
   * What a match comes to where a set it names could not be read to its end: a rule that closes may
   * be about any frame, and one that opens is about none.
   */
  private Optional<Expression> closed(
      YamlFields fields, String match, Expression expression, AclAction action) {
    Set<String> incomplete =
        sets.incomplete().isEmpty() ? Set.of() : MatchLanguage.addressSetsIn(match);
    for (String name : incomplete) {
      if (sets.incomplete().contains(name)) {
        findings.accept(
            Finding.error(
                    fields.locationOf("match"),
                    "This ACL names the address set $"
                        + name
                        + ", of which an entry cannot be read; correct the set in the inventory.")
                .readClosed());
        return action.allows() ? Optional.empty() : Optional.of(new Expression.Constant(true));
      }
    }
    return Optional.of(expression);
  }

  private static Optional<Boolean> readDirection(YamlFields fields) {
    Optional<String> text = fields.requiredText("direction");
    if (text.isPresent() && !Set.of("from-lport", "to-lport").contains(text.get())) {
      fields.error(
          "direction",
          "\"direction\" must be from-lport (frames from the VM) or to-lport (frames to the VM),"
              + " not \""
              + text.get()
              + "\".");
      return Optional.empty();
    }
    return text.map("from-lport"::equals);
  }

  private static Optional<AclAction> readAction(YamlFields fields) {
    Optional<String> text = fields.requiredText("action");
    Optional<AclAction> action = text.flatMap(AclAction::parse);
    if (text.isPresent() && action.isEmpty()) {
      fields.error(
          "action",
          "\"action\" must be allow, allow-related, allow-stateless, drop or reject, not \""
              + text.get()
              + "\"."
              + (text.get().equals("pass") ? " There are no tiers here to pass to." : ""));
    }
    return action;
  }

  private Optional<Expression> readMatch(YamlFields fields, String match, boolean fromLport) {
    try {
      Expression expression =
          language.parse(
              match,
              sets,
              remark ->
                  findings.accept(
                      Finding.warning(
                              placeIn(fields.node("match"), fields.location(), remark.column()),
                              remark.message())
                          .ofKind("bits-beyond-mask")));
      if (fromLport && Alternatives.mentionsOutport(expression)) {
        fields.error(
            "match",
            "A from-lport ACL cannot look at outport, which is not known yet when a frame enters"
                + " (ovn-nb(5), ACL, \"match\"); use direction to-lport.");
        return Optional.empty();
      }
      Alternatives.of(expression);
      return Optional.of(expression);
    } catch (MatchException e) {
      findings.accept(
          Finding.error(
              placeIn(fields.node("match"), fields.location(), e.column()),
              ("The match \""
                      + shorten(match)
                      + "\" is not valid at its column "
                      + e.column()
                      + ": "
                      + e.getMessage()
                      + " "
                      + MatchCure.of(e))
                  .strip()));
      return Optional.empty();
    }
  }

  private static String shorten(String match) {
    return match.length() <= 200 ? match : match.substring(0, 200) + "...";
  }

  /** Where a column of a match stands in the file. */
  private static SourceLocation placeIn(
      Optional<YamlNode> node, SourceLocation fallback, int column) {
    return node.isPresent() && node.get() instanceof YamlNode.Scalar scalar
        ? scalar.locationOf(column - 1)
        : fallback;
  }

  private void addEastWest(YamlFields spec, List<IpRange> cidrs, List<Acl> acls) {
    // Kube-OVN makes these only where there are ACLs that could close the subnet's own traffic.
    if (!spec.flag("allowEWTraffic").orElse(false) || acls.isEmpty()) {
      return;
    }
    needBlocks(spec, "allowEWTraffic", cidrs);
    for (IpRange cidr : cidrs) {
      for (boolean fromLport : new boolean[] {true, false}) {
        acls.add(
            implied(
                spec.locationOf("allowEWTraffic"),
                fromLport,
                EAST_WEST_ALLOW,
                within(cidr, cidr),
                AclAction.ALLOW));
      }
    }
  }

  private void addPrivate(YamlFields spec, List<IpRange> cidrs, List<Acl> acls) {
    if (!spec.flag("private").orElse(false)) {
      spec.scalars("allowSubnets").forEach(item -> readAllowed(spec, item));
      if (spec.has("allowSubnets")) {
        spec.warning(
            "allowSubnets",
            "\"allowSubnets\" says who may reach a private subnet, and this one is not private;"
                + " it is ignored. Write \"private: true\" to close the subnet.");
      }
      return;
    }
    needBlocks(spec, "private", cidrs);
    SourceLocation location = spec.locationOf("private");
    acls.add(implied(location, false, PRIVATE_DROP, "ip", AclAction.DROP));
    for (IpRange cidr : cidrs) {
      acls.add(
          implied(location, false, PRIVATE_ALLOW, within(cidr, cidr), AclAction.ALLOW_RELATED));
    }
    for (YamlNode.Scalar item : spec.scalars("allowSubnets")) {
      Optional<IpRange> subnet = readAllowed(spec, item);
      if (subnet.isEmpty()) {
        continue;
      }
      if (cidrs.stream().noneMatch(cidr -> cidr.ipv6() == subnet.get().ipv6())) {
        findings.accept(
            Finding.warning(
                item.location(),
                "The subnet has no "
                    + (subnet.get().ipv6() ? "IPv6" : "IPv4")
                    + " block in \"cidrBlock\", so "
                    + item.text()
                    + " in \"allowSubnets\" opens nothing; add the block, or leave it out."));
      }
      for (IpRange cidr : cidrs) {
        if (cidr.ipv6() == subnet.get().ipv6()) {
          String match =
              "(" + within(cidr, subnet.get()) + ") || (" + within(subnet.get(), cidr) + ")";
          acls.add(
              implied(
                  spec.locationOf("allowSubnets"),
                  false,
                  PRIVATE_ALLOW,
                  match,
                  AclAction.ALLOW_RELATED));
        }
      }
    }
  }

  private static Optional<IpRange> readAllowed(YamlFields spec, YamlNode.Scalar item) {
    String text = item.text().strip();
    Optional<String> problem = IpText.blockProblem(text);
    problem.ifPresent(p -> invalid(spec, "allowSubnets", item.location(), text, p));
    return problem.isEmpty() ? IpRange.parse(text) : Optional.empty();
  }

  private static void needBlocks(YamlFields spec, String key, List<IpRange> cidrs) {
    if (cidrs.isEmpty()) {
      spec.error(key, "\"" + key + "\" needs \"cidrBlock\"; write the subnet's block.");
    }
  }

  private static String within(IpRange source, IpRange destination) {
    String family = source.ipv6() ? "ip6" : "ip4";
    return family + ".src == " + source + " && " + family + ".dst == " + destination;
  }

  private Acl implied(
      SourceLocation location, boolean fromLport, int priority, String match, AclAction action) {
    try {
      return new Acl(
          fromLport, priority, match, language.parse(match, NameSets.NONE), action, location);
    } catch (MatchException e) {
      throw new IllegalStateException("implied match " + match, e);
    }
  }
}
