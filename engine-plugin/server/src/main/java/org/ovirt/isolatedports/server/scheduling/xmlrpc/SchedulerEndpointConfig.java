// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.scheduling.xmlrpc;

import java.time.Duration;
import org.ovirt.isolatedports.xmlrpc.XmlRpcLimits;

/**
 * Where and how the scheduler listens.
 *
 * @param host address to listen on; the protocol has no authentication, so only a loopback one
 * @param port TCP port; 0 for any free one
 * @param limits how much of a call is taken in
 * @param workers most questions answered at once; each waits for the engine's REST API at most its
 *     deadline
 * @param answerWithin our own deadline. The engine would wait 120 s, holding its lock of the
 *     cluster
 * @param receiveWithin longest time that receiving a call and having its answer read may take
 *     beyond {@code answerWithin}; who takes longer is cut off
 * @param idle longest time a kept connection may lie unused. Short, as connections are limited in
 *     number: the engine asks twice within a VM start, at once, and its client connects again where
 *     a kept connection was closed
 */
public record SchedulerEndpointConfig(
    String host,
    int port,
    XmlRpcLimits limits,
    int workers,
    Duration answerWithin,
    Duration receiveWithin,
    Duration idle) {

  /** The port the engine's default {@code ExternalSchedulerServiceURL} names, on 127.0.0.1. */
  public static final SchedulerEndpointConfig DEFAULT =
      new SchedulerEndpointConfig(
          "127.0.0.1",
          18781,
          XmlRpcLimits.DEFAULT,
          16,
          Duration.ofSeconds(2),
          Duration.ofSeconds(5),
          Duration.ofSeconds(1));

  /** The same on another address and port. */
  public SchedulerEndpointConfig at(String otherHost, int otherPort) {
    return new SchedulerEndpointConfig(
        otherHost, otherPort, limits, workers, answerWithin, receiveWithin, idle);
  }
}
