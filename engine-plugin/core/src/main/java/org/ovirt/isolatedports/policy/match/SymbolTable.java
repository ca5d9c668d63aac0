// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.match;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.ovirt.isolatedports.policy.match.Field.Level;

/**
 * The names of OVN's expression language (ovn-sb(5), Logical_Flow, "Symbols"), with their
 * prerequisites and what the predicates stand for. Names that live in OVN's own pipeline are known
 * too, so that a match with them is refused for what it is and not for a typing error.
 */
final class SymbolTable {

  private static final String PIPELINE =
      "belongs to OVN's own pipeline, which a Linux bridge does not have; match on addresses,"
          + " protocols or ports instead";
  private static final String TRACKING =
      "asks for the state of a connection, which a rule here cannot look at; write the action"
          + " allow-related, which lets replies pass by itself";

  private final Map<String, Symbol> symbols = new HashMap<>();
  private final Map<String, Expression> annotated = new HashMap<>();

  SymbolTable() {
    for (Field field : Field.values()) {
      add(Symbol.ofField(field));
    }
    add(Symbol.ofPort("inport"));
    add(Symbol.ofPort("outport"));
    addImpossible();
    addLinkNames();
    addNetworkNames();
    addTransportNames();
  }

  private void addImpossible() {
    for (int i = 0; i < 10; i++) {
      impossible("reg" + i, 32, Level.ORDINAL, "", PIPELINE);
    }
    for (int i = 0; i < 5; i++) {
      impossible("xreg" + i, 64, Level.ORDINAL, "", PIPELINE);
    }
    impossible("xxreg0", 128, Level.ORDINAL, "", PIPELINE);
    impossible("xxreg1", 128, Level.ORDINAL, "", PIPELINE);
    impossible("pkt.mark", 32, Level.ORDINAL, "", PIPELINE);
    add(Symbol.impossible("remote_outport", 0, Level.NOMINAL, "", PIPELINE));
    Symbol flags = impossible("flags", 32, Level.ORDINAL, "", PIPELINE);
    add(Symbol.ofSubfield("flags.loopback", "", flags, 0, 1));
    Symbol mark = impossible("ct_mark", 32, Level.ORDINAL, "", TRACKING);
    add(Symbol.ofSubfield("ct_mark.blocked", "", mark, 0, 1));
    add(Symbol.ofSubfield("ct_mark.natted", "", mark, 1, 1));
    Symbol label = impossible("ct_label", 128, Level.ORDINAL, "", TRACKING);
    add(Symbol.ofSubfield("ct_label.label", "", label, 96, 32));
    Symbol state = impossible("ct_state", 32, Level.ORDINAL, "", TRACKING);
    List<String> states = List.of("new", "est", "rel", "rpl", "inv", "trk", "snat", "dnat");
    for (int i = 0; i < states.size(); i++) {
      add(Symbol.ofSubfield("ct." + states.get(i), "", state, i, 1));
    }
  }

  private void addLinkNames() {
    predicate("eth.bcast", Level.BOOLEAN, "eth.dst == ff:ff:ff:ff:ff:ff");
    subfield("eth.mcast", "", "eth.dst", 40, 1);
    predicate("eth.mcastv6", Level.BOOLEAN, "eth.dst[32..47] == 0x3333");
    predicate("vlan.present", Level.BOOLEAN, "vlan.tci[12]");
    subfield("vlan.pcp", "vlan.present", "vlan.tci", 13, 3);
    subfield("vlan.vid", "vlan.present", "vlan.tci", 0, 12);
    predicate("arp", Level.NOMINAL, "eth.type == 0x806");
    predicate("rarp", Level.NOMINAL, "eth.type == 0x8035");
    String rarp = "lies in a reverse ARP message, into which a Linux bridge does not look";
    impossible("rarp.op", 16, Level.NOMINAL, "rarp", rarp);
    for (String name : List.of("rarp.spa", "rarp.tpa")) {
      impossible(name, 32, Level.ORDINAL, "rarp", rarp);
    }
    for (String name : List.of("rarp.sha", "rarp.tha")) {
      impossible(name, 48, Level.ORDINAL, "rarp", rarp);
    }
  }

  private void addNetworkNames() {
    predicate("ip4", Level.NOMINAL, "eth.type == 0x800");
    predicate("ip6", Level.NOMINAL, "eth.type == 0x86dd");
    predicate("ip", Level.NOMINAL, "ip4 || ip6");
    predicate("ip4.src_mcast", Level.BOOLEAN, "ip4.src[28..31] == 0xe");
    predicate("ip4.mcast", Level.BOOLEAN, "eth.mcast && ip4.dst[28..31] == 0xe");
    predicate(
        "ip6.mcast_rsvd",
        Level.BOOLEAN,
        "ip6.dst == {ff00::0, ff01::0, ff02::0, ff03::0, ff04::0, ff05::0, ff06::0, ff07::0,"
            + " ff08::0, ff09::0, ff0a::0, ff0b::0, ff0c::0, ff0d::0, ff0e::0, ff0f::0}");
    predicate("ip6.mcast_all_nodes", Level.BOOLEAN, "ip6.dst == ff01::1 || ip6.dst == ff02::1");
    predicate(
        "ip6.mcast_all_rtrs",
        Level.BOOLEAN,
        "ip6.dst == ff01::2 || ip6.dst == ff02::2 || ip6.dst == ff05::2");
    predicate("ip6.mcast_sol_node", Level.BOOLEAN, "ip6.dst == ff02::1:ff00:0000/104");
    predicate(
        "ip6.mcast_flood",
        Level.BOOLEAN,
        "eth.mcastv6 && (ip6.mcast_rsvd || ip6.mcast_all_nodes || ip6.mcast_all_rtrs"
            + " || ip6.mcast_sol_node)");
    predicate("ip6.mcast", Level.BOOLEAN, "eth.mcastv6 && ip6.dst[120..127] == 0xff");
    Symbol fragment =
        impossible(
            "ip.frag",
            2,
            Level.ORDINAL,
            "ip",
            "tells fragments apart, which the rules of a Linux bridge see put together or not"
                + " at all; leave it out");
    for (String name : List.of("ip.is_frag", "ip.first_frag")) {
      add(Symbol.ofSubfield(name, "ip", fragment, 0, 1));
    }
    add(Symbol.ofSubfield("ip.later_frag", "ip", fragment, 1, 1));
  }

  private void addTransportNames() {
    predicate("icmp4", Level.NOMINAL, "ip4 && ip.proto == 1");
    predicate("icmp6", Level.NOMINAL, "ip6 && ip.proto == 58");
    predicate("icmp", Level.NOMINAL, "icmp4 || icmp6");
    predicate("igmp", Level.NOMINAL, "ip4.mcast && ip.proto == 2");
    predicate("tcp", Level.NOMINAL, "ip.proto == 6");
    predicate("udp", Level.NOMINAL, "ip.proto == 17");
    predicate("sctp", Level.NOMINAL, "ip.proto == 132");
    String discovery = "icmp6.code == 0 && ip.ttl == 255";
    predicate("nd", Level.NOMINAL, "icmp6.type == {135, 136} && " + discovery);
    predicate("nd_ns", Level.NOMINAL, "icmp6.type == 135 && " + discovery);
    predicate("nd_ns_mcast", Level.NOMINAL, "ip6.mcast && icmp6.type == 135 && " + discovery);
    predicate("nd_na", Level.NOMINAL, "icmp6.type == 136 && " + discovery);
    predicate("nd_rs", Level.NOMINAL, "icmp6.type == 133 && " + discovery);
    predicate("nd_ra", Level.NOMINAL, "icmp6.type == 134 && " + discovery);
    predicate(
        "mldv1",
        Level.NOMINAL,
        "eth.mcastv6 && ip6.src == fe80::/10 && icmp6.type == {130, 131, 132}");
    predicate("mldv2", Level.NOMINAL, "eth.mcastv6 && ip6.dst == ff02::16 && icmp6.type == 143");
    String option =
        "lies in an option of neighbour discovery, into which a Linux bridge does not look;"
            + " match on nd.target";
    impossible("nd.sll", 48, Level.ORDINAL, "nd_ns", option);
    impossible("nd.tll", 48, Level.ORDINAL, "nd_na", option);
    impossible("icmp4.frag_mtu", 16, Level.NOMINAL, "", PIPELINE);
    impossible("icmp6.frag_mtu", 32, Level.NOMINAL, "", PIPELINE);
  }

  private void add(Symbol symbol) {
    symbols.put(symbol.name(), symbol);
  }

  private void predicate(String name, Level level, String expansion) {
    add(Symbol.ofPredicate(name, level, expansion));
  }

  private void subfield(String name, String prerequisite, String parent, int offset, int width) {
    add(Symbol.ofSubfield(name, prerequisite, symbols.get(parent), offset, width));
  }

  private Symbol impossible(
      String name, int width, Level level, String prerequisite, String obstacle) {
    Symbol symbol = Symbol.impossible(name, width, level, prerequisite, obstacle);
    add(symbol);
    return symbol;
  }

  Optional<Symbol> find(String name) {
    return Optional.ofNullable(symbols.get(name));
  }

  /** A predicate's or prerequisite's match, annotated; each is parsed once. */
  Expression expansion(String match) {
    Expression known = annotated.get(match);
    if (known == null) {
      try {
        known = Annotator.annotate(new MatchParser(match, this, NameSets.NONE).parseTree(), this);
      } catch (MatchException e) {
        throw new IllegalStateException("predicate " + match + ": " + e.getMessage(), e);
      }
      annotated.put(match, known);
    }
    return known;
  }
}
