// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.standin.http;

import io.undertow.server.HttpServerExchange;
import io.undertow.util.HeaderMap;
import io.undertow.util.Headers;
import io.undertow.util.HttpString;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Optional;

/** The few things every handler here does with an exchange. */
final class Exchanges {
  /** No request of the API is larger; the engine's own limit is of this order. */
  private static final int MAX_BODY = 10 * 1024 * 1024;

  /** A user name with a password, from a Basic header. */
  record Credentials(String user, String password) {}

  private Exchanges() {}

  static Optional<String> header(HttpServerExchange exchange, String name) {
    return Optional.ofNullable(exchange.getRequestHeaders().getFirst(name));
  }

  static Optional<String> bearer(HttpServerExchange exchange) {
    return header(exchange, "Authorization")
        .filter(value -> value.regionMatches(true, 0, "Bearer ", 0, 7))
        .map(value -> value.substring(7).trim());
  }

  static Optional<Credentials> basic(HttpServerExchange exchange) {
    return header(exchange, "Authorization")
        .filter(value -> value.regionMatches(true, 0, "Basic ", 0, 6))
        .flatMap(value -> decode(value.substring(6).trim()));
  }

  private static Optional<Credentials> decode(String encoded) {
    try {
      String text = new String(Base64.getDecoder().decode(encoded), StandardCharsets.UTF_8);
      int colon = text.indexOf(':');
      return colon < 0
          ? Optional.empty()
          : Optional.of(new Credentials(text.substring(0, colon), text.substring(colon + 1)));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  static byte[] body(HttpServerExchange exchange) throws IOException {
    if (!exchange.isBlocking()) {
      exchange.startBlocking();
    }
    try (InputStream in = exchange.getInputStream()) {
      return in.readNBytes(MAX_BODY);
    }
  }

  static void send(HttpServerExchange exchange, int status, String contentType, byte[] body) {
    exchange.setStatusCode(status);
    HeaderMap headers = exchange.getResponseHeaders();
    boolean head = exchange.getRequestMethod().equals(HttpString.tryFromString("HEAD"));
    if (body.length > 0 && !head) {
      headers.put(Headers.CONTENT_TYPE, contentType);
    }
    if (head) {
      headers.put(Headers.CONTENT_LENGTH, 0);
      exchange.endExchange();
    } else {
      exchange.getResponseSender().send(ByteBuffer.wrap(body));
    }
  }

  static void send(HttpServerExchange exchange, int status, String contentType, String body) {
    send(exchange, status, contentType, body.getBytes(StandardCharsets.UTF_8));
  }
}
