// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.rest;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** A client of an API v4, ours or the engine's, as one user. */
final class Api {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final HttpClient HTTP =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private static final Duration LIMIT = Duration.ofMinutes(2);

  /** An answer. */
  record Answer(int status, Map<String, String> headers, String body) {

    JsonNode json() {
      try {
        return JSON.readTree(body);
      } catch (JsonProcessingException e) {
        throw new IllegalStateException("Not JSON: " + body, e);
      }
    }

    String id() {
      return json().path("id").asText();
    }

    String detail() {
      return json().path("detail").asText();
    }

    Optional<String> header(String name) {
      return Optional.ofNullable(headers.get(name.toLowerCase(java.util.Locale.ROOT)));
    }

    String tag() {
      return header("ETag").orElseThrow(() -> new AssertionError("No ETag: " + this));
    }
  }

  private final URI base;
  private final String authorization;
  private final String[] headers;

  /** Headers, as names and values in turn, go with each request. */
  Api(URI base, String authorization, String... headers) {
    this.base = base;
    this.authorization = authorization;
    this.headers = headers.clone();
  }

  /** Logs a user in at the engine, whose password is the login. */
  static String token(URI engine, String login) {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(engine + "/sso/oauth/token"))
            .header("Accept", "application/json")
            .header("Content-Type", "application/x-www-form-urlencoded")
            .POST(
                HttpRequest.BodyPublishers.ofString(
                    "grant_type=password&scope=ovirt-app-api&username="
                        + login
                        + "@internal&password="
                        + login))
            .build();
    return send(request).json().path("access_token").asText();
  }

  Answer get(String path) {
    return json("GET", path, "");
  }

  Answer post(String path, String body) {
    return json("POST", path, body);
  }

  Answer put(String path, String body, String... headers) {
    return json("PUT", path, body, headers);
  }

  Answer delete(String path, String... headers) {
    return json("DELETE", path, "", headers);
  }

  Answer json(String method, String path, String body, String... headers) {
    HttpRequest.Builder request = request(method, path, body.getBytes(StandardCharsets.UTF_8));
    request.setHeader("Accept", "application/json");
    if (!body.isEmpty()) {
      request.setHeader("Content-Type", "application/json");
    }
    if (headers.length > 0) {
      request.headers(headers);
    }
    return send(request.build());
  }

  Answer xml(String method, String path, String body, String... headers) {
    HttpRequest.Builder request = request(method, path, body.getBytes(StandardCharsets.UTF_8));
    request.setHeader("Accept", "application/xml");
    if (!body.isEmpty()) {
      request.setHeader("Content-Type", "application/xml");
    }
    if (headers.length > 0) {
      request.headers(headers);
    }
    return send(request.build());
  }

  /** A request with the user's authorization, to be completed. */
  HttpRequest.Builder request(String method, String path, byte[] body) {
    HttpRequest.BodyPublisher publisher =
        body.length == 0
            ? HttpRequest.BodyPublishers.noBody()
            : HttpRequest.BodyPublishers.ofByteArray(body);
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(base + path)).timeout(LIMIT).method(method, publisher);
    if (!authorization.isEmpty()) {
      request.header("Authorization", authorization);
    }
    if (headers.length > 0) {
      request.headers(headers);
    }
    return request;
  }

  static Answer send(HttpRequest request) {
    try {
      HttpResponse<String> response =
          HTTP.send(request, HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8));
      Map<String, String> headers = new LinkedHashMap<>();
      response
          .headers()
          .map()
          .forEach(
              (name, values) ->
                  headers.put(name.toLowerCase(java.util.Locale.ROOT), values.get(0)));
      OpenApi.requireDocumented(request, response.statusCode());
      return new Answer(response.statusCode(), headers, response.body());
    } catch (IOException e) {
      throw new UncheckedIOException(request.method() + " " + request.uri(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Interrupted", e);
    }
  }
}
