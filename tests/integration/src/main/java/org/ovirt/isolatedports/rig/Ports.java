// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.rig;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Free loopback ports for processes that must be told theirs. They lie below those the kernel gives
 * to connections, one of which could take the port before the process does, or while it restarts.
 */
public final class Ports {

  private static final int LOWEST = 20_000;
  private static final int ABOVE_HIGHEST = 32_768;
  private static final int TRIES = 100;

  private Ports() {}

  /** A port nobody listens on now. */
  public static int free() {
    for (int i = 0; i < TRIES; i++) {
      int port = ThreadLocalRandom.current().nextInt(LOWEST, ABOVE_HIGHEST);
      try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
        return socket.getLocalPort();
      } catch (IOException taken) {
        // Try another one.
      }
    }
    throw new IllegalStateException(
        "No loopback port from " + LOWEST + " to " + (ABOVE_HIGHEST - 1) + " is free.");
  }
}
