// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.networkpolicy;

import java.util.List;
import java.util.Optional;
import org.ovirt.isolatedports.policy.address.IpRange;
import org.ovirt.isolatedports.policy.finding.SourceLocation;

/**
 * A network policy (Kubernetes, networking.k8s.io/v1).
 *
 * @param name its name
 * @param namespace the namespace whose vNICs it selects
 * @param networkId the network it is stored under, on which it selects
 * @param podSelector which vNICs of the namespace it selects
 * @param ingress what may come in, if it limits that
 * @param egress what may go out, if it limits that
 * @param location where it was written
 */
public record NetworkPolicy(
    String name,
    String namespace,
    String networkId,
    LabelSelector podSelector,
    Optional<List<Rule>> ingress,
    Optional<List<Rule>> egress,
    SourceLocation location) {

  public NetworkPolicy {
    ingress = ingress.map(List::copyOf);
    egress = egress.map(List::copyOf);
  }

  /** The rules of a direction, if the policy limits it. */
  public Optional<List<Rule>> rules(boolean isIngress) {
    return isIngress ? ingress : egress;
  }

  /**
   * One entry of {@code ingress} or {@code egress}: it allows what comes from or goes to one of its
   * peers on one of its ports.
   *
   * @param peers the peers; none means everyone
   * @param ports the ports; none means everything
   */
  public record Rule(List<Peer> peers, List<Port> ports, SourceLocation location) {
    public Rule {
      peers = List.copyOf(peers);
      ports = List.copyOf(ports);
    }
  }

  /** Whom a rule is about. */
  public sealed interface Peer {}

  /**
   * vNICs with certain labels.
   *
   * @param podSelector which vNICs
   * @param namespaceSelector of which namespaces; none means the policy's own
   */
  public record VnicPeer(LabelSelector podSelector, Optional<LabelSelector> namespaceSelector)
      implements Peer {}

  /** Addresses of a block, but for those excepted. */
  public record BlockPeer(IpRange block, List<IpRange> except) implements Peer {
    public BlockPeer {
      except = List.copyOf(except);
    }
  }

  /** A peer that could not be read: nobody, so that a rule does not widen to everyone. */
  public record NoPeer() implements Peer {}

  /**
   * Which connections a rule is about.
   *
   * @param protocol TCP, UDP or SCTP
   * @param number which ports of the side that is connected to
   */
  public record Port(Protocol protocol, PortNumber number) {}

  /** Protocols that have ports, with their number in an IP header. */
  public enum Protocol {
    TCP(6),
    UDP(17),
    SCTP(132);

    private final int number;

    Protocol(int number) {
      this.number = number;
    }

    public int number() {
      return number;
    }
  }

  /** The ports meant by a rule. */
  public sealed interface PortNumber {}

  /** Every port of the protocol. */
  public record AnyPort() implements PortNumber {}

  /** A port that could not be read: none, so that a rule does not widen to all. */
  public record NoPort() implements PortNumber {}

  /** The ports from one to another. */
  public record PortRange(int first, int last) implements PortNumber {}

  /** The port that has a name on the vNIC that is connected to. */
  public record NamedPort(String name) implements PortNumber {}
}
