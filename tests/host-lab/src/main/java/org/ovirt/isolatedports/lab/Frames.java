// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.lab;

import java.nio.ByteBuffer;
import java.util.HexFormat;

/** Ethernet frames that ordinary programs do not send, to attack isolation with. */
public final class Frames {

  public static final String BROADCAST = "ff:ff:ff:ff:ff:ff";

  /** IEEE 802.1 local experimental EtherType 1. */
  public static final int EXPERIMENTAL = 0x88b5;

  private static final int ARP = 0x0806;
  private static final int IPV6 = 0x86dd;
  private static final int VLAN = 0x8100;
  private static final int MINIMUM = 60;

  private Frames() {}

  static String hex(byte[] frame) {
    return HexFormat.of().formatHex(frame);
  }

  static byte[] mac(String text) {
    return HexFormat.ofDelimiter(":").parseHex(text);
  }

  private static byte[] address(String ipv4) {
    String[] parts = ipv4.split("\\.", -1);
    byte[] bytes = new byte[4];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) Integer.parseInt(parts[i]);
    }
    return bytes;
  }

  private static ByteBuffer frame(String source, String destination, int etherType, int length) {
    return ByteBuffer.allocate(Math.max(MINIMUM, 14 + length))
        .put(mac(destination))
        .put(mac(source))
        .putShort((short) etherType);
  }

  /** A frame of any EtherType with an empty payload. */
  public static byte[] raw(String source, String destination, int etherType) {
    return frame(source, destination, etherType, 0).array();
  }

  /** A tagged frame with the experimental EtherType inside (IEEE 802.1Q). */
  public static byte[] tagged(String source, String destination, int vlan) {
    return frame(source, destination, VLAN, 4)
        .putShort((short) vlan)
        .putShort((short) EXPERIMENTAL)
        .array();
  }

  /** A broadcast ARP request (RFC 826). */
  public static byte[] arpRequest(String source, String sourceIp, String targetIp) {
    return frame(source, BROADCAST, ARP, 28)
        .putShort((short) 1)
        .putShort((short) 0x0800)
        .put((byte) 6)
        .put((byte) 4)
        .putShort((short) 1)
        .put(mac(source))
        .put(address(sourceIp))
        .put(new byte[6])
        .put(address(targetIp))
        .array();
  }

  /** The link-local address that a MAC has by default, EUI-64 (RFC 4291, appendix A). */
  static byte[] linkLocal(String mac) {
    byte[] m = mac(mac);
    return new byte[] {
      (byte) 0xfe,
      (byte) 0x80,
      0,
      0,
      0,
      0,
      0,
      0,
      (byte) (m[0] ^ 2),
      m[1],
      m[2],
      (byte) 0xff,
      (byte) 0xfe,
      m[3],
      m[4],
      m[5]
    };
  }

  /** A neighbour solicitation for the target's link-local address (RFC 4861, section 4.3). */
  public static byte[] neighbourSolicitation(String source, String targetMac) {
    byte[] from = linkLocal(source);
    byte[] target = linkLocal(targetMac);
    byte[] group = {
      (byte) 0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, (byte) 0xff, target[13], target[14], target[15]
    };
    byte[] icmp =
        ByteBuffer.allocate(32)
            .put((byte) 135)
            .put((byte) 0)
            .putShort((short) 0)
            .putInt(0)
            .put(target)
            .put((byte) 1)
            .put((byte) 1)
            .put(mac(source))
            .array();
    ByteBuffer.wrap(icmp).putShort(2, checksum(from, group, icmp));
    String destination = "33:33:ff:%02x:%02x:%02x".formatted(target[13], target[14], target[15]);
    return frame(source, destination, IPV6, 40 + icmp.length)
        .putInt(0x60000000)
        .putShort((short) icmp.length)
        .put((byte) 58)
        .put((byte) 255)
        .put(from)
        .put(group)
        .put(icmp)
        .array();
  }

  /** ICMPv6 checksum over the pseudo-header (RFC 8200, section 8.1). */
  private static short checksum(byte[] from, byte[] to, byte[] icmp) {
    ByteBuffer data =
        ByteBuffer.allocate(40 + icmp.length)
            .put(from)
            .put(to)
            .putInt(icmp.length)
            .putInt(58)
            .put(icmp)
            .flip();
    int sum = 0;
    while (data.hasRemaining()) {
      sum += data.getShort() & 0xffff;
    }
    sum = (sum >>> 16) + (sum & 0xffff);
    sum += sum >>> 16;
    return (short) ~sum;
  }
}
