// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.engine;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.ovirt.isolatedports.body.ApiBody;
import org.ovirt.isolatedports.body.BodyFormat;
import org.ovirt.isolatedports.body.MalformedBodyException;
import org.ovirt.isolatedports.security.ServiceAccount;

/**
 * The engine's REST API as the service account sees it, for what is read again and again: JSON,
 * which is a third of the work of XML, and only the fields asked for.
 *
 * <p>Every method throws {@link EngineException} if the engine gives no usable answer.
 */
@ApplicationScoped
public class ServiceEngine {

  private static final int NOT_FOUND = 404;
  private static final int MAX_DETAIL = 400;

  private final EngineHttpClient http;
  private final ServiceAccount account;

  @Inject
  public ServiceEngine(EngineHttpClient http, ServiceAccount account) {
    this.http = http;
    this.account = account;
  }

  /** For the container's proxy only. */
  protected ServiceEngine() {
    this.http = null;
    this.account = null;
  }

  /**
   * Reads an entity or a list.
   *
   * @param path below {@code /ovirt-engine/api}, such as {@code /networks}
   */
  public ApiBody read(String path) {
    return body(send("GET", path, ""));
  }

  /** Reads an entity; empty if the engine shows the account none. */
  public Optional<ApiBody> find(String path) {
    try {
      return Optional.of(read(path));
    } catch (EngineException e) {
      if (e.engineStatus() == NOT_FOUND) {
        return Optional.empty();
      }
      throw e;
    }
  }

  /** Adds an entity to a collection. */
  public ApiBody add(String path, String json) {
    return body(send("POST", path, json));
  }

  private EngineAnswer send(String method, String path, String json) {
    return account.call(token -> unlessRefused(http.send(request(method, path, json, token))));
  }

  private static EngineRequest request(String method, String path, String json, String token) {
    Map<String, String> headers = new LinkedHashMap<>();
    headers.put("Authorization", "Bearer " + token);
    headers.put("Accept", BodyFormat.JSON.mediaType());
    headers.put("Version", "4");
    if (!json.isEmpty()) {
      headers.put("Content-Type", BodyFormat.JSON.mediaType());
    }
    return new EngineRequest(method, path, headers, json.getBytes(StandardCharsets.UTF_8));
  }

  private static EngineAnswer unlessRefused(EngineAnswer answer) {
    if (answer.isSuccess()) {
      return answer;
    }
    throw new EngineException(EngineException.Kind.REFUSED, answer.status(), detail(answer));
  }

  private static String detail(EngineAnswer answer) {
    String plain = "The oVirt engine answered with status " + answer.status() + ".";
    if (answer.contentType().filter(type -> type.startsWith("application/json")).isEmpty()) {
      return plain;
    }
    try {
      return BodyFormat.JSON
          .read(answer.body(), "fault")
          .text("detail")
          .map(detail -> detail.substring(0, Math.min(detail.length(), MAX_DETAIL)))
          .orElse(plain);
    } catch (MalformedBodyException e) {
      return plain;
    }
  }

  /** An answer without a JSON object is none, also where a proxy answers 200 with a page. */
  private static ApiBody body(EngineAnswer answer) {
    try {
      return BodyFormat.JSON.read(answer.body(), "");
    } catch (MalformedBodyException e) {
      throw new EngineException(
          EngineException.Kind.GARBAGE,
          answer.status(),
          "The oVirt engine's answer cannot be read as API v4.");
    }
  }
}
