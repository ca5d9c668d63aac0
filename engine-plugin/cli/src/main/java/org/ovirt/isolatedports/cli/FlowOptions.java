// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.cli;

import org.ovirt.isolatedports.policy.evaluate.Flow;
import picocli.CommandLine.Option;

/** Which packet is meant. */
final class FlowOptions {

  @Option(
      names = "--protocol",
      paramLabel = "PROTOCOL",
      description =
          "tcp, udp, sctp or icmp (an echo request). Default: tcp if a port is given, else icmp.")
  private Flow.Protocol protocol;

  @Option(
      names = "--port",
      paramLabel = "N",
      description = "Destination port. Default: " + Flow.SERVER_PORT + ".")
  private Integer port;

  @Option(
      names = "--source-port",
      paramLabel = "N",
      description = "Source port. Default: " + Flow.CLIENT_PORT + ".")
  private Integer sourcePort;

  Flow flow() {
    check("--port", port);
    check("--source-port", sourcePort);
    boolean ports = port != null || sourcePort != null;
    Flow.Protocol chosen =
        protocol != null ? protocol : ports ? Flow.Protocol.TCP : Flow.Protocol.ICMP;
    return Flow.of(
        chosen,
        sourcePort != null ? sourcePort : Flow.CLIENT_PORT,
        port != null ? port : Flow.SERVER_PORT);
  }

  private static void check(String option, Integer value) {
    if (value != null && (value < 0 || value > 65535)) {
      throw new UsageException(option + " must be a port from 0 to 65535, not " + value + ".");
    }
  }
}
