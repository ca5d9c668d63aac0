// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.compile;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.ovirt.isolatedports.policy.address.Addresses;
import org.ovirt.isolatedports.policy.address.Bits;
import org.ovirt.isolatedports.policy.match.Field;
import org.ovirt.isolatedports.policy.match.Intervals;

/** How fields of a frame are written in nftables. */
final class Fields {

  static final int IPV4 = 0x0800;
  static final int IPV6 = 0x86dd;
  static final int ARP = 0x0806;

  private static final Map<Integer, String> ETHER_TYPES =
      Map.of(IPV4, "ip", IPV6, "ip6", ARP, "arp");

  private Fields() {}

  /** The type of a key of a set, for the fields that can be one. */
  static Optional<String> keyType(Field field) {
    return switch (field) {
      case ETH_SRC, ETH_DST -> Optional.of("ether_addr");
      case IP4_SRC, IP4_DST -> Optional.of("ipv4_addr");
      case IP6_SRC, IP6_DST -> Optional.of("ipv6_addr");
      case TCP_SRC, TCP_DST, UDP_SRC, UDP_DST, SCTP_SRC, SCTP_DST -> Optional.of("inet_service");
      default -> Optional.empty();
    };
  }

  /** The frame type a field exists in; none for fields of every frame or of several types. */
  static Optional<Integer> etherType(Field field) {
    return switch (field) {
      case IP4_SRC, IP4_DST, ICMP4_TYPE, ICMP4_CODE -> Optional.of(IPV4);
      case IP6_SRC, IP6_DST, IP6_LABEL, ICMP6_TYPE, ICMP6_CODE, ND_TARGET -> Optional.of(IPV6);
      case ARP_OP, ARP_SPA, ARP_SHA, ARP_TPA, ARP_THA -> Optional.of(ARP);
      default -> Optional.empty();
    };
  }

  /** The protocol a field exists in. */
  static Optional<Integer> protocol(Field field) {
    return switch (field) {
      case TCP_SRC, TCP_DST, TCP_FLAGS -> Optional.of(6);
      case UDP_SRC, UDP_DST -> Optional.of(17);
      case SCTP_SRC, SCTP_DST -> Optional.of(132);
      case ICMP4_TYPE, ICMP4_CODE -> Optional.of(1);
      case ICMP6_TYPE, ICMP6_CODE, ND_TARGET -> Optional.of(58);
      default -> Optional.empty();
    };
  }

  /** Whether a field has another place in IPv6 than in IPv4. */
  static boolean differsByFamily(Field field) {
    return field == Field.IP_TTL || field == Field.IP_DSCP || field == Field.IP_ECN;
  }

  static Nft expression(Field field, boolean ipv6) {
    return switch (field) {
      case ETH_SRC -> new Nft.Payload("ether", "saddr");
      case ETH_DST -> new Nft.Payload("ether", "daddr");
      case ETH_TYPE -> new Nft.Meta("protocol");
      case VLAN_TCI -> new Nft.Payload("ether", "type");
      case IP_PROTO -> new Nft.Meta("l4proto");
      case IP_DSCP -> new Nft.Payload(ipv6 ? "ip6" : "ip", "dscp");
      case IP_ECN -> new Nft.Payload(ipv6 ? "ip6" : "ip", "ecn");
      case IP_TTL -> ipv6 ? new Nft.Payload("ip6", "hoplimit") : new Nft.Payload("ip", "ttl");
      case IP4_SRC -> new Nft.Payload("ip", "saddr");
      case IP4_DST -> new Nft.Payload("ip", "daddr");
      case ICMP4_TYPE -> new Nft.Payload("icmp", "type");
      case ICMP4_CODE -> new Nft.Payload("icmp", "code");
      case IP6_SRC -> new Nft.Payload("ip6", "saddr");
      case IP6_DST -> new Nft.Payload("ip6", "daddr");
      case IP6_LABEL -> new Nft.Payload("ip6", "flowlabel");
      case ICMP6_TYPE -> new Nft.Payload("icmpv6", "type");
      case ICMP6_CODE -> new Nft.Payload("icmpv6", "code");
      case ARP_OP -> new Nft.Payload("arp", "operation");
      case ARP_SPA -> new Nft.Payload("arp", "saddr ip");
      case ARP_SHA -> new Nft.Payload("arp", "saddr ether");
      case ARP_TPA -> new Nft.Payload("arp", "daddr ip");
      case ARP_THA -> new Nft.Payload("arp", "daddr ether");
      // The target of a solicitation or advertisement (RFC 4861, sections 4.3 and 4.4).
      case ND_TARGET -> new Nft.Raw(64, 128);
      case TCP_SRC -> new Nft.Payload("tcp", "sport");
      case TCP_DST -> new Nft.Payload("tcp", "dport");
      // OVN counts 12 bits, nft's own field has 8 (RFC 9293, section 3.1).
      case TCP_FLAGS -> new Nft.Raw(96, 16);
      case UDP_SRC -> new Nft.Payload("udp", "sport");
      case UDP_DST -> new Nft.Payload("udp", "dport");
      case SCTP_SRC -> new Nft.Payload("sctp", "sport");
      case SCTP_DST -> new Nft.Payload("sctp", "dport");
    };
  }

  static Nft value(Field field, Bits value) {
    return switch (field) {
      case ETH_SRC, ETH_DST, ARP_SHA, ARP_THA -> plain(Addresses.formatMac(value));
      case IP4_SRC, IP4_DST, ARP_SPA, ARP_TPA -> plain(Addresses.formatIpv4(value));
      case IP6_SRC, IP6_DST -> plain(Addresses.formatIpv6(value));
      case ND_TARGET -> plain(value.toHex());
      case ETH_TYPE ->
          plain(ETHER_TYPES.getOrDefault((int) value.low(), String.format("0x%04x", value.low())));
      default -> new Nft.Value(value.low(), false);
    };
  }

  static Nft plain(String text) {
    return new Nft.Value(text, false);
  }

  static Nft device(String name) {
    return new Nft.Value(name, true);
  }

  /** An interval as an element of a set: a value, a block, or a range. */
  static Nft element(Field field, Intervals.Interval interval) {
    if (interval.isSingle()) {
      return value(field, interval.first());
    }
    int prefix = interval.prefixLength(field.width());
    boolean address = field.width() == 32 || field.width() == 128;
    if (prefix > 0 && address && field != Field.ND_TARGET) {
      String first =
          field.width() == 32
              ? Addresses.formatIpv4(interval.first())
              : Addresses.formatIpv6(interval.first());
      return new Nft.Prefix(first, prefix);
    }
    return new Nft.Range(value(field, interval.first()), value(field, interval.last()));
  }

  /** The comparison of an expression with a set of values. */
  static Nft.Match match(Field field, boolean ipv6, Intervals values) {
    List<Nft> elements = values.list().stream().map(i -> element(field, i)).toList();
    Nft right = elements.size() == 1 ? elements.get(0) : new Nft.Anonymous(elements);
    return new Nft.Match("==", expression(field, ipv6), right);
  }
}
