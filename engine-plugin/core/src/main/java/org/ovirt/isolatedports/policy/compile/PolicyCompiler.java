// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.compile;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.ovirt.isolatedports.policy.address.Bits;
import org.ovirt.isolatedports.policy.address.IpRange;
import org.ovirt.isolatedports.policy.inventory.Nic;
import org.ovirt.isolatedports.policy.match.Field;
import org.ovirt.isolatedports.policy.match.Intervals;
import org.ovirt.isolatedports.policy.networkpolicy.LabelSelector;
import org.ovirt.isolatedports.policy.networkpolicy.NetworkPolicy;
import org.ovirt.isolatedports.policy.resolve.ResolvedNetwork;
import org.ovirt.isolatedports.policy.resolve.ResolvedRule;

/**
 * Compiles the network policies of a network: a chain for each set of policies that limit vNICs.
 */
final class PolicyCompiler {

  private final NetworkScope scope;
  private final ResolvedNetwork network;
  private final Ruleset ruleset;
  private final Map<List<Object>, String> peerSets = new HashMap<>();
  private final Map<List<Object>, String> profiles = new HashMap<>();

  PolicyCompiler(NetworkScope scope) {
    this.scope = scope;
    this.network = scope.network();
    this.ruleset = scope.ruleset();
  }

  void compile() {
    for (int i : scope.local()) {
      for (boolean isIngress : new boolean[] {false, true}) {
        if (!network.limiting(i, isIngress).isEmpty()) {
          scope.dispatch(isIngress ? "ingress" : "egress", i, profile(i, isIngress));
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
    String base = scope.prefix() + (isIngress ? "_in_" : "_out_") + sum.hex();
    String name = base;
    for (int count = 2; profiles.containsValue(name); count++) {
      name = base + "_" + count;
    }
    profiles.put(identity, name);
    Ruleset.Chain chain = ruleset.chain(name);
    NetworkScope.addTracked(chain);
    addLinkServices(chain, isIngress);
    for (NetworkPolicy policy : policies) {
      for (NetworkPolicy.Rule rule : policy.rules(isIngress).orElseThrow()) {
        addRule(chain, policy.namespace(), network.resolved(rule), isIngress, nic);
      }
    }
    chain.add(scope.denied(said(policies, isIngress), scope.edition()));
    return name;
  }

  /** Policies as people know them: with two of them, both would have to let a frame pass. */
  private static String said(List<NetworkPolicy> policies, boolean isIngress) {
    return (isIngress ? "ingress" : "egress")
        + " of "
        + policies.stream()
            .map(policy -> policy.location().fileAndLine())
            .sorted()
            .collect(Collectors.joining(", "));
  }

  private static boolean usesNames(List<NetworkPolicy> policies) {
    return policies.stream()
        .flatMap(policy -> policy.rules(true).orElseThrow().stream())
        .flatMap(rule -> rule.ports().stream())
        .anyMatch(port -> port.number() instanceof NetworkPolicy.NamedPort);
  }

  /** Address resolution, and the vNIC's configuration from the uplink; see the evaluator. */
  private void addLinkServices(Ruleset.Chain chain, boolean isIngress) {
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
          scope.notVmPort(isIngress ? "iifname" : "oifname"),
          HostCompiler.isType(ipv6 ? "ip6" : "ip"),
          HostCompiler.protocol(17),
          HostCompiler.port("udp", "sport", isIngress ? server : client),
          HostCompiler.port("udp", "dport", isIngress ? client : server),
          Nft.Verdict.RETURN);
    }
  }

  private void addRule(
      Ruleset.Chain chain, String namespace, ResolvedRule rule, boolean isIngress, int nic) {
    List<List<Nft>> peers = peerConditions(namespace, rule, isIngress);
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

  private List<List<Nft>> peerConditions(String namespace, ResolvedRule rule, boolean isIngress) {
    if (rule.everyone()) {
      return List.of(List.of(isIp()));
    }
    List<List<Nft>> conditions =
        new ArrayList<>(
            vnicConditions(said(namespace, rule.rule().peers()), rule.peers(), isIngress));
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

  /** What selects peers, in words that depend on nothing but what was written. */
  private static String said(String namespace, List<NetworkPolicy.Peer> peers) {
    StringBuilder said = new StringBuilder();
    for (NetworkPolicy.Peer peer : peers) {
      if (peer instanceof NetworkPolicy.VnicPeer vnics) {
        said.append(vnics.namespaceSelector().map(PolicyCompiler::said).orElse("in " + namespace))
            .append(" / ")
            .append(said(vnics.podSelector()))
            .append('\n');
      }
    }
    return said.toString();
  }

  private static String said(LabelSelector selector) {
    return new TreeMap<>(selector.matchLabels()) + " " + selector.matchExpressions();
  }

  private List<List<Nft>> vnicConditions(String said, BitSet peers, boolean isIngress) {
    List<List<Nft>> conditions = new ArrayList<>();
    BitSet here = scope.here(peers);
    BitSet elsewhere = scope.elsewhere(peers);
    String side = isIngress ? "iifname" : "oifname";
    if (!here.isEmpty()) {
      conditions.add(
          List.of(isIp(), NetworkScope.in(new Nft.Meta(side), peerSet(said, here, false))));
    }
    if (!elsewhere.isEmpty()) {
      conditions.add(
          List.of(
              isIp(),
              scope.notVmPort(side),
              NetworkScope.in(
                  NetworkScope.ether(isIngress ? "saddr" : "daddr"),
                  peerSet(said, elsewhere, true))));
    }
    return conditions;
  }

  /**
   * A set of vNICs, named by what it holds, so that a change elsewhere does not rename it; where
   * vNICs may be anywhere by what selects them, so that one more of them is one more element.
   */
  private String peerSet(String said, BitSet peers, boolean byMac) {
    List<Object> identity = List.of(byMac, scope.anywhere() ? said : peers.clone());
    String known = peerSets.get(identity);
    if (known != null) {
      return known;
    }
    CRC32Name sum = new CRC32Name();
    if (scope.anywhere()) {
      sum.add(said);
    } else {
      peers.stream().forEach(i -> sum.add((byMac ? scope.mac(i) : scope.device(i)).text()));
    }
    String base = scope.prefix() + (byMac ? "_mac_" : "_port_") + sum.hex();
    String name = base;
    for (int count = 2; peerSets.containsValue(name); count++) {
      name = base + "_" + count;
    }
    peerSets.put(identity, name);
    NftSet set = ruleset.set(name, false, byMac ? "ether_addr" : "ifname");
    peers.stream().forEach(i -> set.add(byMac ? scope.mac(i) : scope.device(i)));
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
      } else if (port.number() instanceof NetworkPolicy.AnyPort) {
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
      String said = "serving " + protocol + " " + name + " at " + entry.getKey();
      for (List<Nft> server : vnicConditions(said, entry.getValue(), false)) {
        List<Nft> both = new ArrayList<>(server);
        both.addAll(portCondition(protocol, Intervals.single(entry.getKey())));
        conditions.add(both);
      }
    }
    return conditions;
  }
}
