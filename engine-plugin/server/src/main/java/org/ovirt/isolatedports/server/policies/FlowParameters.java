// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.policies;

import java.util.Locale;
import java.util.Optional;
import org.ovirt.isolatedports.policy.address.Addresses;
import org.ovirt.isolatedports.policy.address.Bits;
import org.ovirt.isolatedports.policy.address.IpRange;
import org.ovirt.isolatedports.policy.address.IpText;
import org.ovirt.isolatedports.policy.evaluate.Flow;
import org.ovirt.isolatedports.server.http.Exchange;
import org.ovirt.isolatedports.server.http.fault.FaultException;

/** Which packet a request is about, by the parameters that the command line has as options. */
final class FlowParameters {

  private static final int BAD_REQUEST = 400;
  private static final int LAST_PORT = 65_535;

  private FlowParameters() {}

  /** Between the ends' own addresses: an echo request unless something else is said. */
  static Flow between(Exchange exchange) {
    Optional<Integer> port = port(exchange, "port");
    Optional<Integer> sourcePort = port(exchange, "source_port");
    boolean ports = port.isPresent() || sourcePort.isPresent();
    Flow.Protocol protocol =
        exchange
            .parameter("protocol")
            .map(FlowParameters::protocol)
            .orElse(ports ? Flow.Protocol.TCP : Flow.Protocol.ICMP);
    return Flow.of(protocol, sourcePort.orElse(Flow.CLIENT_PORT), port.orElse(Flow.SERVER_PORT));
  }

  /** The same with addresses that may be others than the ends' own. */
  static Flow traced(Exchange exchange) {
    Flow base = between(exchange);
    Optional<IpRange> source = address(exchange, "source_ip");
    Optional<IpRange> destination = address(exchange, "destination_ip");
    if (source.isPresent()
        && destination.isPresent()
        && source.get().ipv6() != destination.get().ipv6()) {
      throw bad("The parameters source_ip and destination_ip must be of one family.");
    }
    return new Flow(
        base.protocol(),
        base.sourcePort(),
        base.port(),
        source,
        destination,
        exchange.parameter("source_mac").map(FlowParameters::mac));
  }

  private static Flow.Protocol protocol(String text) {
    for (Flow.Protocol protocol : Flow.Protocol.values()) {
      if (protocol.name().toLowerCase(Locale.ROOT).equals(text)) {
        return protocol;
      }
    }
    throw bad("The parameter protocol must be tcp, udp, sctp or icmp, not \"" + text + "\".");
  }

  private static Optional<Integer> port(Exchange exchange, String name) {
    Optional<String> text = exchange.parameter(name);
    if (text.isPresent()
        && (!text.get().matches("[0-9]{1,5}") || Integer.parseInt(text.get()) > LAST_PORT)) {
      throw bad("The parameter " + name + " must be a port from 0 to 65535.");
    }
    return text.map(Integer::valueOf);
  }

  private static Optional<IpRange> address(Exchange exchange, String name) {
    Optional<String> text = exchange.parameter(name);
    text.flatMap(IpText::addressProblem)
        .ifPresent(
            problem -> {
              throw bad(
                  "The parameter "
                      + name
                      + " \""
                      + text.get()
                      + "\" is no address: "
                      + problem
                      + ".");
            });
    return text.flatMap(IpRange::parse);
  }

  private static Bits mac(String text) {
    return Addresses.parseMac(text)
        .orElseThrow(
            () ->
                bad(
                    "The parameter source_mac must be a MAC such as 52:54:00:00:00:01, not \""
                        + text
                        + "\"."));
  }

  private static FaultException bad(String what) {
    return FaultException.operationFailed(BAD_REQUEST, what);
  }
}
