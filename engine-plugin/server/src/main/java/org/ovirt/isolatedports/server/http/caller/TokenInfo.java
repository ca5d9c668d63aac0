// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.http.caller;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.ovirt.isolatedports.engine.EngineAnswer;
import org.ovirt.isolatedports.engine.EngineException;
import org.ovirt.isolatedports.engine.EngineHttpClient;
import org.ovirt.isolatedports.engine.UnauthorizedException;
import org.ovirt.isolatedports.server.http.fault.FaultException;

/** What the engine's single sign-on says of a token: whose it is, and the user's groups. */
@ApplicationScoped
public class TokenInfo {

  private static final int UNAVAILABLE = 503;
  private static final int UNAUTHORIZED = 401;
  private static final String GROUP_ID = "AAA_AUTHZ_GROUP_ID;";
  private static final String GROUPS_OF_GROUP = "AAA_AUTHZ_GROUP_GROUPS;";

  private final EngineHttpClient http;
  private final AccessSettings settings;
  private final ObjectMapper json = new ObjectMapper();

  @Inject
  public TokenInfo(EngineHttpClient http, AccessSettings settings) {
    this.http = http;
    this.settings = settings;
  }

  /** Whether we may ask. */
  public boolean isRegistered() {
    return settings.ssoClient().isPresent();
  }

  /**
   * The groups of a token's user, groups of groups as well, by the ids REST has for them.
   *
   * @throws FaultException if we are not registered at the single sign-on
   * @throws UnauthorizedException if the token is none
   */
  public Set<UUID> groups(String token) {
    AccessSettings.SsoClient client =
        settings
            .ssoClient()
            .orElseThrow(
                () ->
                    FaultException.operationFailed(
                        UNAVAILABLE,
                        "What only Isolated Ports knows cannot be changed: its registration at the"
                            + " engine's single sign-on is missing. Set"
                            + " isolated-ports.sso.client-id and isolated-ports.sso.client-secret"
                            + " (isolated-ports-setup does)."));
    String basic =
        Base64.getEncoder()
            .encodeToString((client.id() + ":" + client.secret()).getBytes(StandardCharsets.UTF_8));
    EngineAnswer answer =
        http.postForm(
            "/sso/oauth/token-info",
            Map.of("Accept", "application/json", "Authorization", "Basic " + basic),
            "token=" + URLEncoder.encode(token, StandardCharsets.UTF_8));
    JsonNode info = read(answer);
    if (info.path("error").asText().equals("invalid_grant")) {
      throw new UnauthorizedException(
          new EngineAnswer(
              UNAUTHORIZED,
              Optional.empty(),
              Optional.empty(),
              Optional.of("Basic realm=\"RESTAPI\""),
              new byte[0]));
    }
    if (!answer.isSuccess() || !info.path("active").asBoolean()) {
      throw new EngineException(
          EngineException.Kind.GARBAGE,
          answer.status(),
          "The oVirt engine's single sign-on does not say whose the token is: "
              + info.path("error").asText("no error given")
              + ". Check isolated-ports.sso.client-id and isolated-ports.sso.client-secret.");
    }
    Set<UUID> groups = new HashSet<>();
    collect(info.path("ovirt"), groups);
    return groups;
  }

  private JsonNode read(EngineAnswer answer) {
    try {
      return json.readTree(answer.body());
    } catch (IOException e) {
      throw new EngineException(
          EngineException.Kind.GARBAGE,
          answer.status(),
          "The oVirt engine's single sign-on answered with something that is not JSON.");
    }
  }

  /**
   * Groups come as Java objects with their classes' names and tagged keys, such as {@code
   * AAA_AUTHZ_GROUP_ID;java.lang.String;4615d4d3-...}, and hold the groups they are in.
   */
  private static void collect(JsonNode node, Set<UUID> groups) {
    node.properties()
        .forEach(
            field -> {
              if (field.getKey().startsWith(GROUP_ID)) {
                groups.add(restId(field.getValue().asText()));
              } else if (field.getKey().equals("group_ids")
                  || field.getKey().startsWith(GROUPS_OF_GROUP)) {
                collect(field.getValue(), groups);
              }
            });
    if (node.isArray()) {
      node.forEach(item -> collect(item, groups));
    }
  }

  /** The engine's REST id of a group: the first 16 characters of its external id, as bytes. */
  static UUID restId(String externalId) {
    ByteBuffer bytes = ByteBuffer.allocate(16);
    byte[] id = externalId.getBytes(StandardCharsets.US_ASCII);
    bytes.put(id, 0, Math.min(id.length, bytes.capacity()));
    bytes.rewind();
    return new UUID(bytes.getLong(), bytes.getLong());
  }
}
