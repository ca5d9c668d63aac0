// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.demo;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

/** What the SDK does not know of our API, asked through the engine's address. */
final class OurApi {

  /** What our server said to a request, such as {@code PUT /networks/...}. */
  record Answer(String request, int status, String body) {

    /** The reason of a fault; the body where it is none. */
    String sentence() {
      try {
        JsonNode fault = new ObjectMapper().readTree(body);
        return fault.path("detail").asText(body);
      } catch (IOException e) {
        return body;
      }
    }
  }

  private static final HttpClient HTTP =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private final URI engine;
  private final String token;

  /**
   * A client.
   *
   * @param engine where the engine is, such as {@code http://127.0.0.1:8080}
   * @param token a token of its SSO
   */
  OurApi(URI engine, String token) {
    this.engine = engine;
    this.token = token;
  }

  /** Reads; the path is relative to our API and begins with a slash. */
  Answer get(String path) {
    return send(request(path).GET());
  }

  /** Sends JSON. */
  Answer json(String method, String path, String body) {
    return send(
        request(path)
            .header("Content-Type", "application/json")
            .method(method, HttpRequest.BodyPublishers.ofString(body)));
  }

  /** Sends a policy as it is. */
  Answer yaml(String method, String path, String text) {
    return send(
        request(path)
            .header("Content-Type", "application/yaml")
            .method(method, HttpRequest.BodyPublishers.ofString(text)));
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(engine.resolve("/ovirt-isolated-ports/api" + path))
        .header("Accept", "application/json")
        .header("Authorization", "Bearer " + token);
  }

  private static Answer send(HttpRequest.Builder request) {
    try {
      HttpResponse<String> answer =
          HTTP.send(request.build(), HttpResponse.BodyHandlers.ofString());
      return new Answer(
          answer.request().method() + " " + answer.request().uri().getPath(),
          answer.statusCode(),
          answer.body());
    } catch (IOException e) {
      throw new UncheckedIOException("Our server does not answer", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Interrupted while asking our server.", e);
    }
  }
}
