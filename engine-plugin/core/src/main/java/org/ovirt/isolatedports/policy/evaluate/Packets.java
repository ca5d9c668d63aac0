// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.evaluate;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.ovirt.isolatedports.policy.acl.Subnet;
import org.ovirt.isolatedports.policy.address.Bits;
import org.ovirt.isolatedports.policy.address.IpRange;
import org.ovirt.isolatedports.policy.inventory.Nic;
import org.ovirt.isolatedports.policy.match.Field;
import org.ovirt.isolatedports.policy.match.Packet;
import org.ovirt.isolatedports.policy.resolve.ResolvedNetwork;

/**
 * Builds the packets of a flow between two sides of a network: the one place that says what an
 * ordinary packet is like, for a trace, for a matrix, and for the half of a packet by which a
 * matrix leaves out rules that cannot match.
 */
final class Packets {

  /** By which name a match calls the uplink. */
  static final Set<String> UPLINK_NAMES = Set.of("uplink");

  /** The hops an ordinary packet starts with, which a bridge does not count (RFC 1700). */
  private static final int TTL = 64;

  private static final Set<Field> OF_SOURCE =
      EnumSet.of(Field.ETH_SRC, Field.IP4_SRC, Field.IP6_SRC);
  private static final Set<Field> OF_DESTINATION =
      EnumSet.of(Field.ETH_DST, Field.IP4_DST, Field.IP6_DST);

  private final ResolvedNetwork network;
  private final List<Boolean> families;

  Packets(ResolvedNetwork network) {
    this.network = network;
    this.families = Stream.of(false, true).filter(ipv6 -> speaks(network, ipv6)).toList();
  }

  /** Whether anything is known of a family on the network; where nothing is, both count. */
  private static boolean speaks(ResolvedNetwork network, boolean ipv6) {
    List<IpRange> known = new ArrayList<>(network.network().cidrs());
    known.addAll(network.network().gateways());
    network.subnet().map(Subnet::cidrs).ifPresent(known::addAll);
    network.subnet().map(Subnet::gateways).ifPresent(known::addAll);
    network.nics().forEach(nic -> known.addAll(nic.addresses()));
    return known.isEmpty() || known.stream().anyMatch(range -> range.ipv6() == ipv6);
  }

  /** The names by which {@code inport} and {@code outport} know an end. */
  Set<String> portNames(Endpoint end) {
    return end instanceof Endpoint.Vnic vnic
        ? network.portNames().of(network.nics().get(vnic.index()))
        : UPLINK_NAMES;
  }

  /** The ways in which an end can send a flow. */
  List<Side> sources(Endpoint end, Flow flow) {
    return sides(end, flow.sourceAddress(), flow.address(), flow.sourceMac());
  }

  /** The ways in which an end can get a flow. */
  List<Side> destinations(Endpoint end, Flow flow) {
    return sides(end, flow.address(), flow.sourceAddress(), Optional.empty());
  }

  /**
   * Every family and address an end can use.
   *
   * @param stated the address it shall use, if that was said
   * @param others the address the other end shall use
   */
  private List<Side> sides(
      Endpoint end, Optional<IpRange> stated, Optional<IpRange> others, Optional<Bits> mac) {
    List<Side> sides = new ArrayList<>();
    for (Optional<Bits> own : mac.isPresent() ? List.of(mac) : macs(end)) {
      if (stated.isPresent()) {
        sides.add(new Side(end, stated.get().ipv6(), own, stated, portNames(end)));
        continue;
      }
      for (boolean ipv6 : others.map(o -> List.of(o.ipv6())).orElse(families)) {
        List<IpRange> addresses = addresses(end, ipv6);
        addresses.forEach(
            address -> sides.add(new Side(end, ipv6, own, Optional.of(address), portNames(end))));
        if (addresses.isEmpty()) {
          sides.add(new Side(end, ipv6, own, Optional.empty(), portNames(end)));
        }
      }
    }
    return sides;
  }

  private List<Optional<Bits>> macs(Endpoint end) {
    if (end instanceof Endpoint.Vnic vnic) {
      return List.of(Optional.of(network.nics().get(vnic.index()).mac()));
    }
    List<Bits> gateways = network.network().gatewayMacs();
    return gateways.isEmpty()
        ? List.of(Optional.empty())
        : gateways.stream().distinct().map(Optional::of).toList();
  }

  private List<IpRange> addresses(Endpoint end, boolean ipv6) {
    if (end instanceof Endpoint.Vnic vnic) {
      Nic nic = network.nics().get(vnic.index());
      return nic.addresses().stream().filter(address -> address.ipv6() == ipv6).distinct().toList();
    }
    List<IpRange> gateways =
        network.network().gateways().stream().filter(g -> g.ipv6() == ipv6).distinct().toList();
    return gateways.isEmpty() ? network.gateway(ipv6).stream().toList() : gateways;
  }

  /** The first packet of a connection. */
  static Packet request(Side from, Side to, Flow flow) {
    return packet(from, to, flow, true);
  }

  /** The answer to {@link #request} of the same arguments. */
  static Packet answer(Side from, Side to, Flow flow) {
    return packet(to, from, flow, false);
  }

  private static Packet packet(Side source, Side destination, Flow flow, boolean request) {
    Packet packet = ordinary(flow, source.ipv6(), request);
    setSource(packet, source);
    setDestination(packet, destination);
    return packet;
  }

  /** A packet of which only the source is known: what a side sends to anyone. */
  static Packet sent(Side source, Flow flow, boolean request) {
    Packet packet = ordinary(flow, source.ipv6(), request).forget(OF_DESTINATION);
    setSource(packet, source);
    return packet;
  }

  /** A packet of which only the destination is known: what a side gets from anyone. */
  static Packet received(Side destination, Flow flow, boolean request) {
    Packet packet = ordinary(flow, destination.ipv6(), request).forget(OF_SOURCE);
    setDestination(packet, destination);
    return packet;
  }

  /** All of a packet but its ends. What is not set is 0: no tag, no options, no fragments. */
  private static Packet ordinary(Flow flow, boolean ipv6, boolean request) {
    Packet packet = new Packet();
    packet.set(Field.ETH_TYPE, ipv6 ? 0x86dd : 0x0800).set(Field.IP_TTL, TTL);
    setProtocol(packet, flow, ipv6, request);
    return packet;
  }

  /** Makes a packet of a side's family one that the side sends. */
  static void setSource(Packet packet, Side side) {
    setMac(packet, Field.ETH_SRC, side);
    setAddress(packet, side.ipv6() ? Field.IP6_SRC : Field.IP4_SRC, side);
    packet.inport(side.names());
  }

  /** Makes a packet of a side's family one that the side gets. */
  static void setDestination(Packet packet, Side side) {
    setMac(packet, Field.ETH_DST, side);
    setAddress(packet, side.ipv6() ? Field.IP6_DST : Field.IP4_DST, side);
    packet.outport(side.names());
  }

  private static void setMac(Packet packet, Field field, Side side) {
    if (side.mac().isPresent()) {
      packet.set(field, side.mac().get());
    } else {
      packet.forget(field);
    }
  }

  private static void setAddress(Packet packet, Field field, Side side) {
    if (side.address().isPresent()) {
      packet.set(field, side.address().get().address());
    } else {
      packet.forget(field);
    }
  }

  private static void setProtocol(Packet packet, Flow flow, boolean ipv6, boolean request) {
    boolean icmp6 = ipv6 && flow.protocol() == Flow.Protocol.ICMP;
    packet.set(Field.IP_PROTO, icmp6 ? 58 : flow.protocol().number());
    int sourcePort = request ? flow.sourcePort() : flow.port();
    int port = request ? flow.port() : flow.sourcePort();
    switch (flow.protocol()) {
      case TCP ->
          packet
              .set(Field.TCP_SRC, sourcePort)
              .set(Field.TCP_DST, port)
              .set(Field.TCP_FLAGS, request ? 0x002 : 0x012);
      case UDP -> packet.set(Field.UDP_SRC, sourcePort).set(Field.UDP_DST, port);
      case SCTP -> packet.set(Field.SCTP_SRC, sourcePort).set(Field.SCTP_DST, port);
      case ICMP -> {
        // Echo request and reply (RFC 792; RFC 4443, section 4).
        if (icmp6) {
          packet.set(Field.ICMP6_TYPE, request ? 128 : 129);
        } else {
          packet.set(Field.ICMP4_TYPE, request ? 8 : 0);
        }
      }
    }
  }
}
