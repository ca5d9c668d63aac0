// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.engine;

import java.io.IOException;
import java.net.Socket;
import java.net.SocketOption;
import java.util.Map;

/**
 * Sockets that notice within half a minute that the other end is gone without a word, so that a
 * request may wait for minutes. The kernel's own keep-alive would take two hours.
 */
final class LivingSockets {

  /** Seconds until the first look, seconds between looks, and looks without an answer. */
  private static final Map<String, Integer> TIMES =
      Map.of("TCP_KEEPIDLE", 15, "TCP_KEEPINTERVAL", 5, "TCP_KEEPCOUNT", 3);

  private LivingSockets() {}

  static Socket keepAlive(Socket socket) throws IOException {
    socket.setKeepAlive(true);
    // By name, as their class is in a module of the JDK that deployments do not see.
    for (SocketOption<?> option : socket.supportedOptions()) {
      Integer value = TIMES.get(option.name());
      if (value != null) {
        set(socket, option, value);
      }
    }
    return socket;
  }

  @SuppressWarnings("unchecked")
  private static void set(Socket socket, SocketOption<?> option, Integer value) throws IOException {
    if (option.type().equals(Integer.class)) {
      socket.setOption((SocketOption<Integer>) option, value);
    }
  }
}
