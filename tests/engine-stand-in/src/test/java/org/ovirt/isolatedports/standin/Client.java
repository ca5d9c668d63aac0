// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.standin;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;

/** A REST client for tests: JSON, and a user with a password. */
public final class Client {
  private static final JsonMapper JSON = new JsonMapper();

  /** Status and body of an answer. */
  public record Reply(int status, JsonNode body) {
    public String id() {
      return body.get("id").asText();
    }

    public String detail() {
      return (body.has("fault") ? body.get("fault") : body).get("detail").asText();
    }
  }

  private final HttpClient http = HttpClient.newHttpClient();
  private final URI engine;
  private final String authorization;

  private Client(URI engine, String authorization) {
    this.engine = engine;
    this.authorization = authorization;
  }

  /** Logs in with each request, as the engine's event log shows. */
  public static Client basic(URI engine, String login, String password) {
    String credentials = login + "@internal:" + password;
    return new Client(
        engine,
        "Basic "
            + Base64.getEncoder().encodeToString(credentials.getBytes(StandardCharsets.UTF_8)));
  }

  /** Takes a token once. */
  public static Client bearer(URI engine, String login, String password) {
    return new Client(engine, "Bearer " + token(engine, login, password));
  }

  public static String token(URI engine, String login, String password) {
    String form =
        "grant_type=password&scope=ovirt-app-api&username="
            + URLEncoder.encode(login + "@internal", StandardCharsets.UTF_8)
            + "&password="
            + URLEncoder.encode(password, StandardCharsets.UTF_8);
    HttpRequest request =
        HttpRequest.newBuilder(engine.resolve("/ovirt-engine/sso/oauth/token"))
            .header("Accept", "application/json")
            .header("Content-Type", "application/x-www-form-urlencoded")
            .POST(HttpRequest.BodyPublishers.ofString(form))
            .build();
    return read(HttpClient.newHttpClient(), request).body().get("access_token").asText();
  }

  /** The id of the profile that the engine makes of its own for a network, once it is there. */
  public String defaultProfile(String network) throws InterruptedException {
    Instant end = Instant.now().plusSeconds(90);
    while (Instant.now().isBefore(end)) {
      JsonNode profiles = get("/networks/" + network + "/vnicprofiles").body();
      if (!profiles.path("vnic_profile").isEmpty()) {
        return profiles.at("/vnic_profile/0/id").asText();
      }
      Thread.sleep(20);
    }
    throw new AssertionError("Network " + network + " got no default profile within 90 s");
  }

  public Reply get(String path) {
    return send("GET", path, "");
  }

  public Reply post(String path, String body) {
    return send("POST", path, body);
  }

  public Reply put(String path, String body) {
    return send("PUT", path, body);
  }

  public Reply delete(String path) {
    return send("DELETE", path, "");
  }

  public Reply send(String method, String path, String body, String... headers) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(engine.resolve("/ovirt-engine/api" + path))
            .header("Authorization", authorization)
            .header("Accept", "application/json")
            .method(method, HttpRequest.BodyPublishers.ofString(body));
    if (!body.isEmpty()) {
      request.header("Content-Type", "application/json");
    }
    if (headers.length > 0) {
      request.headers(headers);
    }
    return read(http, request.build());
  }

  public Reply sendXml(String method, String path, String body) {
    HttpRequest request =
        HttpRequest.newBuilder(engine.resolve("/ovirt-engine/api" + path))
            .header("Authorization", authorization)
            .header("Accept", "application/xml")
            .header("Content-Type", "application/xml")
            .method(method, HttpRequest.BodyPublishers.ofString(body))
            .build();
    return read(http, request);
  }

  private static Reply read(HttpClient http, HttpRequest request) {
    try {
      HttpResponse<String> response = http.send(request, HttpResponse.BodyHandlers.ofString());
      boolean json =
          response.headers().firstValue("Content-Type").orElse("").contains("application/json");
      return new Reply(
          response.statusCode(),
          json ? JSON.readTree(response.body()) : JSON.getNodeFactory().textNode(response.body()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }
}
