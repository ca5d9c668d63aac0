// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.evaluate;

import java.util.Optional;
import org.ovirt.isolatedports.policy.address.Bits;
import org.ovirt.isolatedports.policy.address.IpRange;

/**
 * The first packet of a connection, but for its two ends.
 *
 * @param protocol what kind it is
 * @param sourcePort the port it comes from; of no matter for ICMP
 * @param port the port it goes to; of no matter for ICMP
 * @param sourceAddress the address it claims to come from; none means the source's own
 * @param address the address it goes to; none means the destination's own
 * @param sourceMac the MAC it claims to come from; none means the source's own
 */
public record Flow(
    Protocol protocol,
    int sourcePort,
    int port,
    Optional<IpRange> sourceAddress,
    Optional<IpRange> address,
    Optional<Bits> sourceMac) {

  /** The port clients use where none is said: the first of the dynamic ones (RFC 6335). */
  public static final int CLIENT_PORT = 49152;

  /** The port asked for where none is said. */
  public static final int SERVER_PORT = 80;

  /** Protocols a flow can have. */
  public enum Protocol {
    TCP(6),
    UDP(17),
    SCTP(132),
    /** An echo request. */
    ICMP(1);

    private final int number;

    Protocol(int number) {
      this.number = number;
    }

    int number() {
      return number;
    }
  }

  /** A flow between the two ends' own addresses. */
  public static Flow of(Protocol protocol, int sourcePort, int port) {
    return new Flow(
        protocol, sourcePort, port, Optional.empty(), Optional.empty(), Optional.empty());
  }

  /** Whether each end uses what is its own. */
  boolean isBetweenOwnAddresses() {
    return sourceAddress.isEmpty() && address.isEmpty() && sourceMac.isEmpty();
  }

  /** An echo request. */
  public static Flow ping() {
    return of(Protocol.ICMP, 0, 0);
  }
}
