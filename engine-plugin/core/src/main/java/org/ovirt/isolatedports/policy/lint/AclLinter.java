// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.lint;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.ovirt.isolatedports.policy.acl.Acl;
import org.ovirt.isolatedports.policy.acl.AclAction;
import org.ovirt.isolatedports.policy.address.Bits;
import org.ovirt.isolatedports.policy.address.IpRange;
import org.ovirt.isolatedports.policy.finding.Finding;
import org.ovirt.isolatedports.policy.inventory.Inventory;
import org.ovirt.isolatedports.policy.inventory.Nic;
import org.ovirt.isolatedports.policy.match.Alternative;
import org.ovirt.isolatedports.policy.match.Alternatives;
import org.ovirt.isolatedports.policy.match.Field;
import org.ovirt.isolatedports.policy.match.Intervals;
import org.ovirt.isolatedports.policy.match.MatchException;
import org.ovirt.isolatedports.policy.resolve.ResolvedNetwork;
import org.ovirt.isolatedports.policy.resolve.ResolvedNetwork.Direction;
import org.ovirt.isolatedports.policy.role.PortRole;

/** Finds what is odd about a network's ACLs, and offers what to write instead. */
final class AclLinter {

  private static final Bits ARP = Bits.of(0x0806);
  private static final Bits IPV4 = Bits.of(0x0800);
  private static final Bits IPV6 = Bits.of(0x86dd);
  private static final IpRange LINK_LOCAL = IpRange.parse("fe80::/10").orElseThrow();

  /** Comparing each rule with all above it stops at this many, lest a large subnet take minutes. */
  private static final int MAX_COMPARED = 2_000;

  private final ResolvedNetwork network;
  private final Consumer<Finding> findings;
  private final Map<Acl, List<Alternative>> alternatives = new HashMap<>();

  AclLinter(ResolvedNetwork network, Consumer<Finding> findings) {
    this.network = network;
    this.findings = findings;
  }

  void lint() {
    if (network.subnet().isEmpty() || network.subnet().get().acls().isEmpty()) {
      return;
    }
    for (Direction direction : Direction.values()) {
      List<Acl> acls =
          network.acls(direction).stream()
              .filter(acl -> !ResolvedNetwork.isAlwaysAllowed(acl))
              .toList();
      acls.forEach(this::neverMatches);
      shadowed(acls);
      equalPriorities(acls);
      gatewayCutOff(acls);
    }
    network.subnet().get().acls().forEach(this::lintAcl);
    repliesDie();
    leftOpen();
    contradictsRoles();
  }

  private void warn(Acl acl, String kind, String message) {
    findings.accept(Finding.warning(acl.location(), message).ofKind(kind));
  }

  private List<Alternative> alternatives(Acl acl) {
    return alternatives.computeIfAbsent(
        acl,
        a -> {
          try {
            return Alternatives.of(a.expression());
          } catch (MatchException e) {
            // The reader refuses such a match.
            throw new IllegalStateException(e);
          }
        });
  }

  private void neverMatches(Acl acl) {
    if (alternatives(acl).isEmpty()) {
      warn(
          acl,
          "never-matches",
          "This ACL never matches: no frame can be all that \""
              + acl.match()
              + "\" asks for. Remove it, or use || where one of several is meant.");
    }
  }

  /** A rule all of whose frames are decided by rules above it. */
  private void shadowed(List<Acl> acls) {
    for (int i = 1; i < Math.min(acls.size(), MAX_COMPARED); i++) {
      Acl acl = acls.get(i);
      if (alternatives(acl).isEmpty()) {
        continue;
      }
      Set<Acl> covering = new LinkedHashSet<>();
      boolean all = true;
      for (Alternative alternative : alternatives(acl)) {
        Optional<Acl> cover =
            acls.subList(0, i).stream()
                .filter(above -> alternatives(above).stream().anyMatch(a -> a.covers(alternative)))
                .findFirst();
        cover.ifPresent(covering::add);
        all &= cover.isPresent();
      }
      if (all) {
        warn(
            acl,
            "never-decides",
            "This ACL never decides: every frame it matches is decided by "
                + String.join(
                    " and ",
                    covering.stream()
                        .map(a -> a.location().fileAndLine() + " (" + a.shown() + ")")
                        .toList())
                + ". Remove it, or raise its priority.");
      }
    }
  }

  /** OVN leaves open which of two rules decides; here the one that closes does. */
  private void equalPriorities(List<Acl> acls) {
    Map<Integer, List<Acl>> byPriority = new LinkedHashMap<>();
    acls.forEach(
        acl -> byPriority.computeIfAbsent(acl.priority(), p -> new ArrayList<>()).add(acl));
    for (List<Acl> equal : byPriority.values()) {
      List<Acl> open = equal.stream().filter(acl -> acl.action().allows()).limit(100).toList();
      List<Acl> closed = equal.stream().filter(acl -> !acl.action().allows()).limit(100).toList();
      for (Acl allowing : open) {
        closed.stream()
            .filter(acl -> overlap(acl, allowing))
            .findFirst()
            .ifPresent(
                acl ->
                    warn(
                        allowing,
                        "equal-priorities",
                        "This ACL and "
                            + acl.location().fileAndLine()
                            + " have the same priority "
                            + acl.priority()
                            + " and different actions for frames both match. OVN does not say which"
                            + " decides; here the "
                            + acl.action().ovnName()
                            + " does. Give them different priorities."));
      }
    }
  }

  private boolean overlap(Acl a, Acl b) {
    return alternatives(a).stream()
        .anyMatch(x -> alternatives(b).stream().anyMatch(y -> x.and(y).isPresent()));
  }

  /** A rule that closes the gateway's own address, as a block that holds it does. */
  private void gatewayCutOff(List<Acl> acls) {
    for (boolean ipv6 : new boolean[] {false, true}) {
      Optional<IpRange> gateway = network.gateway(ipv6);
      if (gateway.isEmpty()) {
        continue;
      }
      for (boolean source : new boolean[] {true, false}) {
        Field field =
            ipv6
                ? (source ? Field.IP6_SRC : Field.IP6_DST)
                : (source ? Field.IP4_SRC : Field.IP4_DST);
        for (Acl acl : acls) {
          if (onlyLooksAt(acl, field, gateway.get().address())) {
            if (!acl.action().allows()) {
              warn(
                  acl,
                  "gateway-cut-off",
                  "This ACL cuts the gateway "
                      + gateway.get()
                      + " off: it lies in the addresses of \""
                      + acl.match()
                      + "\", so VMs neither reach it nor hear from it. If that is not meant, add an"
                      + " ACL of a higher priority: {direction: "
                      + acl.direction()
                      + ", priority: "
                      + (acl.priority() + 1)
                      + ", action: allow, match: "
                      + field.ovnName()
                      + " == "
                      + gateway.get()
                      + "}.");
            }
            break;
          }
        }
      }
    }
  }

  /** Whether a rule is about all frames with a certain address. */
  private boolean onlyLooksAt(Acl acl, Field field, Bits address) {
    return alternatives(acl).stream()
        .anyMatch(
            a ->
                a.fields().containsKey(field)
                    && a.fields().get(field).contains(address)
                    && a.masks().isEmpty()
                    && a.inports().isEmpty()
                    && a.outports().isEmpty()
                    && a.fields().keySet().stream()
                        .allMatch(f -> f == field || f == Field.ETH_TYPE));
  }

  private void lintAcl(Acl acl) {
    if (acl.action() == AclAction.REJECT && !acl.fromLport()) {
      warn(
          acl,
          "reject-to-lport",
          "A Linux bridge cannot answer a frame that is about to leave it, so this to-lport reject"
              + " is compiled to a drop. For an answer write a from-lport ACL that matches the"
              + " destination.");
    }
    if (alternatives(acl).stream()
        .anyMatch(a -> namesUplink(a.inports()) || namesUplink(a.outports()))) {
      warn(
          acl,
          "matches-uplink",
          "\"uplink\" is the port through which VMs on other hosts come in too, so this ACL decides"
              + " differently about VMs on the same host and on others. Match on addresses"
              + " instead.");
    }
    namesPorts(acl);
    if (acl.action() == AclAction.ALLOW_STATELESS && network.stateful()) {
      warn(
          acl,
          "stateless-tracked",
          "Connections are tracked on this network (an ACL says allow-related), and an"
              + " allow-stateless ACL is treated as allow here: replies pass too.");
    }
  }

  private static boolean namesUplink(Optional<Set<String>> names) {
    return names.isPresent() && names.get().contains(Inventory.UPLINK);
  }

  private void namesPorts(Acl acl) {
    Set<String> names = new TreeSet<>();
    for (Alternative alternative : alternatives(acl)) {
      alternative.inports().ifPresent(names::addAll);
      alternative.outports().ifPresent(names::addAll);
    }
    names.removeIf(name -> name.equals(Inventory.UPLINK) || name.startsWith(Nic.PINNED));
    if (names.isEmpty()) {
      return;
    }
    warn(
        acl,
        "selects-by-vm-name",
        "This selects by VM name ("
            + String.join(", ", names)
            + "), and tenants can rename their VMs: one that takes this name is met by the rule,"
            + " and one that gives it up is not. Where the rule is stored in the server, the name is"
            + " pinned to the VM that bears it then. Match on addresses that the inventory binds to"
            + " the vNIC, or select by a label in a NetworkPolicy.");
    network.nics().forEach(nic -> names.removeAll(network.portNames().of(nic)));
    if (!names.isEmpty()) {
      warn(
          acl,
          "unknown-port",
          "No port on network "
              + network.network().name()
              + " is named "
              + String.join(", ", names)
              + "; a port is named VM/NIC, or VM where the VM has one vNIC on the network.");
    }
  }

  /** A drop towards some addresses stops the answers to what those send themselves. */
  private void repliesDie() {
    if (network.stateful()) {
      return;
    }
    for (Acl acl : network.acls(Direction.TO_LPORT)) {
      if (acl.action().allows()) {
        continue;
      }
      for (Field field : List.of(Field.IP4_DST, Field.IP6_DST)) {
        Optional<Intervals> addresses = closedAddresses(acl, field);
        if (addresses.isPresent() && maySend(field, addresses.get())) {
          String own = field == Field.IP4_DST ? "ip4.src" : "ip6.src";
          warn(
              acl,
              "replies-die",
              "This ACL drops replies too: what \""
                  + acl.match()
                  + "\" protects can open connections, but nothing comes back, since no ACL of this"
                  + " network tracks connections. To let replies pass and nothing else, add:"
                  + " {direction: from-lport, priority: "
                  + Math.min(32767, acl.priority() + 1)
                  + ", action: allow-related, match: "
                  + own
                  + " == "
                  + shown(field, addresses.get())
                  + "}.");
          break;
        }
      }
    }
  }

  /** The destinations a rule closes whatever else a frame is. */
  private Optional<Intervals> closedAddresses(Acl acl, Field field) {
    return alternatives(acl).stream()
        .filter(
            a ->
                a.fields().containsKey(field)
                    && a.fields().keySet().stream()
                        .allMatch(f -> f == field || f == Field.ETH_TYPE))
        .map(a -> a.fields().get(field))
        .findFirst();
  }

  /** Whether no from-lport rule closes those addresses as sources. */
  private boolean maySend(Field field, Intervals addresses) {
    Field source = field == Field.IP4_DST ? Field.IP4_SRC : Field.IP6_SRC;
    return network.acls(Direction.FROM_LPORT).stream()
        .noneMatch(
            acl ->
                !acl.action().allows()
                    && alternatives(acl).stream()
                        .anyMatch(
                            a ->
                                a.fields().containsKey(source)
                                    && a.fields().get(source).containsAll(addresses)
                                    && a.fields().keySet().stream()
                                        .allMatch(f -> f == source || f == Field.ETH_TYPE)));
  }

  private static String shown(Field field, Intervals addresses) {
    List<String> blocks = new ArrayList<>();
    for (Intervals.Interval interval : addresses.list()) {
      int prefix = Math.max(0, interval.prefixLength(field.width()));
      blocks.add(new IpRange(field.width() == 128, interval.first(), prefix).toString());
    }
    return blocks.size() == 1 ? blocks.get(0) : "{" + String.join(", ", blocks) + "}";
  }

  /** Rules that close IPv4 leave the rest open; say so once, with the strict form. */
  private void leftOpen() {
    List<Acl> closing =
        network.subnet().orElseThrow().acls().stream()
            .filter(acl -> !acl.action().allows())
            .toList();
    if (closing.isEmpty()) {
      return;
    }
    List<String> open = new ArrayList<>();
    boolean ipv6Closed = closes(closing, IPV6);
    if (!ipv6Closed) {
      open.add("IPv6");
    } else if (!closesLinkLocal(closing)) {
      open.add("link-local IPv6 addresses (fe80::/10), which every vNIC may use");
    }
    if (!closes(closing, IPV4)) {
      open.add("IPv4");
    }
    if (!closes(closing, ARP)) {
      open.add("ARP");
    }
    if (!closes(closing, Bits.of(0x88b5))) {
      open.add("other EtherTypes");
    }
    boolean unbound =
        network.nics().stream().anyMatch(nic -> !nic.antiSpoof() || nic.address(false).isEmpty());
    if (unbound && closing.stream().anyMatch(this::looksAtSource)) {
      open.add(
          "forged source addresses of vNICs without addresses in the inventory or with"
              + " anti_spoof: false");
    }
    if (!open.isEmpty()) {
      Acl first = closing.get(0);
      warn(
          first,
          "left-open",
          "What the ACLs of this network close stays open to "
              + String.join(", ", open)
              + ". The strict form closes it: {direction: to-lport, priority: 1, action: drop,"
              + " match: ip6}, {direction: to-lport, priority: 0, action: drop, match: 1} with ACLs"
              + " above them for what shall pass (ARP among it: {direction: to-lport, priority: 2,"
              + " action: allow, match: arp}), and \"ips\" for every vNIC.");
    }
  }

  /** Whether some rule closes frames of IPv6 from or to addresses that need not be given. */
  private boolean closesLinkLocal(List<Acl> closing) {
    return closing.stream()
        .flatMap(acl -> alternatives(acl).stream())
        .filter(
            a ->
                !a.fields().containsKey(Field.ETH_TYPE)
                    || a.fields().get(Field.ETH_TYPE).contains(IPV6))
        .anyMatch(a -> mayBeLinkLocal(a, Field.IP6_SRC) && mayBeLinkLocal(a, Field.IP6_DST));
  }

  private static boolean mayBeLinkLocal(Alternative alternative, Field field) {
    return !alternative.fields().containsKey(field)
        || alternative.fields().get(field).contains(LINK_LOCAL.address());
  }

  /** Whether some rule closes part of the frames of a type. */
  private boolean closes(List<Acl> closing, Bits type) {
    return closing.stream()
        .anyMatch(
            acl ->
                alternatives(acl).stream()
                    .anyMatch(
                        a ->
                            !a.fields().containsKey(Field.ETH_TYPE)
                                || a.fields().get(Field.ETH_TYPE).contains(type)));
  }

  private boolean looksAtSource(Acl acl) {
    return alternatives(acl).stream()
        .anyMatch(
            a -> a.fields().containsKey(Field.IP4_SRC) || a.fields().containsKey(Field.IP6_SRC));
  }

  /** A rule that allows what the roles close does nothing. */
  private void contradictsRoles() {
    Map<Bits, Nic> owners = new HashMap<>();
    for (Nic nic : network.nics()) {
      nic.address(false).ifPresent(address -> owners.put(address.address(), nic));
    }
    for (Acl acl : network.subnet().orElseThrow().acls()) {
      if (!acl.action().allows()) {
        continue;
      }
      for (Alternative alternative : alternatives(acl)) {
        Optional<Nic> source = owner(owners, alternative, Field.IP4_SRC);
        Optional<Nic> destination = owner(owners, alternative, Field.IP4_DST);
        if (source.isPresent() && destination.isPresent()) {
          PortRole role = source.get().role();
          if (!role.mayReach(destination.get().role())) {
            warn(
                acl,
                "contradicts-roles",
                "This ACL allows "
                    + source.get().portName()
                    + " to reach "
                    + destination.get().portName()
                    + ", but their port roles ("
                    + role
                    + ", "
                    + destination.get().role()
                    + ") do not, and every mechanism must allow a frame. Give both the same"
                    + " community, or make one of them promiscuous.");
          }
        }
      }
    }
  }

  private static Optional<Nic> owner(Map<Bits, Nic> owners, Alternative alternative, Field field) {
    return Optional.ofNullable(alternative.fields().get(field))
        .filter(values -> values.list().size() == 1 && values.list().get(0).isSingle())
        .map(values -> owners.get(values.list().get(0).first()));
  }
}
