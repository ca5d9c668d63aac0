// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.evaluate;

import java.util.Optional;
import org.ovirt.isolatedports.policy.address.IpRange;
import org.ovirt.isolatedports.policy.match.Field;
import org.ovirt.isolatedports.policy.match.Packet;
import org.ovirt.isolatedports.policy.networkpolicy.NetworkPolicy;
import org.ovirt.isolatedports.policy.resolve.ResolvedNetwork;
import org.ovirt.isolatedports.policy.resolve.ResolvedRule;

/** What the rules of network policies say of a packet. */
final class PolicyRules {

  private static final int ARP = 0x0806;
  private static final int IPV4 = 0x0800;
  private static final int IPV6 = 0x86dd;

  private final ResolvedNetwork network;

  PolicyRules(ResolvedNetwork network) {
    this.network = network;
  }

  /**
   * What every connection needs before a policy can mean anything: address resolution, and the
   * vNIC's own configuration from the uplink. Policies say nothing of it.
   */
  static boolean isLinkService(Endpoint other, Packet packet, boolean isIngress) {
    long type = packet.low(Field.ETH_TYPE);
    if (type == ARP) {
      return true;
    }
    long protocol = packet.low(Field.IP_PROTO);
    if (type == IPV6 && protocol == 58) {
      long icmp = packet.low(Field.ICMP6_TYPE);
      // MLD (RFC 2710, RFC 3810) and neighbour discovery (RFC 4861).
      return (icmp >= 130 && icmp <= 136) || icmp == 143;
    }
    if (protocol != 17 || !(other instanceof Endpoint.Uplink)) {
      return false;
    }
    long client = type == IPV4 ? 68 : type == IPV6 ? 546 : -1;
    long server = type == IPV4 ? 67 : 547;
    long source = packet.low(Field.UDP_SRC);
    long destination = packet.low(Field.UDP_DST);
    return isIngress
        ? source == server && destination == client
        : source == client && destination == server;
  }

  /** The first rule that allows a packet, and the first that may. */
  record Allowing(Optional<NetworkPolicy.Rule> surely, Optional<NetworkPolicy.Rule> maybe) {}

  /** Which rule of the policies that limit an end lets a packet pass. */
  Allowing allowing(Endpoint selected, Endpoint other, Packet packet, boolean isIngress) {
    Optional<NetworkPolicy.Rule> maybe = Optional.empty();
    if (selected instanceof Endpoint.Vnic vnic) {
      for (NetworkPolicy policy : network.limiting(vnic.index(), isIngress)) {
        for (NetworkPolicy.Rule rule : policy.rules(isIngress).orElseThrow()) {
          Packet.Truth allows = allows(rule, vnic, other, packet, isIngress);
          if (allows == Packet.Truth.YES) {
            return new Allowing(Optional.of(rule), maybe);
          } else if (allows == Packet.Truth.UNDECIDED && maybe.isEmpty()) {
            maybe = Optional.of(rule);
          }
        }
      }
    }
    return new Allowing(Optional.empty(), maybe);
  }

  private Packet.Truth allows(
      NetworkPolicy.Rule rule,
      Endpoint.Vnic selected,
      Endpoint other,
      Packet packet,
      boolean isIngress) {
    long type = packet.low(Field.ETH_TYPE);
    if (type != IPV4 && type != IPV6) {
      return Packet.Truth.NO;
    }
    Packet.Truth peer = isPeer(network.resolved(rule), other, packet, isIngress);
    return peer != Packet.Truth.NO && isPort(rule, isIngress ? selected : other, packet)
        ? peer
        : Packet.Truth.NO;
  }

  private static Packet.Truth isPeer(
      ResolvedRule rule, Endpoint other, Packet packet, boolean isIngress) {
    if (rule.everyone()) {
      return Packet.Truth.YES;
    }
    if (other instanceof Endpoint.Vnic vnic && rule.peers().get(vnic.index())) {
      return Packet.Truth.YES;
    }
    boolean ipv6 = packet.low(Field.ETH_TYPE) == IPV6;
    Field field =
        ipv6
            ? (isIngress ? Field.IP6_SRC : Field.IP6_DST)
            : (isIngress ? Field.IP4_SRC : Field.IP4_DST);
    if (!packet.knows(field)) {
      return isPeerByAnyAddress(rule, ipv6);
    }
    IpRange address = new IpRange(ipv6, packet.get(field), ipv6 ? 128 : 32);
    for (NetworkPolicy.BlockPeer block : rule.blocks()) {
      boolean excepted = block.except().stream().anyMatch(e -> e.contains(address));
      if (!excepted && block.block().contains(address)) {
        return Packet.Truth.YES;
      }
    }
    return Packet.Truth.NO;
  }

  /** Whether blocks hold an address of a family of which no more is known. */
  private static Packet.Truth isPeerByAnyAddress(ResolvedRule rule, boolean ipv6) {
    Packet.Truth truth = Packet.Truth.NO;
    for (NetworkPolicy.BlockPeer block : rule.blocks()) {
      boolean empty = block.except().contains(block.block());
      if (block.block().ipv6() == ipv6 && !empty) {
        if (block.block().prefix() == 0 && block.except().isEmpty()) {
          return Packet.Truth.YES;
        }
        truth = Packet.Truth.UNDECIDED;
      }
    }
    return truth;
  }

  private boolean isPort(NetworkPolicy.Rule rule, Endpoint server, Packet packet) {
    if (rule.ports().isEmpty()) {
      return true;
    }
    for (NetworkPolicy.Port port : rule.ports()) {
      if (packet.low(Field.IP_PROTO) == port.protocol().number()
          && isNumber(port, server, destinationPort(packet, port.protocol()))) {
        return true;
      }
    }
    return false;
  }

  private static int destinationPort(Packet packet, NetworkPolicy.Protocol protocol) {
    Field field =
        switch (protocol) {
          case TCP -> Field.TCP_DST;
          case UDP -> Field.UDP_DST;
          case SCTP -> Field.SCTP_DST;
        };
    return (int) packet.low(field);
  }

  private boolean isNumber(NetworkPolicy.Port port, Endpoint server, int number) {
    if (port.number() instanceof NetworkPolicy.PortRange range) {
      return range.first() <= number && number <= range.last();
    }
    if (port.number() instanceof NetworkPolicy.NamedPort named) {
      return server instanceof Endpoint.Vnic vnic
          && network.nics().get(vnic.index()).namedPorts().stream()
              .anyMatch(
                  p ->
                      p.name().equals(named.name())
                          && p.protocol().equals(port.protocol().name())
                          && p.port() == number);
    }
    return port.number() instanceof NetworkPolicy.AnyPort;
  }
}
