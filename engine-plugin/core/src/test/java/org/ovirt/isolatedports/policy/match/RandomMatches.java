// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.match;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.ovirt.isolatedports.policy.address.Bits;

/** Random matches and frames over a few values, so that they often meet. */
public final class RandomMatches {

  private RandomMatches() {}

  private static <T> T pick(Random random, List<T> list) {
    return list.get(random.nextInt(list.size()));
  }

  private static final List<String> ADDRESSES =
      List.of("10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.0/30", "10.0.0.2/31", "10.0.0.0/24");
  private static final List<String> ADDRESSES6 =
      List.of("fd00::1", "fd00::2", "fd00::/126", "fd00::/64", "fe80::/10");
  private static final List<String> MACS =
      List.of(
          "52:54:00:00:00:01",
          "52:54:00:00:00:02",
          "52:54:00:00:00:00/ff:ff:ff:ff:ff:fe",
          "01:00:00:00:00:00/01:00:00:00:00:00");
  private static final List<String> ORDER = List.of("==", "!=", "<", "<=", ">", ">=");

  /** A match that the parser accepts, nested at most so deep. */
  public static String match(Random random, int depth, boolean ports) {
    if (depth == 0 || random.nextInt(3) == 0) {
      return comparison(random, ports);
    }
    String operator = random.nextBoolean() ? " && " : " || ";
    List<String> parts = new ArrayList<>();
    for (int i = 1 + random.nextInt(3); i > 0; i--) {
      // Nominal names cannot be negated; everything under a negation avoids them.
      parts.add(
          random.nextInt(6) == 0
              ? "!(" + ordinal(random) + ")"
              : "(" + match(random, depth - 1, ports) + ")");
    }
    return String.join(operator, parts);
  }

  /** A match that becomes elements of maps, over addresses and ports that often overlap. */
  public static String simple(Random random) {
    String source = "ip4.src == " + pick(random, ADDRESSES);
    String destination = "ip4.dst == " + pick(random, ADDRESSES);
    String port = "tcp.dst " + pick(random, List.of("== 80", "== 1", ">= 80", "< 3", "== {1, 80}"));
    return switch (random.nextInt(7)) {
      case 0 -> source;
      case 1 -> destination;
      case 2 -> source + " && " + destination;
      case 3 -> source + " && " + port;
      case 4 -> port;
      case 5 -> destination + " && " + source + " && " + port;
      default -> "eth.src == 52:54:00:00:00:0" + random.nextInt(4);
    };
  }

  private static String comparison(Random random, boolean ports) {
    return switch (random.nextInt(ports ? 8 : 7)) {
      case 0 ->
          pick(
              random,
              List.of(
                  "ip4", "ip6", "ip", "tcp", "udp", "sctp", "icmp", "icmp4", "icmp6", "arp", "nd",
                  "1", "0"));
      case 1 -> "icmp4.type == " + pick(random, List.of("0", "8"));
      case 2 -> "eth.type == " + pick(random, List.of("0x800", "0x86dd", "0x806", "0x88cc"));
      case 3 -> "arp.op == " + pick(random, List.of("1", "2"));
      case 4 -> "ip.proto == " + pick(random, List.of("1", "6", "17", "58", "132"));
      case 7 ->
          pick(random, List.of("inport", "outport"))
              + " == "
              + pick(random, List.of("\"web\"", "@pg1", "\"uplink\"", "{\"uplink\", @pg1}"));
      default -> ordinal(random);
    };
  }

  private static String ordinal(Random random) {
    String equality = pick(random, List.of("==", "!="));
    return switch (random.nextInt(11)) {
      case 0 ->
          pick(random, List.of("ip4.src ", "ip4.dst ")) + equality + " " + pick(random, ADDRESSES);
      case 1 ->
          pick(random, List.of("ip4.src ", "ip4.dst "))
              + equality
              + " {"
              + pick(random, ADDRESSES)
              + ", "
              + pick(random, ADDRESSES)
              + "}";
      case 2 ->
          pick(random, List.of("ip6.src ", "ip6.dst ")) + equality + " " + pick(random, ADDRESSES6);
      case 3 -> pick(random, List.of("eth.src ", "eth.dst ")) + equality + " " + pick(random, MACS);
      case 4, 5 ->
          pick(random, List.of("tcp.dst ", "tcp.src ", "udp.dst ", "udp.src ", "sctp.dst "))
              + pick(random, ORDER)
              + " "
              + pick(random, List.of("1", "2", "80", "1024"));
      case 6 ->
          pick(random, List.of("1 <= tcp.dst < 80", "80 > udp.dst > 1", "2 < tcp.src < 1024"));
      case 7 -> "tcp.dst[0..3] " + equality + " 1";
      case 8 ->
          pick(
              random,
              List.of(
                  "tcp.flags[1]", "!tcp.flags[4]", "eth.mcast", "!eth.mcast", "tcp.flags == 2"));
      case 9 ->
          pick(
              random,
              List.of(
                  "vlan.present",
                  "!vlan.present",
                  "vlan.vid == 7",
                  "vlan.vid != 0",
                  "vlan.pcp > 3"));
      default -> "arp.tpa " + equality + " " + pick(random, ADDRESSES);
    };
  }

  /** A frame of a kind that is found on wires: fields of one protocol only. */
  public static Packet packet(Random random) {
    Packet packet = new Packet();
    packet.set(Field.ETH_SRC, 0x525400000000L + random.nextInt(4));
    packet.set(
        Field.ETH_DST,
        random.nextInt(5) == 0 ? 0xffffffffffffL : 0x525400000000L + random.nextInt(4));
    if (random.nextInt(6) == 0) {
      packet.set(Field.VLAN_TCI, pick(random, List.of(0x1000, 0x1007, 0x1008, 0xb007)));
    }
    switch (random.nextInt(8)) {
      case 0 -> {
        packet.set(Field.ETH_TYPE, 0x806).set(Field.ARP_OP, 1 + random.nextInt(2));
        packet.set(Field.ARP_SPA, 0x0a000000L + random.nextInt(5));
        packet.set(Field.ARP_TPA, 0x0a000000L + random.nextInt(5));
        packet.set(Field.ARP_SHA, packet.get(Field.ETH_SRC));
      }
      case 1 -> {
        packet.set(Field.ETH_TYPE, pick(random, List.of(0x88cc, 0x88cc, 0x8100, 0x88a8)));
        if (packet.get(Field.ETH_TYPE).low() != 0x88cc) {
          // A tag is found only within another.
          packet.set(Field.VLAN_TCI, 0x1000);
        }
      }
      case 2, 3 -> {
        packet.set(Field.ETH_TYPE, 0x86dd).set(Field.IP_TTL, random.nextBoolean() ? 255 : 64);
        packet.set(Field.IP6_SRC, address6(random)).set(Field.IP6_DST, address6(random));
        transport(packet, random, true);
      }
      default -> {
        packet.set(Field.ETH_TYPE, 0x800).set(Field.IP_TTL, 64);
        packet.set(Field.IP4_SRC, 0x0a000000L + random.nextInt(5));
        packet.set(Field.IP4_DST, 0x0a000000L + random.nextInt(5));
        transport(packet, random, false);
      }
    }
    return packet;
  }

  private static Bits address6(Random random) {
    long high = random.nextInt(5) == 0 ? 0xfe80_0000_0000_0000L : 0xfd00_0000_0000_0000L;
    return new Bits(high, random.nextInt(5));
  }

  private static void transport(Packet packet, Random random, boolean ipv6) {
    List<Integer> ports = List.of(1, 2, 3, 79, 80, 1023, 1024, 40000);
    int source = pick(random, ports);
    int destination = pick(random, ports);
    switch (random.nextInt(4)) {
      case 0 ->
          packet
              .set(Field.IP_PROTO, 6)
              .set(Field.TCP_SRC, source)
              .set(Field.TCP_DST, destination)
              .set(Field.TCP_FLAGS, pick(random, List.of(2, 16, 18)));
      case 1 ->
          packet.set(Field.IP_PROTO, 17).set(Field.UDP_SRC, source).set(Field.UDP_DST, destination);
      case 2 ->
          packet
              .set(Field.IP_PROTO, 132)
              .set(Field.SCTP_SRC, source)
              .set(Field.SCTP_DST, destination);
      default -> {
        packet.set(Field.IP_PROTO, ipv6 ? 58 : 1);
        if (ipv6) {
          packet.set(Field.ICMP6_TYPE, pick(random, List.of(128, 129, 135, 136)));
        } else {
          packet.set(Field.ICMP4_TYPE, pick(random, List.of(0, 8)));
        }
      }
    }
  }
}
