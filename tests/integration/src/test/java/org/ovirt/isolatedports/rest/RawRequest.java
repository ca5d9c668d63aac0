// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.rest;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** A request byte by byte, from a loopback address of one's own. */
final class RawRequest implements AutoCloseable {

  private final Socket socket;

  private RawRequest(Socket socket) {
    this.socket = socket;
  }

  /** Connects from 127.0.0.x. */
  static RawRequest from(int last, int port) {
    try {
      Socket socket = new Socket();
      socket.bind(
          new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, (byte) last}), 0));
      socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 10_000);
      return new RawRequest(socket);
    } catch (IOException e) {
      throw new UncheckedIOException("127.0.0." + last, e);
    }
  }

  /** Sends text. */
  RawRequest send(String text) {
    try {
      socket.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
      socket.getOutputStream().flush();
      return this;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The status of the answer; 0 if the connection is cut without one. */
  int status(int withinMillis) {
    try {
      socket.setSoTimeout(withinMillis);
      StringBuilder line = new StringBuilder();
      for (int b = socket.getInputStream().read(); b >= 0 && b != '\n'; ) {
        line.append((char) b);
        b = socket.getInputStream().read();
      }
      String[] parts = line.toString().split(" ", -1);
      return parts.length > 1 ? Integer.parseInt(parts[1]) : 0;
    } catch (java.net.SocketTimeoutException e) {
      throw new UncheckedIOException("Neither an answer nor an end", e);
    } catch (IOException e) {
      return 0;
    }
  }

  @Override
  public void close() {
    try {
      socket.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
