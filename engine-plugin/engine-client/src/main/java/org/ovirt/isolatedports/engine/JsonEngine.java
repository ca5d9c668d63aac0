// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.engine;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.ovirt.isolatedports.body.ApiBody;
import org.ovirt.isolatedports.body.BodyFormat;
import org.ovirt.isolatedports.body.MalformedBodyException;

/**
 * The engine's REST API in JSON, as whoever owns a token sees it. For what the SDK does not know,
 * such as a profile's failover, or cannot say, such as that a list is to be empty.
 *
 * <p>Every method throws {@link EngineException} if the engine gives no usable answer; what it
 * refuses is {@link EngineException.Kind#REFUSED} with the engine's status and detail.
 */
public class JsonEngine {

  private static final int NOT_FOUND = 404;
  private static final int MAX_DETAIL = 400;

  private final EngineHttpClient http;

  public JsonEngine(EngineHttpClient http) {
    this.http = http;
  }

  /** The same for one token, to read with. */
  public JsonReader as(String token) {
    return new JsonReader() {
      @Override
      public ApiBody read(String path) {
        return JsonEngine.this.read(token, path);
      }

      @Override
      public Optional<ApiBody> find(String path) {
        return JsonEngine.this.find(token, path);
      }
    };
  }

  /**
   * Reads an entity or a list.
   *
   * @param path below {@code /ovirt-engine/api}, such as {@code /networks}
   */
  public ApiBody read(String token, String path) {
    return body(send("GET", path, "", token));
  }

  /** Reads an entity; empty if the engine shows the token's owner none. */
  public Optional<ApiBody> find(String token, String path) {
    try {
      return Optional.of(read(token, path));
    } catch (EngineException e) {
      if (e.engineStatus() == NOT_FOUND) {
        return Optional.empty();
      }
      throw e;
    }
  }

  /** Adds an entity to a collection. */
  public ApiBody add(String token, String path, String json) {
    return body(send("POST", path, json, token));
  }

  /** Changes an entity. */
  public ApiBody update(String token, String path, String json) {
    return body(send("PUT", path, json, token));
  }

  /**
   * Removes an entity; one that the engine denies is no failure.
   *
   * @return whether the engine removed it
   */
  public boolean remove(String token, String path) {
    try {
      return send("DELETE", path, "", token).isSuccess();
    } catch (EngineException e) {
      if (e.engineStatus() != NOT_FOUND) {
        throw e;
      }
      return false;
    }
  }

  private EngineAnswer send(String method, String path, String json, String token) {
    Map<String, String> headers = new LinkedHashMap<>();
    headers.put("Authorization", "Bearer " + token);
    headers.put("Accept", BodyFormat.JSON.mediaType());
    headers.put("Version", "4");
    if (!json.isEmpty()) {
      headers.put("Content-Type", BodyFormat.JSON.mediaType());
    }
    EngineAnswer answer =
        http.send(new EngineRequest(method, path, headers, json.getBytes(StandardCharsets.UTF_8)));
    if (answer.isSuccess()) {
      return answer;
    }
    answer.requireFromEngine();
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
