// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.rig;

import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Free loopback ports for processes that must be told theirs. They lie below those the kernel gives
 * to connections, one of which could take the port before the process does, or while it restarts.
 *
 * <p>Tests run in several JVMs beside each other, and whoever was given a port may listen on it
 * only later: so the UDP port of the same number is held as long as this JVM lives, and says so to
 * the others.
 */
public final class Ports {

  private static final int LOWEST = 20_000;
  private static final int ABOVE_HIGHEST = 32_768;
  private static final int TRIES = 100;

  private static final Map<Integer, DatagramSocket> GIVEN = new ConcurrentHashMap<>();

  private Ports() {}

  /** A port nobody listens on now, and that was not given out before. */
  public static int free() {
    for (int i = 0; i < TRIES; i++) {
      int port = ThreadLocalRandom.current().nextInt(LOWEST, ABOVE_HIGHEST);
      try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
        int found = socket.getLocalPort();
        GIVEN.put(found, new DatagramSocket(found, InetAddress.getLoopbackAddress()));
        return found;
      } catch (IOException taken) {
        // Try another one.
      }
    }
    throw new IllegalStateException(
        "No loopback port from " + LOWEST + " to " + (ABOVE_HIGHEST - 1) + " is free.");
  }
}
