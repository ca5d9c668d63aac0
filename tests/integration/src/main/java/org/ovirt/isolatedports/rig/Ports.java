// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.rig;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Free loopback ports for processes that must be told theirs. They lie below those the kernel gives
 * to connections, one of which could take the port before the process does, or while it restarts.
 */
public final class Ports {

  private static final int LOWEST = 20_000;
  private static final int ABOVE_HIGHEST = 32_768;
  private static final int TRIES = 100;

  /** Whoever was given a port may listen on it only later, when the next one has asked. */
  private static final Set<Integer> GIVEN = ConcurrentHashMap.newKeySet();

  private Ports() {}

  /** A port nobody listens on now, and that was not given out before. */
  public static int free() {
    for (int i = 0; i < TRIES; i++) {
      int port = ThreadLocalRandom.current().nextInt(LOWEST, ABOVE_HIGHEST);
      try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
        if (GIVEN.add(socket.getLocalPort())) {
          return port;
        }
      } catch (IOException taken) {
        // Try another one.
      }
    }
    throw new IllegalStateException(
        "No loopback port from " + LOWEST + " to " + (ABOVE_HIGHEST - 1) + " is free.");
  }
}
