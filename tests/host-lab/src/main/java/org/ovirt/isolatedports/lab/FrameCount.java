// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.lab;

/**
 * Frames of one sender and kind that one NIC saw, counted inside the receiver since it started.
 *
 * @param receiver MAC of the NIC that saw them
 * @param source Ethernet source address
 * @param kind what they carry
 * @param destination whom they were for
 * @param frames how many
 */
public record FrameCount(
    String receiver, String source, Kind kind, Destination destination, long frames) {

  /** What a frame carries. */
  public enum Kind {
    ARP,
    IPV4,
    IPV6,
    /** IPv6 neighbour discovery. */
    ND,
    /** Tagged, whatever is inside. */
    VLAN,
    /** Any other EtherType, or an 802.3 length. */
    OTHER
  }

  /** Whom a frame is for, as the receiver's kernel judges it. */
  public enum Destination {
    ME,
    BROADCAST,
    MULTICAST,
    /** Unicast for another address: flooded, or a mistake of the bridge. */
    SOMEONE_ELSE
  }
}
