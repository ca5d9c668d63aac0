// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.engine;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/** The engine's single sign-on: exchanges a user's password for a token. */
public class SingleSignOn {

  private final EngineHttpClient http;
  private final ObjectMapper json = new ObjectMapper();

  public SingleSignOn(EngineHttpClient http) {
    this.http = http;
  }

  /** See {@link EngineHttpClient#asService}. */
  <T> T asService(Supplier<T> step) {
    return http.asService(step);
  }

  /**
   * A login.
   *
   * @param token the bearer token
   * @param expires when it stops being one, by the engine's clock; empty if the engine does not say
   */
  public record Grant(String token, Optional<Instant> expires) {}

  /**
   * Logs a user in.
   *
   * @return the token; empty if the engine refuses the user or the password
   * @throws EngineException if the engine gives no usable answer
   */
  public Optional<String> login(String user, String password) {
    return grant(user, password).map(Grant::token);
  }

  /** Logs a user in, as {@link #login}, and says how long for. */
  public Optional<Grant> grant(String user, String password) {
    EngineAnswer answer =
        http.postForm(
            "/sso/oauth/token",
            Map.of("Accept", "application/json"),
            "grant_type=password&scope=ovirt-app-api&username="
                + URLEncoder.encode(user, StandardCharsets.UTF_8)
                + "&password="
                + URLEncoder.encode(password, StandardCharsets.UTF_8));
    if (answer.status() == 400 || answer.status() == 401) {
      return Optional.empty();
    }
    if (answer.isSuccess()) {
      try {
        JsonNode grant = json.readTree(answer.body());
        JsonNode token = grant.path("access_token");
        if (token.isTextual()) {
          // "exp" is a string of milliseconds since 1970.
          long expires = grant.path("exp").asLong();
          return Optional.of(
              new Grant(
                  token.textValue(),
                  expires > 0 ? Optional.of(Instant.ofEpochMilli(expires)) : Optional.empty()));
        }
      } catch (IOException e) {
        // Reported below with everything else that is no token.
      }
    }
    throw new EngineException(
        EngineException.Kind.GARBAGE,
        answer.status(),
        "The oVirt engine's single sign-on answered with status "
            + answer.status()
            + " and without a token.");
  }
}
