// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.compile;

import java.io.ByteArrayOutputStream;
import java.util.HexFormat;
import org.ovirt.isolatedports.policy.address.Bits;
import org.ovirt.isolatedports.policy.match.Field;
import org.ovirt.isolatedports.policy.match.Packet;

/** Frames as they are on the wire. */
final class FrameBytes {

  /** What a test appends to tell frames apart; lengths in headers count it. */
  private static final int MARK = 8;

  private FrameBytes() {}

  /** A frame in hexadecimal, without the mark. */
  static String of(Packet packet) {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    switch ((int) packet.get(Field.ETH_TYPE).low()) {
      case 0x806 -> arp(packet, body);
      case 0x800 -> ipv4(packet, body);
      case 0x86dd -> ipv6(packet, body);
      default -> number(body, 0, 46);
    }
    return link(packet) + HexFormat.of().formatHex(body.toByteArray());
  }

  /** Addresses, tag and type. */
  static String link(Packet packet) {
    ByteArrayOutputStream link = new ByteArrayOutputStream();
    field(link, packet, Field.ETH_DST, 6);
    field(link, packet, Field.ETH_SRC, 6);
    Bits tag = packet.get(Field.VLAN_TCI);
    if (!tag.isZero()) {
      number(link, 0x8100, 2);
      number(link, tag.low() & 0xefff, 2);
    }
    field(link, packet, Field.ETH_TYPE, 2);
    return HexFormat.of().formatHex(link.toByteArray());
  }

  private static void arp(Packet packet, ByteArrayOutputStream out) {
    number(out, 0x0001080006_04L, 6);
    field(out, packet, Field.ARP_OP, 2);
    field(out, packet, Field.ARP_SHA, 6);
    field(out, packet, Field.ARP_SPA, 4);
    field(out, packet, Field.ARP_THA, 6);
    field(out, packet, Field.ARP_TPA, 4);
  }

  private static void ipv4(Packet packet, ByteArrayOutputStream out) {
    byte[] rest = transport(packet);
    long traffic = (packet.get(Field.IP_DSCP).low() << 2) | packet.get(Field.IP_ECN).low();
    long lifeAndProtocol = (packet.get(Field.IP_TTL).low() << 8) | packet.get(Field.IP_PROTO).low();
    long length = 20L + rest.length + MARK;
    long source = packet.get(Field.IP4_SRC).low();
    long destination = packet.get(Field.IP4_DST).low();
    // The header's checksum (RFC 1071).
    long sum = (0x4500 | traffic) + length + lifeAndProtocol;
    sum += (source >>> 16) + (source & 0xffff) + (destination >>> 16) + (destination & 0xffff);
    sum = (sum & 0xffff) + (sum >>> 16);
    sum = (sum & 0xffff) + (sum >>> 16);
    number(out, 0x4500 | traffic, 2);
    number(out, length, 2);
    number(out, 0, 4);
    number(out, lifeAndProtocol, 2);
    number(out, ~sum & 0xffff, 2);
    number(out, source, 4);
    number(out, destination, 4);
    out.writeBytes(rest);
  }

  private static void ipv6(Packet packet, ByteArrayOutputStream out) {
    byte[] rest = transport(packet);
    long traffic = (packet.get(Field.IP_DSCP).low() << 2) | packet.get(Field.IP_ECN).low();
    number(out, (6L << 28) | (traffic << 20) | packet.get(Field.IP6_LABEL).low(), 4);
    number(out, rest.length + MARK, 2);
    field(out, packet, Field.IP_PROTO, 1);
    field(out, packet, Field.IP_TTL, 1);
    field(out, packet, Field.IP6_SRC, 16);
    field(out, packet, Field.IP6_DST, 16);
    out.writeBytes(rest);
  }

  private static byte[] transport(Packet packet) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    switch ((int) packet.get(Field.IP_PROTO).low()) {
      case 1 -> {
        field(out, packet, Field.ICMP4_TYPE, 1);
        field(out, packet, Field.ICMP4_CODE, 1);
        number(out, 0, 6);
      }
      case 6 -> {
        field(out, packet, Field.TCP_SRC, 2);
        field(out, packet, Field.TCP_DST, 2);
        number(out, 0, 8);
        number(out, 0x5000 | packet.get(Field.TCP_FLAGS).low(), 2);
        number(out, 0, 6);
      }
      case 17 -> {
        field(out, packet, Field.UDP_SRC, 2);
        field(out, packet, Field.UDP_DST, 2);
        number(out, 8 + MARK, 2);
        number(out, 0, 2);
      }
      case 58 -> {
        field(out, packet, Field.ICMP6_TYPE, 1);
        field(out, packet, Field.ICMP6_CODE, 1);
        number(out, 0, 6);
        field(out, packet, Field.ND_TARGET, 16);
      }
      case 132 -> {
        field(out, packet, Field.SCTP_SRC, 2);
        field(out, packet, Field.SCTP_DST, 2);
        number(out, 0, 8);
      }
      default -> number(out, 0, 8);
    }
    return out.toByteArray();
  }

  private static void field(ByteArrayOutputStream out, Packet packet, Field field, int length) {
    Bits value = packet.get(field);
    if (length > 8) {
      number(out, value.high(), length - 8);
    }
    number(out, value.low(), Math.min(length, 8));
  }

  private static void number(ByteArrayOutputStream out, long value, int length) {
    for (int i = length - 1; i >= 0; i--) {
      out.write(i < 8 ? (int) (value >>> (8 * i)) : 0);
    }
  }
}
