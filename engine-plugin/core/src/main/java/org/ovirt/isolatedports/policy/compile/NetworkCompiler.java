// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.compile;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.ovirt.isolatedports.policy.IpRange;
import org.ovirt.isolatedports.policy.acl.Acl;
import org.ovirt.isolatedports.policy.acl.AclAction;
import org.ovirt.isolatedports.policy.inventory.Network;
import org.ovirt.isolatedports.policy.inventory.Nic;
import org.ovirt.isolatedports.policy.match.Addresses;
import org.ovirt.isolatedports.policy.match.Alternative;
import org.ovirt.isolatedports.policy.match.Alternatives;
import org.ovirt.isolatedports.policy.match.Bits;
import org.ovirt.isolatedports.policy.match.Field;
import org.ovirt.isolatedports.policy.match.Intervals;
import org.ovirt.isolatedports.policy.match.MatchException;
import org.ovirt.isolatedports.policy.networkpolicy.NetworkPolicy;
import org.ovirt.isolatedports.policy.resolve.ResolvedNetwork;
import org.ovirt.isolatedports.policy.resolve.ResolvedNetwork.Direction;
import org.ovirt.isolatedports.policy.resolve.ResolvedRule;
import org.ovirt.isolatedports.policy.role.PortRole;

/** Compiles what rules one network on one host: roles, ACLs and network policies. */
final class NetworkCompiler {

  private static final String UPLINK = "uplink";

  private final String host;
  private final HostCapabilities capabilities;
  private final ResolvedNetwork network;
  private final List<Integer> local;
  private final BitSet isLocal = new BitSet();
  private final String prefix;
  private final Ruleset ruleset;
  private final Map<String, Folded> folded = new LinkedHashMap<>();
  private final Map<BitSet, String> peerSets = new HashMap<>();
  private final Map<List<Object>, String> profiles = new HashMap<>();
  private Optional<Map<String, BitSet>> portsByName = Optional.empty();

  /** A chain of ACLs as it was folded. */
  private record Folded(Direction direction, boolean mayReject, AclFolder folder) {}

  NetworkCompiler(
      String host,
      HostCapabilities capabilities,
      ResolvedNetwork network,
      List<Integer> local,
      String prefix,
      Ruleset ruleset) {
    this.host = host;
    this.capabilities = capabilities;
    this.network = network;
    this.local = local;
    local.forEach(isLocal::set);
    this.prefix = prefix;
    this.ruleset = ruleset;
  }

  String name() {
    return network.network().name();
  }

  String bridge() {
    return network.network().bridge();
  }

  List<Nic> localNics() {
    return local.stream().map(network.nics()::get).toList();
  }

  boolean tracksConnections() {
    return network.stateful() || limitsLocally();
  }

  private boolean limitsLocally() {
    return local.stream()
        .anyMatch(
            i -> !network.limiting(i, true).isEmpty() || !network.limiting(i, false).isEmpty());
  }

  /** Which rules need connection tracking, for a message. */
  String trackingReason() {
    return network.stateful()
        ? "ACLs with allow-related (" + network.subnet().orElseThrow().location().file() + ")"
        : "network policies";
  }

  void compile() throws CompileException {
    compileRoles();
    compileAcls();
    compilePolicies();
  }

  private Nft device(int nic) {
    return Fields.device(network.nics().get(nic).device());
  }

  private Nft mac(int nic) {
    return Fields.plain(Addresses.formatMac(network.nics().get(nic).mac()));
  }

  private void dispatch(String map, int nic, String chain) {
    ruleset.map(map, false, List.of("ifname")).add(device(nic), Nft.Verdict.jump(chain));
  }

  private static Nft.Match in(Nft left, String set) {
    return new Nft.Match("==", left, new Nft.Named(set));
  }

  private static Nft.Match notVmPort(String side) {
    return new Nft.Match("!=", new Nft.Meta(side), new Nft.Named("vm_ports"));
  }

  private static Nft ether(String field) {
    return new Nft.Payload("ether", field);
  }

  // Roles (RFC 5517)

  private void compileRoles() {
    boolean anyClosed = network.nics().stream().anyMatch(HostCompiler::isClosed);
    if (!anyClosed) {
      return;
    }
    Ruleset.NftSet closedPorts = ruleset.set(prefix + "_closed", false, "ifname");
    Ruleset.NftSet closedMacs = ruleset.set(prefix + "_closed_mac", false, "ether_addr");
    Ruleset.NftSet trusted = ruleset.set(prefix + "_trusted_mac", false, "ether_addr");
    for (int i = 0; i < network.nics().size(); i++) {
      Nic nic = network.nics().get(i);
      if (HostCompiler.isClosed(nic)) {
        closedMacs.add(mac(i));
        if (isLocal.get(i)) {
          closedPorts.add(device(i));
        }
      } else {
        trusted.add(mac(i));
      }
      if (nic.role() instanceof PortRole.Community community) {
        ruleset.set(communitySet(community) + "_mac", false, "ether_addr").add(mac(i));
        Ruleset.NftSet ports = ruleset.set(communitySet(community), false, "ifname");
        if (isLocal.get(i)) {
          ports.add(device(i));
        }
      }
    }
    network
        .network()
        .gatewayMacs()
        .forEach(gateway -> trusted.add(Fields.plain(Addresses.formatMac(gateway))));
    for (int i : local) {
      PortRole role = network.nics().get(i).role();
      if (role instanceof PortRole.Isolated) {
        dispatch("role_from", i, roleChain("from_isolated", Optional.empty()));
        dispatch("role_to", i, roleChain("to_isolated", Optional.empty()));
      } else if (role instanceof PortRole.Community community) {
        String name = communitySet(community);
        dispatch("role_from", i, roleChain("from_" + community.name(), Optional.of(name)));
        dispatch("role_to", i, roleChain("to_" + community.name(), Optional.of(name)));
      }
    }
  }

  private String communitySet(PortRole.Community community) {
    return prefix + "_com_" + community.name();
  }

  private String roleChain(String suffix, Optional<String> community) {
    // A community may be named "isolated"; its chain must be another.
    String name = prefix + (community.isPresent() ? "_crole_" : "_role_") + suffix;
    Ruleset.Chain chain = ruleset.chain(name);
    if (!chain.rules().isEmpty()) {
      return name;
    }
    if (suffix.startsWith("from_")) {
      community.ifPresent(set -> chain.add(in(new Nft.Meta("oifname"), set), Nft.Verdict.RETURN));
      chain.add(in(new Nft.Meta("oifname"), prefix + "_closed"), Nft.Verdict.DROP);
      community.ifPresent(set -> chain.add(in(ether("daddr"), set + "_mac"), Nft.Verdict.RETURN));
      chain.add(notVmPort("oifname"), in(ether("daddr"), prefix + "_closed_mac"), Nft.Verdict.DROP);
    } else {
      community.ifPresent(set -> chain.add(in(ether("saddr"), set + "_mac"), Nft.Verdict.RETURN));
      chain.add(in(ether("saddr"), prefix + "_trusted_mac"), Nft.Verdict.RETURN);
      if (network.network().uplink() == Network.Uplink.GATEWAYS) {
        chain.add(Nft.Verdict.DROP);
      } else {
        chain.add(in(ether("saddr"), prefix + "_closed_mac"), Nft.Verdict.DROP);
      }
    }
    return name;
  }

  // ACLs

  private void compileAcls() throws CompileException {
    if (network.subnet().isEmpty() || network.subnet().get().acls().isEmpty()) {
      return;
    }
    boolean rejects =
        network.acls(Direction.FROM_LPORT).stream()
            .anyMatch(acl -> acl.action() == AclAction.REJECT);
    if (rejects && !capabilities.reject()) {
      throw new CompileException(
          "Host "
              + host
              + " cannot answer what an ACL of network "
              + name()
              + " rejects: its kernel has no reject on bridges (module nft_reject_bridge). Load the"
              + " module, or write the action drop.");
    }
    String enter = prefix + "_from";
    compileChain(enter, Direction.FROM_LPORT, rejects);
    // Only chains called from prerouting may reject, so the uplink has its own, which drops.
    String uplink = rejects ? prefix + "_from_uplink" : enter;
    if (rejects) {
      compileChain(uplink, Direction.FROM_LPORT, false);
    }
    String leave = prefix + "_to";
    compileChain(leave, Direction.TO_LPORT, false);
    for (int i : local) {
      dispatch("acl_enter", i, enter);
      dispatch("acl_from_uplink", i, uplink);
      dispatch("acl_leave", i, leave);
      dispatch("acl_to_uplink", i, leave);
    }
  }

  private void compileChain(String name, Direction direction, boolean mayReject)
      throws CompileException {
    Ruleset.Chain chain = ruleset.chain(name);
    if (network.stateful()) {
      addTracked(chain);
      chain.add(
          new Nft.Match("in", new Nft.Ct("state"), new Nft.Flags(List.of("invalid"))),
          Nft.Verdict.DROP);
    }
    AclFolder folder = new AclFolder();
    for (Acl acl : network.acls(direction)) {
      Nft.Verdict verdict = verdict(acl.action(), mayReject);
      for (Alternative alternative : alternatives(acl)) {
        for (List<Nft.Match> ports : portConditions(alternative)) {
          for (Variant variant : Variant.of(alternative, ports)) {
            folder.add(variant, acl.priority(), verdict, () -> wholeRule(variant, verdict, acl));
          }
        }
      }
    }
    folder.write(ruleset, chain);
    folded.put(name, new Folded(direction, mayReject, folder));
  }

  private static Nft.Rule wholeRule(Variant variant, Nft.Verdict verdict, Acl acl) {
    List<Nft> statements = new ArrayList<>(variant.conditions());
    statements.add(verdict);
    return new Nft.Rule(statements, comment(acl));
  }

  /**
   * How the ruleset changes if one ACL takes the place of another of the same direction and
   * priority; nothing if it takes folding anew to know.
   */
  Optional<List<AclFolder.Swap>> swap(Acl old, Acl now) throws CompileException {
    boolean sameKind =
        old.fromLport() == now.fromLport()
            && old.priority() == now.priority()
            && (old.action() == AclAction.ALLOW_RELATED)
                == (now.action() == AclAction.ALLOW_RELATED)
            && (old.action() == AclAction.REJECT) == (now.action() == AclAction.REJECT);
    Optional<Variant> before = onlyVariant(old);
    Optional<Variant> after = onlyVariant(now);
    if (!sameKind || before.isEmpty() || after.isEmpty()) {
      return Optional.empty();
    }
    List<AclFolder.Swap> swaps = new ArrayList<>();
    for (Folded chain : folded.values()) {
      if ((chain.direction() == Direction.FROM_LPORT) == old.fromLport()) {
        Optional<AclFolder.Swap> swap =
            chain
                .folder()
                .swap(
                    before.get(),
                    verdict(old.action(), chain.mayReject()),
                    after.get(),
                    verdict(now.action(), chain.mayReject()),
                    now.priority());
        if (swap.isEmpty()) {
          return Optional.empty();
        }
        swaps.add(swap.get());
      }
    }
    return swaps.isEmpty() ? Optional.empty() : Optional.of(swaps);
  }

  private static Optional<Variant> onlyVariant(Acl acl) throws CompileException {
    List<Alternative> alternatives = alternatives(acl);
    if (alternatives.size() != 1
        || alternatives.get(0).inports().isPresent()
        || alternatives.get(0).outports().isPresent()) {
      return Optional.empty();
    }
    List<Variant> variants = Variant.of(alternatives.get(0), List.of());
    return variants.size() == 1 ? Optional.of(variants.get(0)) : Optional.empty();
  }

  private static List<Alternative> alternatives(Acl acl) throws CompileException {
    try {
      return Alternatives.of(acl.expression());
    } catch (MatchException e) {
      throw new CompileException(acl.location() + ": " + e.getMessage());
    }
  }

  /** Where a rule comes from, in nft's listing; nft takes 128 characters. */
  private static String comment(Acl acl) {
    if (ResolvedNetwork.isAlwaysAllowed(acl)) {
      return "neighbour discovery and MLD";
    }
    String place = acl.location().fileAndLine().replaceAll("[^ -~]|[\"\\\\]", "_");
    return place.substring(Math.max(0, place.length() - 100));
  }

  private Nft.Verdict verdict(AclAction action, boolean mayReject) {
    if (action.allows()) {
      return Nft.Verdict.RETURN;
    }
    return action == AclAction.REJECT && mayReject
        ? Nft.Verdict.jump(rejectChain())
        : Nft.Verdict.DROP;
  }

  /** Answers as OVN does: a reset to TCP, "prohibited" to the rest (ovn-nb(5), ACL, reject). */
  private String rejectChain() {
    Ruleset.Chain chain = ruleset.chain("refuse");
    if (chain.rules().isEmpty()) {
      chain.add(HostCompiler.protocol(6), new Nft.Reject("tcp reset", ""));
      chain.add(HostCompiler.isType("ip"), new Nft.Reject("icmp", "admin-prohibited"));
      chain.add(HostCompiler.isType("ip6"), new Nft.Reject("icmpv6", "admin-prohibited"));
      chain.add(Nft.Verdict.DROP);
    }
    return "refuse";
  }

  /**
   * Lets pass what belongs to a connection that was let through: replies, and errors about it.
   * Packets in the direction of the connection meet the rules each time, as in OVN.
   */
  private static void addTracked(Ruleset.Chain chain) {
    chain.add(
        new Nft.Match("in", new Nft.Ct("state"), new Nft.Flags(List.of("established"))),
        new Nft.Match("==", new Nft.Ct("direction"), Fields.plain("reply")),
        Nft.Verdict.RETURN);
    chain.add(
        new Nft.Match("in", new Nft.Ct("state"), new Nft.Flags(List.of("related"))),
        Nft.Verdict.RETURN);
  }

  /** The combinations of conditions that stand for an alternative's inport and outport. */
  private List<List<Nft.Match>> portConditions(Alternative alternative) {
    List<List<Nft.Match>> ins =
        alternative
            .inports()
            .map(names -> portConditions(names, "iifname", "saddr"))
            .orElse(List.of(List.of()));
    List<List<Nft.Match>> outs =
        alternative
            .outports()
            .map(names -> portConditions(names, "oifname", "daddr"))
            .orElse(List.of(List.of()));
    List<List<Nft.Match>> product = new ArrayList<>();
    for (List<Nft.Match> in : ins) {
      for (List<Nft.Match> out : outs) {
        List<Nft.Match> both = new ArrayList<>(in);
        both.addAll(out);
        product.add(both);
      }
    }
    return product;
  }

  /** Ports of this host by device; those of others by the MAC with which they come in. */
  private List<List<Nft.Match>> portConditions(Set<String> names, String side, String address) {
    Set<String> localDevices = new TreeSet<>();
    Set<String> remoteMacs = new TreeSet<>();
    for (String name : names) {
      portNumbers(name).stream()
          .forEach(
              i -> {
                Nic nic = network.nics().get(i);
                if (isLocal.get(i)) {
                  localDevices.add(nic.device());
                } else {
                  remoteMacs.add(Addresses.formatMac(nic.mac()));
                }
              });
    }
    List<List<Nft.Match>> result = new ArrayList<>();
    if (!localDevices.isEmpty()) {
      List<Nft> devices = localDevices.stream().map(Fields::device).toList();
      result.add(List.of(new Nft.Match("==", new Nft.Meta(side), new Nft.Anonymous(devices))));
    }
    if (!remoteMacs.isEmpty()) {
      List<Nft> macs = remoteMacs.stream().map(Fields::plain).toList();
      result.add(
          List.of(notVmPort(side), new Nft.Match("==", ether(address), new Nft.Anonymous(macs))));
    }
    if (names.contains(UPLINK)) {
      result.add(List.of(notVmPort(side)));
    }
    return result;
  }

  private BitSet portNumbers(String name) {
    if (portsByName.isEmpty()) {
      Map<String, BitSet> byName = new HashMap<>();
      for (int i = 0; i < network.nics().size(); i++) {
        for (String own : network.portNames().of(network.nics().get(i))) {
          byName.computeIfAbsent(own, n -> new BitSet()).set(i);
        }
      }
      portsByName = Optional.of(byName);
    }
    return portsByName.get().getOrDefault(name, new BitSet());
  }

  // Network policies

  private void compilePolicies() {
    for (int i : local) {
      for (boolean isIngress : new boolean[] {false, true}) {
        if (!network.limiting(i, isIngress).isEmpty()) {
          dispatch(isIngress ? "ingress" : "egress", i, profile(i, isIngress));
        }
      }
    }
  }

  /** The chain of the policies that limit a vNIC; vNICs with the same policies share it. */
  private String profile(int nic, boolean isIngress) {
    List<NetworkPolicy> policies = network.limiting(nic, isIngress);
    List<Nic.NamedPort> named =
        isIngress && usesNames(policies) ? network.nics().get(nic).namedPorts() : List.of();
    List<Object> identity =
        List.of(isIngress, policies.stream().map(NetworkPolicy::location).toList(), named);
    String known = profiles.get(identity);
    if (known != null) {
      return known;
    }
    CRC32Name sum = new CRC32Name();
    policies.forEach(policy -> sum.add(policy.namespace() + "/" + policy.name()));
    named.forEach(port -> sum.add(port.toString()));
    String base = prefix + (isIngress ? "_in_" : "_out_") + sum.hex();
    String name = base;
    for (int count = 2; profiles.containsValue(name); count++) {
      name = base + "_" + count;
    }
    profiles.put(identity, name);
    Ruleset.Chain chain = ruleset.chain(name);
    addTracked(chain);
    addLinkServices(chain, isIngress);
    for (NetworkPolicy policy : policies) {
      for (NetworkPolicy.Rule rule : policy.rules(isIngress).orElseThrow()) {
        addRule(chain, network.resolved(rule), isIngress, nic);
      }
    }
    chain.add(Nft.Verdict.DROP);
    return name;
  }

  private static boolean usesNames(List<NetworkPolicy> policies) {
    return policies.stream()
        .flatMap(policy -> policy.rules(true).orElseThrow().stream())
        .flatMap(rule -> rule.ports().stream())
        .anyMatch(port -> port.number() instanceof NetworkPolicy.NamedPort);
  }

  /** Address resolution, and the vNIC's configuration from the uplink; see the evaluator. */
  private static void addLinkServices(Ruleset.Chain chain, boolean isIngress) {
    chain.add(HostCompiler.isType("arp"), Nft.Verdict.RETURN);
    chain.add(
        HostCompiler.isType("ip6"),
        HostCompiler.protocol(58),
        new Nft.Match(
            "==",
            new Nft.Payload("icmpv6", "type"),
            new Nft.Anonymous(
                List.of(
                    new Nft.Range(new Nft.Value(130, false), new Nft.Value(136, false)),
                    new Nft.Value(143, false)))),
        Nft.Verdict.RETURN);
    for (boolean ipv6 : new boolean[] {false, true}) {
      int client = ipv6 ? 546 : 68;
      int server = ipv6 ? 547 : 67;
      chain.add(
          notVmPort(isIngress ? "iifname" : "oifname"),
          HostCompiler.isType(ipv6 ? "ip6" : "ip"),
          HostCompiler.protocol(17),
          HostCompiler.port("udp", "sport", isIngress ? server : client),
          HostCompiler.port("udp", "dport", isIngress ? client : server),
          Nft.Verdict.RETURN);
    }
  }

  private void addRule(Ruleset.Chain chain, ResolvedRule rule, boolean isIngress, int nic) {
    List<List<Nft>> peers = peerConditions(rule, isIngress);
    for (List<Nft> ports : portConditions(rule.rule(), isIngress, nic)) {
      for (List<Nft> peer : peers) {
        List<Nft> statements = new ArrayList<>(peer);
        statements.addAll(ports);
        statements.add(Nft.Verdict.RETURN);
        chain.rules().add(new Nft.Rule(statements, ""));
      }
    }
  }

  private static final List<String> IP = List.of("ip", "ip6");

  private static Nft.Match isIp() {
    return new Nft.Match(
        "==", new Nft.Meta("protocol"), new Nft.Anonymous(IP.stream().map(Fields::plain).toList()));
  }

  private List<List<Nft>> peerConditions(ResolvedRule rule, boolean isIngress) {
    if (rule.everyone()) {
      return List.of(List.of(isIp()));
    }
    List<List<Nft>> conditions = new ArrayList<>(vnicConditions(rule.peers(), isIngress));
    for (boolean ipv6 : new boolean[] {false, true}) {
      Intervals addresses = addresses(rule, ipv6);
      if (!addresses.isEmpty()) {
        Field field =
            ipv6
                ? (isIngress ? Field.IP6_SRC : Field.IP6_DST)
                : (isIngress ? Field.IP4_SRC : Field.IP4_DST);
        conditions.add(
            List.of(
                HostCompiler.isType(ipv6 ? "ip6" : "ip"), Fields.match(field, ipv6, addresses)));
      }
    }
    return conditions;
  }

  private static Intervals addresses(ResolvedRule rule, boolean ipv6) {
    int width = ipv6 ? 128 : 32;
    List<Intervals.Interval> all = new ArrayList<>();
    for (NetworkPolicy.BlockPeer block : rule.blocks()) {
      if (block.block().ipv6() == ipv6) {
        Intervals part = Intervals.of(block.block().first(), block.block().last());
        for (IpRange except : block.except()) {
          part = part.minus(Intervals.of(except.first(), except.last()), width);
        }
        all.addAll(part.list());
      }
    }
    return Intervals.union(all);
  }

  private List<List<Nft>> vnicConditions(BitSet peers, boolean isIngress) {
    List<List<Nft>> conditions = new ArrayList<>();
    BitSet here = (BitSet) peers.clone();
    here.and(isLocal);
    BitSet elsewhere = (BitSet) peers.clone();
    elsewhere.andNot(isLocal);
    String side = isIngress ? "iifname" : "oifname";
    if (!here.isEmpty()) {
      conditions.add(List.of(isIp(), in(new Nft.Meta(side), peerSet(here, false))));
    }
    if (!elsewhere.isEmpty()) {
      conditions.add(
          List.of(
              isIp(),
              notVmPort(side),
              in(ether(isIngress ? "saddr" : "daddr"), peerSet(elsewhere, true))));
    }
    return conditions;
  }

  /** A set of vNICs, named by what it holds, so that a change elsewhere does not rename it. */
  private String peerSet(BitSet peers, boolean byMac) {
    String known = peerSets.get(peers);
    if (known != null) {
      return known;
    }
    CRC32Name sum = new CRC32Name();
    peers.stream().forEach(i -> sum.add((byMac ? mac(i) : device(i)).text()));
    String base = prefix + (byMac ? "_mac_" : "_port_") + sum.hex();
    String name = base;
    for (int count = 2; peerSets.containsValue(name); count++) {
      name = base + "_" + count;
    }
    peerSets.put((BitSet) peers.clone(), name);
    Ruleset.NftSet set = ruleset.set(name, false, byMac ? "ether_addr" : "ifname");
    peers.stream().forEach(i -> set.add(byMac ? mac(i) : device(i)));
    return name;
  }

  /**
   * The combinations of conditions that stand for a rule's ports; one without any if it has none.
   */
  private List<List<Nft>> portConditions(NetworkPolicy.Rule rule, boolean isIngress, int nic) {
    if (rule.ports().isEmpty()) {
      return List.of(List.of());
    }
    Map<NetworkPolicy.Protocol, List<Intervals.Interval>> numbers = new TreeMap<>();
    List<List<Nft>> conditions = new ArrayList<>();
    for (NetworkPolicy.Port port : rule.ports()) {
      List<Intervals.Interval> list =
          numbers.computeIfAbsent(port.protocol(), p -> new ArrayList<>());
      if (port.number() instanceof NetworkPolicy.PortRange range) {
        list.add(new Intervals.Interval(Bits.of(range.first()), Bits.of(range.last())));
      } else if (port.number() instanceof NetworkPolicy.NamedPort named) {
        if (isIngress) {
          list.addAll(numbersOf(named.name(), port.protocol(), network.nics().get(nic)));
        } else {
          conditions.addAll(namedEgress(named.name(), port.protocol()));
        }
      } else {
        list.add(new Intervals.Interval(Bits.ZERO, Bits.ones(16)));
      }
    }
    numbers.forEach(
        (protocol, list) -> {
          if (!list.isEmpty()) {
            conditions.add(portCondition(protocol, Intervals.union(list)));
          }
        });
    return conditions;
  }

  private static List<Nft> portCondition(NetworkPolicy.Protocol protocol, Intervals numbers) {
    Nft.Match isProtocol = HostCompiler.protocol(protocol.number());
    Field field =
        switch (protocol) {
          case TCP -> Field.TCP_DST;
          case UDP -> Field.UDP_DST;
          case SCTP -> Field.SCTP_DST;
        };
    return numbers.isEverything(16)
        ? List.of(isProtocol)
        : List.of(isProtocol, Fields.match(field, false, numbers));
  }

  private static List<Intervals.Interval> numbersOf(
      String name, NetworkPolicy.Protocol protocol, Nic nic) {
    return nic.namedPorts().stream()
        .filter(p -> p.name().equals(name) && p.protocol().equals(protocol.name()))
        .map(p -> new Intervals.Interval(Bits.of(p.port()), Bits.of(p.port())))
        .toList();
  }

  /** A name towards others means whatever number the other side gives it. */
  private List<List<Nft>> namedEgress(String name, NetworkPolicy.Protocol protocol) {
    Map<Bits, BitSet> servers = new LinkedHashMap<>();
    for (int i = 0; i < network.nics().size(); i++) {
      for (Intervals.Interval number : numbersOf(name, protocol, network.nics().get(i))) {
        servers.computeIfAbsent(number.first(), n -> new BitSet()).set(i);
      }
    }
    List<List<Nft>> conditions = new ArrayList<>();
    for (Map.Entry<Bits, BitSet> entry : new TreeMap<>(servers).entrySet()) {
      for (List<Nft> server : vnicConditions(entry.getValue(), false)) {
        List<Nft> both = new ArrayList<>(server);
        both.addAll(portCondition(protocol, Intervals.single(entry.getKey())));
        conditions.add(both);
      }
    }
    return conditions;
  }
}
