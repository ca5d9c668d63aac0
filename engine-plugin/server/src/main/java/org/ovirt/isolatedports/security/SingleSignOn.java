// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.security;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import org.ovirt.isolatedports.engine.EngineAnswer;
import org.ovirt.isolatedports.engine.EngineException;
import org.ovirt.isolatedports.engine.EngineHttpClient;

/** The engine's single sign-on: exchanges a user's password for a token. */
@ApplicationScoped
public class SingleSignOn {

  private final EngineHttpClient http;
  private final ObjectMapper json = new ObjectMapper();

  @Inject
  public SingleSignOn(EngineHttpClient http) {
    this.http = http;
  }

  /** For the container's proxy only. */
  protected SingleSignOn() {
    this.http = null;
  }

  /**
   * Logs a user in.
   *
   * @return the token; empty if the engine refuses the user or the password
   * @throws EngineException if the engine gives no usable answer
   */
  public Optional<String> login(String user, String password) {
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
        JsonNode token = json.readTree(answer.body()).path("access_token");
        if (token.isTextual()) {
          return Optional.of(token.textValue());
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
