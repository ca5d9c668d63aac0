// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.match;

/**
 * A field of a frame that a Linux bridge can look at.
 *
 * <p>A field with a level {@code ORDINAL} is one that Open vSwitch can match bit by bit (ovs-fields
 * (7)); OVN allows order comparisons and subfields only on those.
 */
public enum Field {
  ETH_SRC("eth.src", 48, Level.ORDINAL, ""),
  ETH_DST("eth.dst", 48, Level.ORDINAL, ""),
  ETH_TYPE("eth.type", 16, Level.NOMINAL, ""),
  VLAN_TCI("vlan.tci", 16, Level.ORDINAL, ""),
  IP_PROTO("ip.proto", 8, Level.NOMINAL, "ip"),
  IP_DSCP("ip.dscp", 6, Level.NOMINAL, "ip"),
  IP_ECN("ip.ecn", 2, Level.NOMINAL, "ip"),
  IP_TTL("ip.ttl", 8, Level.NOMINAL, "ip"),
  IP4_SRC("ip4.src", 32, Level.ORDINAL, "ip4"),
  IP4_DST("ip4.dst", 32, Level.ORDINAL, "ip4"),
  ICMP4_TYPE("icmp4.type", 8, Level.NOMINAL, "icmp4"),
  ICMP4_CODE("icmp4.code", 8, Level.NOMINAL, "icmp4"),
  IP6_SRC("ip6.src", 128, Level.ORDINAL, "ip6"),
  IP6_DST("ip6.dst", 128, Level.ORDINAL, "ip6"),
  IP6_LABEL("ip6.label", 20, Level.ORDINAL, "ip6"),
  ICMP6_TYPE("icmp6.type", 8, Level.NOMINAL, "icmp6"),
  ICMP6_CODE("icmp6.code", 8, Level.NOMINAL, "icmp6"),
  ARP_OP("arp.op", 16, Level.NOMINAL, "arp"),
  ARP_SPA("arp.spa", 32, Level.ORDINAL, "arp"),
  ARP_SHA("arp.sha", 48, Level.ORDINAL, "arp"),
  ARP_TPA("arp.tpa", 32, Level.ORDINAL, "arp"),
  ARP_THA("arp.tha", 48, Level.ORDINAL, "arp"),
  ND_TARGET("nd.target", 128, Level.ORDINAL, "nd"),
  TCP_SRC("tcp.src", 16, Level.ORDINAL, "tcp"),
  TCP_DST("tcp.dst", 16, Level.ORDINAL, "tcp"),
  TCP_FLAGS("tcp.flags", 12, Level.ORDINAL, "tcp"),
  UDP_SRC("udp.src", 16, Level.ORDINAL, "udp"),
  UDP_DST("udp.dst", 16, Level.ORDINAL, "udp"),
  SCTP_SRC("sctp.src", 16, Level.ORDINAL, "sctp"),
  SCTP_DST("sctp.dst", 16, Level.ORDINAL, "sctp");

  /** How values of a field may be compared (ovn-sb(5), "Symbols", measurement levels). */
  public enum Level {
    NOMINAL("nominal"),
    BOOLEAN("Boolean"),
    ORDINAL("ordinal");

    private final String ovnName;

    Level(String ovnName) {
      this.ovnName = ovnName;
    }

    String ovnName() {
      return ovnName;
    }
  }

  private final String ovnName;
  private final int width;
  private final Level level;
  private final String prerequisite;

  Field(String ovnName, int width, Level level, String prerequisite) {
    this.ovnName = ovnName;
    this.width = width;
    this.level = level;
    this.prerequisite = prerequisite;
  }

  /** The name in a match. */
  public String ovnName() {
    return ovnName;
  }

  /** Width in bits. */
  public int width() {
    return width;
  }

  Level level() {
    return level;
  }

  String prerequisite() {
    return prerequisite;
  }
}
