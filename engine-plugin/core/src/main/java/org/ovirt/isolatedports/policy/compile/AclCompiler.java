// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.compile;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.ovirt.isolatedports.policy.acl.Acl;
import org.ovirt.isolatedports.policy.acl.AclAction;
import org.ovirt.isolatedports.policy.inventory.Inventory;
import org.ovirt.isolatedports.policy.match.Alternative;
import org.ovirt.isolatedports.policy.match.Alternatives;
import org.ovirt.isolatedports.policy.match.MatchException;
import org.ovirt.isolatedports.policy.resolve.ResolvedNetwork;
import org.ovirt.isolatedports.policy.resolve.ResolvedNetwork.Direction;

/** Compiles the ACLs of a network into chains of verdict maps. */
final class AclCompiler {

  private final NetworkScope scope;
  private final ResolvedNetwork network;
  private final Ruleset ruleset;
  private final Map<String, Folded> folded = new LinkedHashMap<>();
  private final Map<String, Set<String>> portSets = new HashMap<>();
  private Optional<Map<String, BitSet>> portsByName = Optional.empty();

  /** A chain of ACLs as it was folded. */
  private record Folded(Direction direction, boolean mayReject, AclFolder folder) {}

  AclCompiler(NetworkScope scope) {
    this.scope = scope;
    this.network = scope.network();
    this.ruleset = scope.ruleset();
  }

  void compile() throws CompileException {
    if (network.subnet().isEmpty() || network.subnet().get().acls().isEmpty()) {
      return;
    }
    boolean rejects =
        !scope.audits()
            && network.acls(Direction.FROM_LPORT).stream()
                .anyMatch(acl -> acl.action() == AclAction.REJECT);
    if (rejects && !scope.capabilities().reject()) {
      throw new CompileException(
          "Host "
              + scope.host()
              + " cannot answer what an ACL of network "
              + network.network().name()
              + " rejects: its kernel has no reject on bridges (module nft_reject_bridge). Load the"
              + " module, or write the action drop.");
    }
    List<String> both = new ArrayList<>();
    if (limits(Direction.FROM_LPORT)) {
      String enter = scope.prefix() + "_from";
      String rules = compileChain(enter, Direction.FROM_LPORT, rejects);
      // Only chains called from prerouting may reject, so the uplink has its own, which drops.
      String uplink = rejects ? scope.prefix() + "_from_uplink" : enter;
      both.add(rejects ? compileChain(uplink, Direction.FROM_LPORT, false) : rules);
      dispatch("acl_enter", enter);
      dispatch("acl_from_uplink", uplink);
    }
    if (limits(Direction.TO_LPORT)) {
      String leave = scope.prefix() + "_to";
      both.add(compileChain(leave, Direction.TO_LPORT, false));
      dispatch("acl_leave", leave);
      dispatch("acl_to_uplink", leave);
    }
    if (!both.isEmpty()) {
      dispatch("acl_host", hostChain(both));
    }
  }

  private void dispatch(String map, String chain) {
    scope.local().forEach(nic -> scope.dispatch(map, nic, chain));
  }

  /** Whether ACLs of a direction stop anything; if not, no frame need pass them. */
  private boolean limits(Direction direction) {
    return network.stateful()
        || network.acls(direction).stream().anyMatch(acl -> !acl.action().allows());
  }

  /**
   * What the host itself sends comes in from it and goes out to the vNIC at once. Of its frames
   * those that are of no connection are not forged but untracked, as ARP and whatever a program
   * writes to a packet socket, and meet the rules.
   */
  private String hostChain(List<String> rules) {
    Ruleset.Chain chain = ruleset.chain(scope.prefix() + "_host");
    if (network.stateful()) {
      NetworkScope.addTracked(chain);
    }
    rules.forEach(name -> chain.add(Nft.Verdict.jump(name)));
    return chain.name();
  }

  /** Returns the chain of the rules alone, without what connections have to do with them. */
  private String compileChain(String name, Direction direction, boolean mayReject)
      throws CompileException {
    Ruleset.Chain chain = ruleset.chain(name);
    if (network.stateful()) {
      NetworkScope.addTracked(chain);
      chain.add(
          new Nft.Match("in", new Nft.Ct("state"), new Nft.Flags(List.of("invalid"))),
          scope.denied("invalid", ""));
      Ruleset.Chain rules = ruleset.chain(name + "_rules");
      chain.add(Nft.Verdict.goTo(rules.name()));
      chain = rules;
    }
    AclFolder folder = new AclFolder();
    for (Acl acl : network.acls(direction)) {
      Nft.Verdict verdict = verdict(acl, mayReject);
      for (Alternative alternative : alternatives(acl)) {
        for (List<Nft.Match> ports : portConditions(alternative)) {
          for (Variant variant : Variant.of(alternative, ports)) {
            folder.add(variant, acl.priority(), verdict, () -> wholeRule(variant, verdict, acl));
          }
        }
      }
    }
    folder.write(ruleset, chain);
    apartIpv4(chain);
    folded.put(name, new Folded(direction, mayReject, folder));
    return chain.name();
  }

  /**
   * Frames of IPv4 do not pass the rules that are about others, of which there are always some.
   * What goes to a chain returns from it as from the one before.
   */
  private void apartIpv4(Ruleset.Chain chain) {
    List<Nft.Rule> all = List.copyOf(chain.rules());
    chain.rules().clear();
    List<Nft.Rule> ipv4 = all.stream().filter(rule -> !isOfType(rule, "ip6", "arp")).toList();
    if (ipv4.isEmpty()) {
      chain.add(HostCompiler.isType("ip"), Nft.Verdict.RETURN);
    } else {
      Ruleset.Chain apart = ruleset.chain(chain.name() + "_ip4");
      apart.rules().addAll(ipv4);
      chain.add(HostCompiler.isType("ip"), Nft.Verdict.goTo(apart.name()));
    }
    all.stream().filter(rule -> !isOfType(rule, "ip")).forEach(chain.rules()::add);
  }

  private static boolean isOfType(Nft.Rule rule, String... types) {
    return Stream.of(types).anyMatch(type -> rule.statements().contains(HostCompiler.isType(type)));
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
                    verdict(old, chain.mayReject()),
                    after.get(),
                    verdict(now, chain.mayReject()),
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

  private Nft.Verdict verdict(Acl acl, boolean mayReject) {
    if (acl.action().allows()) {
      return Nft.Verdict.RETURN;
    }
    return acl.action() == AclAction.REJECT && mayReject
        ? Nft.Verdict.jump(rejectChain())
        : scope.denied(acl.location().fileAndLine(), acl.shown());
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
    BitSet ports = new BitSet();
    names.forEach(name -> ports.or(portNumbers(name)));
    List<List<Nft.Match>> result = new ArrayList<>();
    BitSet here = scope.here(ports);
    if (!here.isEmpty()) {
      result.add(List.of(new Nft.Match("==", new Nft.Meta(side), oneOf(names, here, false))));
    }
    BitSet elsewhere = scope.elsewhere(ports);
    if (!elsewhere.isEmpty()) {
      result.add(
          List.of(
              scope.notVmPort(side),
              new Nft.Match("==", NetworkScope.ether(address), oneOf(names, elsewhere, true))));
    }
    if (names.contains(Inventory.UPLINK)) {
      result.add(scope.uplinkItself(side));
    }
    return result;
  }

  /**
   * Some vNICs, by device or MAC. Devices that may be anywhere stand in a set, named by what the
   * rule says, so that a host can put in and take out those that come and go.
   */
  private Nft oneOf(Set<String> names, BitSet nics, boolean byMac) {
    List<Nft> values =
        nics.stream()
            .mapToObj(i -> byMac ? scope.mac(i) : scope.device(i))
            .sorted(Comparator.comparing(Nft::text))
            .toList();
    if (!scope.anywhere()) {
      return new Nft.Anonymous(values);
    }
    CRC32Name sum = new CRC32Name();
    new TreeSet<>(names).forEach(sum::add);
    String base = scope.prefix() + (byMac ? "_at_mac_" : "_at_port_") + sum.hex();
    String name = base;
    for (int count = 2;
        !names.equals(portSets.computeIfAbsent(name, n -> Set.copyOf(names)));
        count++) {
      name = base + "_" + count;
    }
    NftSet set = ruleset.set(name, false, byMac ? "ether_addr" : "ifname");
    values.forEach(set::add);
    return new Nft.Named(name);
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
}
