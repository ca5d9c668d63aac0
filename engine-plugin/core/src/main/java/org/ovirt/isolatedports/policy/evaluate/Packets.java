// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.evaluate;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.ovirt.isolatedports.policy.IpRange;
import org.ovirt.isolatedports.policy.match.Bits;
import org.ovirt.isolatedports.policy.match.Field;
import org.ovirt.isolatedports.policy.match.Packet;
import org.ovirt.isolatedports.policy.resolve.ResolvedNetwork;

/** Builds the packets of a flow between two ends of a network. */
final class Packets {

  /** By which name a match calls the uplink. */
  static final Set<String> UPLINK_NAMES = Set.of("uplink");

  /** Stands for the MAC of a gateway that lists none. */
  private static final Bits SOME_GATEWAY = Bits.of(0x02_00_00_00_00_01L);

  private final List<Known> vnics;
  private final Known uplink;

  /** What packets say of an end; a matrix asks for it a million times. */
  private record Known(
      Bits mac, Optional<IpRange> ipv4, Optional<IpRange> ipv6, Set<String> names) {}

  Packets(ResolvedNetwork network) {
    this.vnics =
        network.nics().stream()
            .map(
                nic ->
                    new Known(
                        nic.mac(),
                        nic.address(false),
                        nic.address(true),
                        network.portNames().of(nic)))
            .toList();
    List<Bits> gateways = network.network().gatewayMacs();
    this.uplink =
        new Known(
            gateways.isEmpty() ? SOME_GATEWAY : gateways.get(0),
            network.gateway(false),
            network.gateway(true),
            UPLINK_NAMES);
  }

  private Known known(Endpoint end) {
    return end instanceof Endpoint.Vnic vnic ? vnics.get(vnic.index()) : uplink;
  }

  /** IPv6 if only that is known of both ends, else IPv4. */
  boolean speaksIpv6(Endpoint from, Endpoint to, Flow flow) {
    Optional<Boolean> stated = flow.sourceAddress().or(flow::address).map(IpRange::ipv6);
    if (stated.isPresent()) {
      return stated.get();
    }
    boolean ipv4 = address(from, false).isPresent() && address(to, false).isPresent();
    return !ipv4 && address(from, true).isPresent() && address(to, true).isPresent();
  }

  Optional<IpRange> address(Endpoint end, boolean ipv6) {
    Known known = known(end);
    return ipv6 ? known.ipv6() : known.ipv4();
  }

  Bits mac(Endpoint end) {
    return known(end).mac();
  }

  /** The names by which {@code inport} and {@code outport} know an end. */
  Set<String> portNames(Endpoint end) {
    return known(end).names();
  }

  Packet request(Endpoint from, Endpoint to, Flow flow) {
    boolean ipv6 = speaksIpv6(from, to, flow);
    Packet packet = new Packet();
    packet.set(Field.ETH_TYPE, ipv6 ? 0x86dd : 0x0800).set(Field.IP_TTL, 64);
    setProtocol(packet, flow, ipv6, true);
    setSource(packet, from, ipv6);
    setDestination(packet, to, ipv6);
    flow.sourceMac().ifPresent(mac -> packet.set(Field.ETH_SRC, mac));
    flow.sourceAddress().ifPresent(a -> packet.set(source(ipv6), a.address()));
    flow.address().ifPresent(a -> packet.set(destination(ipv6), a.address()));
    return packet;
  }

  /** The answer to {@link #request} of the same arguments. */
  Packet answer(Endpoint from, Endpoint to, Flow flow) {
    boolean ipv6 = speaksIpv6(from, to, flow);
    Packet packet = new Packet();
    packet.set(Field.ETH_TYPE, ipv6 ? 0x86dd : 0x0800).set(Field.IP_TTL, 64);
    setProtocol(packet, flow, ipv6, false);
    setSource(packet, to, ipv6);
    setDestination(packet, from, ipv6);
    flow.sourceAddress().ifPresent(a -> packet.set(destination(ipv6), a.address()));
    flow.address().ifPresent(a -> packet.set(source(ipv6), a.address()));
    return packet;
  }

  void setSource(Packet packet, Endpoint end, boolean ipv6) {
    packet
        .set(Field.ETH_SRC, mac(end))
        .set(source(ipv6), address(end, ipv6).map(IpRange::address).orElse(Bits.ZERO))
        .inport(portNames(end));
  }

  void setDestination(Packet packet, Endpoint end, boolean ipv6) {
    packet
        .set(Field.ETH_DST, mac(end))
        .set(destination(ipv6), address(end, ipv6).map(IpRange::address).orElse(Bits.ZERO))
        .outport(portNames(end));
  }

  private static Field source(boolean ipv6) {
    return ipv6 ? Field.IP6_SRC : Field.IP4_SRC;
  }

  private static Field destination(boolean ipv6) {
    return ipv6 ? Field.IP6_DST : Field.IP4_DST;
  }

  static void setProtocol(Packet packet, Flow flow, boolean ipv6, boolean request) {
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
