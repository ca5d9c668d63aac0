// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.evaluate;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.ovirt.isolatedports.policy.acl.Acl;
import org.ovirt.isolatedports.policy.address.Addresses;
import org.ovirt.isolatedports.policy.address.Bits;
import org.ovirt.isolatedports.policy.address.IpRange;
import org.ovirt.isolatedports.policy.finding.SourceLocation;
import org.ovirt.isolatedports.policy.inventory.Network;
import org.ovirt.isolatedports.policy.inventory.Nic;
import org.ovirt.isolatedports.policy.match.Field;
import org.ovirt.isolatedports.policy.match.Packet;
import org.ovirt.isolatedports.policy.networkpolicy.NetworkPolicy;
import org.ovirt.isolatedports.policy.resolve.ResolvedNetwork;
import org.ovirt.isolatedports.policy.resolve.ResolvedNetwork.Direction;
import org.ovirt.isolatedports.policy.role.PortRole;

/**
 * Decides what a network's rules do to a frame. This is the meaning the compiled rulesets are held
 * to; docs/design/policy.md has the order of the mechanisms and why it is so: a frame passes only
 * if the source's binding, the roles, the ACLs of both directions and the network policies of both
 * ends all let it pass.
 */
public final class Evaluator {

  /** The reason where nothing closes the way. */
  public static final String DEFAULT_ALLOW = "no rule matches: allowed by default";

  /** The reason for a reply that passes as part of a tracked connection. */
  public static final String TRACKED = "reply of an allowed connection";

  private static final int ARP = 0x0806;
  private static final int IPV4 = 0x0800;
  private static final int IPV6 = 0x86dd;

  /** Types of tags (IEEE 802.1Q, 802.1ad, and what came before it), found within a tag. */
  private static final Set<Long> STACKED = Set.of(0x8100L, 0x88a8L, 0x9100L);

  private static final IpRange LINK_LOCAL = IpRange.parse("fe80::/10").orElseThrow();

  private final ResolvedNetwork network;
  private final Packets packets;
  private final PolicyRules policyRules;
  private final Set<Bits> closedMacs = new HashSet<>();
  private final Set<Bits> openMacs = new HashSet<>();
  private final Map<SourceLocation, String> places = new HashMap<>();
  private final Map<List<Object>, Optional<Obstacle>> roleReasons = new HashMap<>();

  /** By the policy itself: the hash of all it says would be made again for each pair. */
  private final IdentityHashMap<NetworkPolicy, Optional<Obstacle>> ingressDenials =
      new IdentityHashMap<>();

  private final IdentityHashMap<NetworkPolicy, Optional<Obstacle>> egressDenials =
      new IdentityHashMap<>();

  public Evaluator(ResolvedNetwork network) {
    this.network = network;
    this.packets = new Packets(network);
    this.policyRules = new PolicyRules(network);
    for (Nic nic : network.nics()) {
      (nic.role() instanceof PortRole.Promiscuous ? openMacs : closedMacs).add(nic.mac());
    }
  }

  /**
   * What stops a frame.
   *
   * @param certain whether it does whatever is not known about the frame
   * @param reason the rule as {@code file:line}, or the reason
   */
  private record Obstacle(boolean certain, String reason) {

    static Optional<Obstacle> of(String reason) {
      return Optional.of(new Obstacle(true, reason));
    }

    static Optional<Obstacle> possible(String place) {
      return Optional.of(new Obstacle(false, "depends on an address that is not known: " + place));
    }
  }

  /** What is noted on the way to a decision. */
  private static final class Run {
    private final Optional<List<String>> considered;
    private String allowedBy = DEFAULT_ALLOW;

    Run(Optional<List<String>> considered) {
      this.considered = considered;
    }

    void note(Supplier<String> line) {
      considered.ifPresent(lines -> lines.add(line.get()));
    }
  }

  /** The ACLs to ask; a matrix leaves out those that cannot match. */
  record AclLists(List<Acl> fromLport, List<Acl> toLport) {}

  /** Follows a connection's first packet and the answer to it, noting what is considered. */
  public Exchange trace(Side from, Side to, Flow flow) {
    Decision forward = decide(from.end(), to.end(), Packets.request(from, to, flow), false);
    return forward.verdict() == Verdict.DROPPED
        ? new Exchange(forward, Optional.empty())
        : new Exchange(
            forward,
            Optional.of(decide(to.end(), from.end(), Packets.answer(from, to, flow), true)));
  }

  /**
   * Decides about one frame.
   *
   * @param packet the frame; what was left open in it makes the verdict unknown where it matters
   * @param reply whether it answers a frame that passed the other way
   */
  public Decision decide(Endpoint from, Endpoint to, Packet packet, boolean reply) {
    List<String> considered = new ArrayList<>();
    packet.inport(packets.portNames(from)).outport(packets.portNames(to));
    return decide(from, to, packet, reply, allAcls(), new Run(Optional.of(considered)));
  }

  /** Decides without notes, over ACLs that were looked through before. */
  Decision decideQuickly(Endpoint from, Endpoint to, Packet packet, boolean reply, AclLists acls) {
    return decide(from, to, packet, reply, acls, new Run(Optional.empty()));
  }

  AclLists allAcls() {
    return new AclLists(network.acls(Direction.FROM_LPORT), network.acls(Direction.TO_LPORT));
  }

  Packets packets() {
    return packets;
  }

  private Decision decide(
      Endpoint from, Endpoint to, Packet packet, boolean reply, AclLists acls, Run run) {
    Optional<Obstacle> obstacle = obstacle(from, to, packet, reply, acls, run);
    List<String> considered = run.considered.orElse(List.of());
    if (obstacle.isEmpty()) {
      return new Decision(Verdict.PASSES, run.allowedBy, considered);
    }
    Verdict verdict = obstacle.get().certain() ? Verdict.DROPPED : Verdict.UNKNOWN;
    return new Decision(verdict, obstacle.get().reason(), considered);
  }

  /** The first thing that surely stops a frame, else the first that may; none if it passes. */
  private Optional<Obstacle> obstacle(
      Endpoint from, Endpoint to, Packet packet, boolean reply, AclLists acls, Run run) {
    Optional<Obstacle> hidden = hidden(from, to, packet, run);
    if (hidden.isPresent()) {
      return hidden;
    }
    Optional<Obstacle> forged = spoofed(from, packet, run);
    if (forged.isPresent()) {
      return forged;
    }
    Optional<Obstacle> role = closedByRole(from, to, packet, run);
    if (role.isPresent()) {
      return role;
    }
    if (from instanceof Endpoint.Uplink) {
      Optional<String> returned = Hairpin.reason(network, packet);
      if (returned.isPresent()) {
        run.note(returned::get);
        return Obstacle.of(returned.get());
      }
    }
    Optional<Obstacle> entering = closedByAcl(acls.fromLport(), "from-lport", packet, reply, run);
    if (isCertain(entering)) {
      return entering;
    }
    Optional<Obstacle> egress = closedByPolicies(from, to, packet, false, reply, run);
    if (isCertain(egress)) {
      return egress;
    }
    Optional<Obstacle> ingress = closedByPolicies(to, from, packet, true, reply, run);
    if (isCertain(ingress)) {
      return ingress;
    }
    Optional<Obstacle> leaving = closedByAcl(acls.toLport(), "to-lport", packet, reply, run);
    return isCertain(leaving)
        ? leaving
        : entering.or(() -> egress).or(() -> ingress).or(() -> leaving);
  }

  private static boolean isCertain(Optional<Obstacle> obstacle) {
    return obstacle.isPresent() && obstacle.get().certain();
  }

  private boolean limited(Endpoint end, boolean isIngress) {
    return end instanceof Endpoint.Vnic vnic
        && !network.limiting(vnic.index(), isIngress).isEmpty();
  }

  /** The place of an ACL, made once. */
  private String place(Acl acl) {
    return places.computeIfAbsent(acl.location(), SourceLocation::fileAndLine);
  }

  // Frames no rule can look into

  /**
   * A tag within a tag. Many receivers take priority tags (VLAN 0) off however many there are
   * (Linux: __netif_receive_skb_core), so what is in it would arrive without having met a rule.
   */
  private Optional<Obstacle> hidden(Endpoint from, Endpoint to, Packet packet, Run run) {
    boolean vnics = from instanceof Endpoint.Vnic || to instanceof Endpoint.Vnic;
    if (!vnics || !network.isManaged() || !STACKED.contains(packet.low(Field.ETH_TYPE))) {
      return Optional.empty();
    }
    String reason = "a frame with more than one VLAN tag hides what it holds from the rules";
    run.note(() -> reason);
    return Obstacle.of(reason);
  }

  // Source binding

  private Optional<Obstacle> spoofed(Endpoint from, Packet packet, Run run) {
    if (!(from instanceof Endpoint.Vnic vnic) || !network.isManaged()) {
      return Optional.empty();
    }
    Nic nic = network.nics().get(vnic.index());
    if (!nic.antiSpoof()) {
      run.note(() -> "vNIC " + nic.portName() + " is not held to its MAC (anti_spoof: false)");
      return Optional.empty();
    }
    Optional<String> forged = forged(nic, packet).or(() -> serving(nic, packet));
    run.note(
        () -> forged.orElse("vNIC " + nic.portName() + " sends from its own MAC and addresses"));
    return forged.flatMap(Obstacle::of);
  }

  private static Optional<String> forged(Nic nic, Packet packet) {
    if (!packet.get(Field.ETH_SRC).equals(nic.mac())) {
      return Optional.of(mayNot(nic, "send from a MAC other than its own"));
    }
    return switch ((int) packet.low(Field.ETH_TYPE)) {
      case ARP -> {
        boolean ownMac = packet.get(Field.ARP_SHA).equals(nic.mac());
        Bits sender = packet.get(Field.ARP_SPA);
        // A sender of 0.0.0.0 asks whether an address is free (RFC 5227, section 2.1.1).
        yield ownMac && (sender.isZero() || owns(nic, sender, false))
            ? Optional.empty()
            : Optional.of(mayNot(nic, "announce an address that is not its own"));
      }
      case IPV4 ->
          !packet.knows(Field.IP4_SRC)
                  || owns(nic, packet.get(Field.IP4_SRC), false)
                  || isDhcpRequest(packet)
              ? Optional.empty()
              : Optional.of(mayNot(nic, "send from an IPv4 address that is not its own"));
      case IPV6 -> {
        Bits source = packet.get(Field.IP6_SRC);
        // An address that is not known is one of its own.
        boolean own = !packet.knows(Field.IP6_SRC) || ownsIpv6(nic, source) || source.isZero();
        boolean announcesOther =
            isAdvertisement(packet) && !ownsIpv6(nic, packet.get(Field.ND_TARGET));
        yield own && !announcesOther
            ? Optional.empty()
            : Optional.of(mayNot(nic, "send from an IPv6 address that is not its own"));
      }
      default -> Optional.empty();
    };
  }

  /** What routers and DHCP servers say, which a promiscuous vNIC alone may be. */
  private static Optional<String> serving(Nic nic, Packet packet) {
    long protocol = packet.low(Field.IP_PROTO);
    boolean ipv6 = packet.low(Field.ETH_TYPE) == IPV6;
    if (nic.role() instanceof PortRole.Promiscuous
        || nic.serves()
        || (!ipv6 && packet.low(Field.ETH_TYPE) != IPV4)) {
      return Optional.empty();
    }
    if (protocol == 17 && packet.low(Field.UDP_DST) == (ipv6 ? 546 : 68)) {
      return Optional.of(mayNot(nic, "hand out addresses (DHCP)"));
    }
    long type =
        protocol == (ipv6 ? 58 : 1) ? packet.low(ipv6 ? Field.ICMP6_TYPE : Field.ICMP4_TYPE) : -1;
    return (ipv6 ? List.of(134L, 137L) : List.of(5L, 9L)).contains(type)
        ? Optional.of(mayNot(nic, "advertise itself as a router or redirect others"))
        : Optional.empty();
  }

  private static String mayNot(Nic nic, String what) {
    return "vNIC " + nic.portName() + " may not " + what;
  }

  /** Whether an address is the vNIC's; a family of which none were given is not bound. */
  private static boolean owns(Nic nic, Bits address, boolean ipv6) {
    boolean bound = false;
    for (IpRange own : nic.addresses()) {
      if (own.ipv6() == ipv6) {
        bound = true;
        if (own.address().equals(address)) {
          return true;
        }
      }
    }
    return !bound;
  }

  private static boolean ownsIpv6(Nic nic, Bits address) {
    return owns(nic, address, true) || LINK_LOCAL.contains(new IpRange(true, address, 128));
  }

  private static boolean isAdvertisement(Packet packet) {
    return packet.low(Field.IP_PROTO) == 58 && packet.low(Field.ICMP6_TYPE) == 136;
  }

  private static boolean isDhcpRequest(Packet packet) {
    return packet.get(Field.IP4_SRC).isZero()
        && packet.low(Field.IP_PROTO) == 17
        && packet.low(Field.UDP_SRC) == 68
        && packet.low(Field.UDP_DST) == 67;
  }

  // Roles

  private Optional<Obstacle> closedByRole(Endpoint from, Endpoint to, Packet packet, Run run) {
    PortRole source = role(from);
    PortRole destination = role(to);
    boolean open = source.mayReach(destination);
    if (open && from instanceof Endpoint.Uplink && !(destination instanceof PortRole.Promiscuous)) {
      Optional<String> sealed = sealedFromUplink(packet);
      run.note(() -> sealed.orElse("the uplink's frame comes from a gateway or from outside"));
      return sealed.flatMap(Obstacle::of);
    }
    run.note(() -> "roles: " + source + " may " + (open ? "" : "not ") + "reach " + destination);
    return open
        ? Optional.empty()
        : roleReasons.computeIfAbsent(
            List.of(source, destination),
            roles ->
                Obstacle.of(
                    "port roles (RFC 5517) on network "
                        + network.network().name()
                        + ": "
                        + source
                        + " may not reach "
                        + destination));
  }

  private PortRole role(Endpoint end) {
    return end instanceof Endpoint.Vnic vnic
        ? network.nics().get(vnic.index()).role()
        : new PortRole.Promiscuous();
  }

  /** Frames that come from the uplink, though not from a gateway. */
  private Optional<String> sealedFromUplink(Packet packet) {
    Network n = network.network();
    Bits source = packet.get(Field.ETH_SRC);
    // A MAC that is not known is that of a gateway of which none was given.
    boolean gateway = !packet.knows(Field.ETH_SRC) || n.gatewayMacs().contains(source);
    if (gateway) {
      return Optional.empty();
    }
    boolean closedVnic = closedMacs.contains(source);
    boolean openVnic = openMacs.contains(source);
    if (closedVnic || (n.uplink() == Network.Uplink.GATEWAYS && !openVnic)) {
      return Optional.of(
          "the uplink of network "
              + n.name()
              + " lets nothing from "
              + Addresses.formatMac(source)
              + " reach a closed port (uplink: "
              + (n.uplink() == Network.Uplink.GATEWAYS ? "gateways" : "open")
              + ")");
    }
    return Optional.empty();
  }

  // ACLs

  private Optional<Obstacle> closedByAcl(
      List<Acl> acls, String direction, Packet packet, boolean reply, Run run) {
    if (reply && network.stateful()) {
      run.note(() -> direction + " ACLs: " + TRACKED);
      run.allowedBy = TRACKED;
      return Optional.empty();
    }
    Optional<Acl> mayClose = Optional.empty();
    Optional<Acl> mayOpen = Optional.empty();
    for (Acl acl : acls) {
      Packet.Truth truth = packet.test(acl.expression());
      if (truth == Packet.Truth.NO) {
        if (!ResolvedNetwork.isAlwaysAllowed(acl)) {
          run.note(() -> place(acl) + " does not match: " + acl.shown());
        }
      } else if (truth == Packet.Truth.UNDECIDED) {
        run.note(() -> place(acl) + " may match, by an address not known: " + acl.shown());
        if (acl.action().allows()) {
          mayOpen = mayOpen.or(() -> Optional.of(acl));
        } else {
          mayClose = mayClose.or(() -> Optional.of(acl));
        }
      } else {
        run.note(() -> place(acl) + " matches: " + acl.shown());
        return decided(acl, acl.action().allows() ? mayClose : mayOpen, run);
      }
    }
    return mayClose.flatMap(acl -> Obstacle.possible(place(acl)));
  }

  /**
   * What a rule that surely matches comes to.
   *
   * @param other a rule above it that may match, and says otherwise
   */
  private Optional<Obstacle> decided(Acl acl, Optional<Acl> other, Run run) {
    if (other.isPresent()) {
      return Obstacle.possible(place(other.get()));
    }
    if (!acl.action().allows()) {
      return Obstacle.of(place(acl));
    }
    run.allowedBy = place(acl);
    return Optional.empty();
  }

  // Network policies

  /**
   * Whether the policies that select an end close it.
   *
   * @param selected the end whose policies are asked
   * @param isIngress whether the frame comes in to it
   */
  private Optional<Obstacle> closedByPolicies(
      Endpoint selected, Endpoint other, Packet packet, boolean isIngress, boolean reply, Run run) {
    if (!limited(selected, isIngress)) {
      return Optional.empty();
    }
    List<NetworkPolicy> policies = network.limiting(((Endpoint.Vnic) selected).index(), isIngress);
    String direction = isIngress ? "ingress" : "egress";
    if (reply) {
      run.note(() -> direction + " policies: " + TRACKED);
      run.allowedBy = TRACKED;
      return Optional.empty();
    }
    if (PolicyRules.isLinkService(other, packet, isIngress)) {
      run.note(() -> direction + " policies: ARP, neighbour discovery and DHCP pass");
      return Optional.empty();
    }
    PolicyRules.Allowing allowing = policyRules.allowing(selected, other, packet, isIngress);
    if (allowing.surely().isPresent()) {
      String place = place(allowing.surely().get());
      run.note(() -> place + " allows this " + direction);
      run.allowedBy = place;
      return Optional.empty();
    }
    if (allowing.maybe().isPresent()) {
      String place = place(allowing.maybe().get());
      run.note(() -> place + " may allow this " + direction + ", by an address not known");
      return Obstacle.possible(place);
    }
    run.note(
        () ->
            "no "
                + direction
                + " rule of "
                + policies.stream().map(NetworkPolicy::name).toList()
                + " allows this");
    NetworkPolicy first = policies.get(0);
    return (isIngress ? ingressDenials : egressDenials)
        .computeIfAbsent(
            first,
            policy ->
                Obstacle.of(
                    policy.location().fileAndLine()
                        + " (NetworkPolicy "
                        + policy.name()
                        + ": "
                        + direction
                        + " is denied unless a rule allows it)"));
  }

  private String place(NetworkPolicy.Rule rule) {
    return places.computeIfAbsent(rule.location(), SourceLocation::fileAndLine);
  }
}
