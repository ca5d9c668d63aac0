// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.setup;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.ovirt.isolatedports.xmlrpc.XmlRpcValue;
import org.ovirt.isolatedports.xmlrpc.XmlRpcWriter;

/** An external scheduler with one filter, which answers every call as {@code discover}. */
public final class AnsweringScheduler implements AutoCloseable {

  private final HttpServer server;
  private final byte[] answer;

  /**
   * A scheduler on a free loopback port.
   *
   * @param filter the name of its filter
   */
  public AnsweringScheduler(String filter) throws IOException {
    XmlRpcValue none = new XmlRpcValue.Struct(Map.of());
    XmlRpcValue filters =
        new XmlRpcValue.Struct(Map.of(filter, XmlRpcValue.Array.ofTexts(List.of("A filter", ""))));
    answer =
        XmlRpcWriter.answer(
                new XmlRpcValue.Struct(Map.of("filters", filters, "scores", none, "balance", none)))
            .getBytes(StandardCharsets.UTF_8);
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::handle);
    server.start();
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      exchange.getRequestBody().readAllBytes();
      exchange.getResponseHeaders().set("Content-Type", "text/xml");
      exchange.sendResponseHeaders(200, answer.length);
      exchange.getResponseBody().write(answer);
    }
  }

  public int port() {
    return server.getAddress().getPort();
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
