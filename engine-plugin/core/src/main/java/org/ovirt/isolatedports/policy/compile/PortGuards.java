// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.compile;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.ovirt.isolatedports.policy.address.Addresses;
import org.ovirt.isolatedports.policy.address.IpRange;
import org.ovirt.isolatedports.policy.inventory.Nic;
import org.ovirt.isolatedports.policy.match.Field;

/**
 * What no rule of an administrator says: a port's frames come from its MAC, and from its addresses
 * where they were given; it hands out no addresses and routes unless it is promiscuous; and nothing
 * that rules cannot look into passes.
 */
final class PortGuards {

  /** A tag within a tag; the kernel keeps the outer one beside the frame. See the evaluator. */
  private static final Nft.Match STACKED =
      new Nft.Match(
          "==",
          new Nft.Meta("protocol"),
          new Nft.Anonymous(Stream.of("0x8100", "0x88a8", "0x9100").map(Fields::plain).toList()));

  /** What may hide something: a frame of IPv4 has no more tags, and no extension headers. */
  static final Nft.Match NOT_IPV4 =
      new Nft.Match("!=", new Nft.Meta("protocol"), Fields.plain("ip"));

  /** IPv6's extension headers (IANA), but for those that are encrypted. */
  private static final List<Integer> EXTENSIONS = List.of(0, 43, 44, 51, 60, 135, 139, 140);

  private final Ruleset ruleset;

  PortGuards(Ruleset ruleset) {
    this.ruleset = ruleset;
  }

  /**
   * The chain that lets pass what the host itself answers: a reset, or that something cannot be
   * reached. What {@code reject} sends leaves a bridge this way (br_forward with local_orig), with
   * the MAC of whom the refused frame was for and of no connection that is tracked, so roles and
   * tracking would take it for a forged frame of the uplink. Those come through prerouting and
   * forward.
   */
  String answers() {
    Ruleset.Chain chain = ruleset.chain("answers");
    Nft.Value reset = new Nft.Value(4, false);
    chain.add(
        HostCompiler.protocol(6),
        new Nft.Match(
            "==", new Nft.Masked(Fields.expression(Field.TCP_FLAGS, false), reset), reset),
        Nft.Verdict.ACCEPT);
    chain.add(
        HostCompiler.isType("ip"), HostCompiler.protocol(1), type("icmp", 3), Nft.Verdict.ACCEPT);
    chain.add(
        HostCompiler.isType("ip6"),
        HostCompiler.protocol(58),
        type("icmpv6", 1),
        Nft.Verdict.ACCEPT);
    return chain.name();
  }

  /** The chain that drops what hides what it holds from rules, of {@link #NOT_IPV4}. */
  String hidden() {
    Ruleset.Chain chain = ruleset.chain("hidden");
    if (chain.rules().isEmpty()) {
      chain.add(STACKED, Nft.Verdict.DROP);
      chain.add(
          HostCompiler.isType("ip6"),
          new Nft.Match("==", new Nft.Fragment("frag-off"), new Nft.Value(0, false)),
          new Nft.Match("==", new Nft.Fragment("more-fragments"), new Nft.Value(1, false)),
          Nft.Verdict.jump("first_fragment"));
      addFirstFragment();
    }
    return chain.name();
  }

  /**
   * A first fragment must hold all headers, the upper layer's too (RFC 7112): else the ports, by
   * which rules go, come in a later one, in which nobody looks for them. The kernel looks for them
   * in what a frame has behind the packet, too. So the upper layer's header has to follow the
   * fragment's, that one the fixed one, and 24 bytes have to be there, which are all that rules
   * look at. What is cut because it is too long has them.
   */
  private void addFirstFragment() {
    Ruleset.Chain chain = ruleset.chain("first_fragment");
    chain.add(
        new Nft.Match("!=", new Nft.Payload("ip6", "nexthdr"), new Nft.Value(44, false)),
        Nft.Verdict.DROP);
    chain.add(
        new Nft.Match(
            "==",
            new Nft.Fragment("nexthdr"),
            new Nft.Anonymous(
                EXTENSIONS.stream().<Nft>map(number -> new Nft.Value(number, false)).toList())),
        Nft.Verdict.DROP);
    chain.add(
        new Nft.Match("<", new Nft.Payload("ip6", "length"), new Nft.Value(8 + 24, false)),
        Nft.Verdict.DROP);
  }

  /** Holds a vNIC to what is its own. */
  void bind(Nic nic) {
    Nft device = Fields.device(nic.device());
    Nft mac = Fields.plain(Addresses.formatMac(nic.mac()));
    macs().add(new Nft.Concat(List.of(device, mac)));
    boolean has4 = nic.address(false).isPresent();
    boolean has6 = nic.address(true).isPresent();
    for (IpRange address : nic.addresses()) {
      (address.ipv6() ? ipv6() : ipv4())
          .add(new Nft.Concat(List.of(device, mac, Fields.plain(address.addressText()))));
    }
    String chain = has4 ? has6 ? "guard_both" : "guard_ip4" : has6 ? "guard_ip6" : "guard_mac";
    ruleset.map("guard", false, List.of("ifname")).add(device, Nft.Verdict.jump(chain));
    if (has6) {
      bindAdvertised(nic);
    }
    if (HostCompiler.isClosed(nic) && !nic.serves()) {
      ruleset.map("clients", false, List.of("ifname")).add(device, Nft.Verdict.jump("client"));
    }
  }

  private NftSet macs() {
    return ruleset.set("bound_mac", false, "ifname", "ether_addr");
  }

  private NftSet ipv4() {
    return ruleset.set("bound_ip4", false, "ifname", "ether_addr", "ipv4_addr");
  }

  private NftSet ipv6() {
    return ruleset.set("bound_ip6", false, "ifname", "ether_addr", "ipv6_addr");
  }

  /** The chains that {@link #bind} leads to. */
  void addChains() {
    macs();
    ipv4();
    ipv6();
    addBindings();
    addClient();
  }

  /**
   * What only a router or a DHCP server says. Clients go by the port that an answer is for, not by
   * the one it is from.
   */
  private void addClient() {
    Ruleset.Chain chain = ruleset.chain("client");
    for (String type : List.of("ip", "ip6")) {
      boolean ipv6 = type.equals("ip6");
      chain.add(
          HostCompiler.isType(type),
          HostCompiler.protocol(17),
          HostCompiler.port("udp", "dport", ipv6 ? 546 : 68),
          Nft.Verdict.DROP);
      // Redirects and advertisements of routers: RFC 4861, RFC 792 and RFC 1256.
      chain.add(
          HostCompiler.isType(type),
          HostCompiler.protocol(ipv6 ? 58 : 1),
          new Nft.Match(
              "==",
              new Nft.Payload(ipv6 ? "icmpv6" : "icmp", "type"),
              new Nft.Anonymous(
                  List.of(
                      new Nft.Value(ipv6 ? 134 : 5, false), new Nft.Value(ipv6 ? 137 : 9, false)))),
          Nft.Verdict.DROP);
    }
  }

  private void addBindings() {
    Ruleset.Chain mac = ruleset.chain("guard_mac");
    mac.add(bound("!=", "bound_mac", ether("saddr")), Nft.Verdict.DROP);
    mac.add(
        HostCompiler.isType("arp"),
        bound("!=", "bound_mac", new Nft.Payload("arp", "saddr ether")),
        Nft.Verdict.DROP);
    // Most frames are of IPv4, and of them most are right: they pass one lookup.
    Ruleset.Chain ip4 = ruleset.chain("guard_ip4");
    ip4.add(HostCompiler.isType("ip"), Nft.Verdict.goTo("guard_4"));
    ip4.add(Nft.Verdict.jump("guard_mac"));
    ip4.add(Nft.Verdict.jump("guard_arp"));
    Ruleset.Chain ip6 = ruleset.chain("guard_ip6");
    ip6.add(Nft.Verdict.jump("guard_mac"));
    ip6.add(Nft.Verdict.jump("guard_6"));
    Ruleset.Chain both = ruleset.chain("guard_both");
    both.add(HostCompiler.isType("ip"), Nft.Verdict.goTo("guard_4"));
    both.add(Nft.Verdict.jump("guard_mac"));
    both.add(Nft.Verdict.jump("guard_arp"));
    both.add(Nft.Verdict.jump("guard_6"));
    Ruleset.Chain arp = ruleset.chain("guard_arp");
    Nft sender = new Nft.Payload("arp", "saddr ip");
    // A sender of 0.0.0.0 asks whether an address is free (RFC 5227, section 2.1.1).
    arp.add(
        HostCompiler.isType("arp"),
        new Nft.Match("!=", sender, Fields.plain("0.0.0.0")),
        bound("!=", "bound_ip4", new Nft.Payload("arp", "saddr ether"), sender),
        Nft.Verdict.DROP);
    Ruleset.Chain four = ruleset.chain("guard_4");
    Nft source4 = new Nft.Payload("ip", "saddr");
    four.add(bound("==", "bound_ip4", ether("saddr"), source4), Nft.Verdict.RETURN);
    four.add(bound("!=", "bound_mac", ether("saddr")), Nft.Verdict.DROP);
    four.add(
        new Nft.Match("==", source4, Fields.plain("0.0.0.0")),
        HostCompiler.protocol(17),
        HostCompiler.port("udp", "sport", 68),
        HostCompiler.port("udp", "dport", 67),
        Nft.Verdict.RETURN);
    four.add(Nft.Verdict.DROP);
    Ruleset.Chain six = ruleset.chain("guard_6");
    Nft source6 = new Nft.Payload("ip6", "saddr");
    Nft local = new Nft.Anonymous(List.of(Fields.plain("::"), new Nft.Prefix("fe80::", 10)));
    six.add(
        HostCompiler.isType("ip6"),
        new Nft.Match("!=", source6, local),
        bound("!=", "bound_ip6", ether("saddr"), source6),
        Nft.Verdict.DROP);
    // An advertisement may announce only what the vNIC owns.
    six.add(
        HostCompiler.isType("ip6"),
        HostCompiler.protocol(58),
        new Nft.Match("==", new Nft.Payload("icmpv6", "type"), new Nft.Value(136, false)),
        Nft.Verdict.jump("guard_na"));
    Ruleset.Chain advertisement = ruleset.chain("guard_na");
    advertisement.add(
        new Nft.Match(
            "==",
            new Nft.Masked(new Nft.Raw(64, 16), Fields.plain("0xffc0")),
            Fields.plain("0xfe80")),
        Nft.Verdict.RETURN);
    HostCompiler.lookup(advertisement, "iifname", "announced");
  }

  /**
   * nft 1.0.6 cannot make the target of an advertisement part of a key, so each vNIC has a chain.
   */
  private void bindAdvertised(Nic nic) {
    Ruleset.Chain chain =
        ruleset.chain("announced_" + Addresses.formatMac(nic.mac()).replace(":", ""));
    List<Nft> targets = new ArrayList<>();
    nic.addresses().stream()
        .filter(IpRange::ipv6)
        .forEach(address -> targets.add(Fields.value(Field.ND_TARGET, address.address())));
    chain.add(
        new Nft.Match("!=", new Nft.Raw(64, 128), new Nft.Anonymous(targets)), Nft.Verdict.DROP);
    ruleset
        .map("announced", false, List.of("ifname"))
        .add(Fields.device(nic.device()), Nft.Verdict.jump(chain.name()));
  }

  private static Nft ether(String field) {
    return new Nft.Payload("ether", field);
  }

  /** The type of an ICMP or ICMPv6 message. */
  private static Nft.Match type(String protocol, int number) {
    return HostCompiler.port(protocol, "type", number);
  }

  private static Nft.Match bound(String operator, String set, Nft... fields) {
    List<Nft> key = new ArrayList<>(List.of(HostCompiler.iif()));
    key.addAll(List.of(fields));
    return new Nft.Match(operator, new Nft.Concat(key), new Nft.Named(set));
  }
}
