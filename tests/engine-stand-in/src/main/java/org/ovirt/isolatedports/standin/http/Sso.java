// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.standin.http;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.Headers;
import io.undertow.util.HttpString;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.ovirt.isolatedports.standin.api.Tree;
import org.ovirt.isolatedports.standin.engine.Engine;

/** The engine's single sign-on: tokens for passwords, what a token stands for, and its end. */
final class Sso {
  static final String API_SCOPE = "ovirt-app-api";

  static final String LOCALE_COOKIE = "locale=en_US; path=/; secure; HttpOnly";

  private static final String EXTENDED_SCOPE =
      API_SCOPE
          + " ovirt-ext=token-info:authz-search ovirt-ext=token-info:public-authz-search"
          + " ovirt-ext=token-info:validate ovirt-ext=token:password-access";
  private static final String UNSUPPORTED =
      "The authorization grant type is not supported by the authorization server.";
  static final String EXPIRED = "The provided authorization grant for the auth code has expired.";

  private final Engine engine;
  private final Sessions sessions;
  private final String clientId;
  private final String clientSecret;
  private final Duration wrongPassword;
  private final JsonMapper json = new JsonMapper();

  Sso(
      Engine engine,
      Sessions sessions,
      String clientId,
      String clientSecret,
      Duration wrongPassword) {
    this.wrongPassword = wrongPassword;
    this.engine = engine;
    this.sessions = sessions;
    this.clientId = clientId;
    this.clientSecret = clientSecret;
  }

  /** A refusal in the SSO's form: {@code error_code} and {@code error}. */
  static final class RefusedException extends Exception {
    private static final long serialVersionUID = 1L;
    private final String code;

    RefusedException(String code, String message) {
      super(message);
      this.code = code;
    }

    String code() {
      return code;
    }
  }

  /** Whether the path is the SSO's. */
  static boolean serves(String path) {
    return path.startsWith("/ovirt-engine/sso/")
        || path.equals("/ovirt-engine/services/sso-logout");
  }

  void handle(HttpServerExchange exchange) throws IOException {
    exchange
        .getResponseHeaders()
        .put(HttpString.tryFromString("X-XSS-PROTECTION"), "1; MODE=BLOCK")
        .put(HttpString.tryFromString("X-CONTENT-TYPE-OPTIONS"), "NOSNIFF")
        .put(HttpString.tryFromString("X-FRAME-OPTIONS"), "SAMEORIGIN")
        .put(Headers.SET_COOKIE, LOCALE_COOKIE);
    Map<String, String> form = parameters(exchange);
    switch (exchange.getRequestPath()) {
      case "/ovirt-engine/sso/oauth/token" -> token(exchange, form);
      case "/ovirt-engine/sso/oauth/token-http-auth" -> tokenForBasic(exchange);
      case "/ovirt-engine/sso/oauth/token-info" -> tokenInfo(exchange, form);
      case "/ovirt-engine/sso/oauth/revoke", "/ovirt-engine/services/sso-logout" -> {
        sessions.close(form.getOrDefault("token", ""));
        Exchanges.send(exchange, 200, "application/json", "{ }");
      }
      case "/ovirt-engine/sso/status" ->
          send(
              exchange,
              200,
              ordered(
                  "status_description", "SSO Webapp Deployed", "version", "0", "status", "active"));
      default -> Exchanges.send(exchange, 404, "text/html;charset=UTF-8", "Not Found");
    }
  }

  private static Map<String, String> parameters(HttpServerExchange exchange) throws IOException {
    Map<String, String> all = new LinkedHashMap<>();
    for (Map.Entry<String, Deque<String>> each : exchange.getQueryParameters().entrySet()) {
      all.put(each.getKey(), each.getValue().getFirst());
    }
    String body = new String(Exchanges.body(exchange), StandardCharsets.UTF_8);
    for (String pair : body.split("&", -1)) {
      int equals = pair.indexOf('=');
      if (equals > 0) {
        all.put(decode(pair.substring(0, equals)), decode(pair.substring(equals + 1)));
      }
    }
    return all;
  }

  private static String decode(String text) {
    try {
      return URLDecoder.decode(text, StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      return "";
    }
  }

  private void token(HttpServerExchange exchange, Map<String, String> form) {
    if (!form.containsKey("grant_type")) {
      send(
          exchange,
          400,
          ordered("error_description", UNSUPPORTED, "error", "unsupported_grant_type"));
      return;
    }
    try {
      if (!Exchanges.header(exchange, "Accept").orElse("").contains("application/json")) {
        throw new RefusedException("invalid_request", "Missing parameter: 'Accept Header'");
      }
      if (!form.get("grant_type").equals("password")) {
        throw new RefusedException("unsupported_grant_type", UNSUPPORTED);
      }
      String user = required(form, "username");
      String login = authenticate(user, required(form, "password"));
      sendToken(exchange, login, form.getOrDefault("scope", ""));
    } catch (RefusedException e) {
      refuse(exchange, e);
    }
  }

  private void tokenForBasic(HttpServerExchange exchange) {
    try {
      Exchanges.Credentials credentials =
          Exchanges.basic(exchange)
              .orElseThrow(
                  () -> new RefusedException("invalid_request", "Missing parameter: 'username'"));
      sendToken(exchange, authenticate(credentials.user(), credentials.password()), API_SCOPE);
    } catch (RefusedException e) {
      refuse(exchange, e);
    }
  }

  private static String required(Map<String, String> form, String name) throws RefusedException {
    String value = form.get(name);
    if (value == null || value.isEmpty()) {
      throw new RefusedException("invalid_request", "Missing parameter: '" + name + "'");
    }
    return value;
  }

  /**
   * The login of a user who gave the right password.
   *
   * @param user login, at sign, profile
   * @throws RefusedException in the words of the engine, which name the user
   */
  String authenticate(String user, String password) throws RefusedException {
    int at = user.lastIndexOf('@');
    String profile = at < 0 ? "N/A" : user.substring(at + 1);
    String login = at < 0 ? user : user.substring(0, at);
    if (!profile.equals("internal")) {
      throw denied(login + "@" + profile, "No valid profile found in credentials.");
    }
    return engine
        .authenticate(login, password)
        .orElseThrow(
            () ->
                deniedLate(
                    user,
                    "Unable to log in. Verify your login information or contact the system"
                        + " administrator."))
        .login();
  }

  /** The engine lets guessing take its time: 5 to 10 s. */
  private RefusedException deniedLate(String user, String why) {
    try {
      Thread.sleep(wrongPassword.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return denied(user, why);
  }

  private static RefusedException denied(String user, String why) {
    return new RefusedException(
        "access_denied", "Cannot authenticate user '" + user + "': " + why + ".");
  }

  private void sendToken(HttpServerExchange exchange, String login, String asked) {
    String scope = asked.equals(API_SCOPE) ? EXTENDED_SCOPE : asked;
    String token = sessions.open(login, scope);
    send(
        exchange,
        200,
        ordered(
            "access_token",
            token,
            "scope",
            scope,
            "exp",
            Long.toString(sessions.get(token).orElseThrow().expires().toEpochMilli()),
            "token_type",
            "bearer"));
  }

  private void tokenInfo(HttpServerExchange exchange, Map<String, String> form) {
    Optional<Exchanges.Credentials> client = Exchanges.basic(exchange);
    String id = client.map(Exchanges.Credentials::user).orElse(form.getOrDefault("client_id", ""));
    String secret =
        client.map(Exchanges.Credentials::password).orElse(form.getOrDefault("client_secret", ""));
    if (id.isEmpty() || secret.isEmpty()) {
      String missing = id.isEmpty() ? "client_id" : "client_secret";
      infoError(exchange, "invalid_request", "Missing parameter: '" + missing + "'");
      return;
    }
    if (!id.equals(clientId) || !secret.equals(clientSecret)) {
      infoError(
          exchange,
          "unauthorized_client",
          "The client is not authorized to request an authorization. It's required to access the"
              + " system using FQDN.");
      return;
    }
    Optional<Sessions.Session> session = sessions.get(form.getOrDefault("token", ""));
    if (session.isEmpty()) {
      infoError(exchange, "invalid_grant", EXPIRED);
      return;
    }
    if (form.getOrDefault("scope", "").equals("ovirt-ext=token-info:validate")) {
      send(exchange, 200, Map.of());
      return;
    }
    send(exchange, 200, info(session.get()));
  }

  private Map<String, Object> info(Sessions.Session session) {
    Engine.DirectoryEntry entry = engine.directory(session.login());
    List<Object> groups = new ArrayList<>();
    for (Tree group : entry.groups()) {
      groups.add(List.of("org.ovirt.engine.api.extensions.ExtMap", extensionMap(group)));
    }
    Map<String, Object> user =
        ordered(
            "namespace",
            "*",
            "group_ids",
            List.of("java.util.ArrayList", groups),
            "last_name",
            "",
            "capability_credentials_change",
            true,
            "version",
            "0",
            "principal_id",
            entry.principal(),
            "first_name",
            entry.firstName(),
            "email",
            entry.email());
    Map<String, Object> info =
        ordered(
            "user_id",
            session.login() + "@internal",
            "scope",
            session.scope(),
            "ovirt",
            List.of("java.util.HashMap", user),
            "active",
            true,
            "user_authz",
            "internal-authz",
            "token_type",
            "bearer",
            "exp",
            Long.toString(session.expires().toEpochMilli()));
    info.put("client_id", null);
    return info;
  }

  /** A group as the engine's extension API writes it: keys with types and ids in their names. */
  private static Map<String, Object> extensionMap(Tree group) {
    return ordered(
        "AAA_AUTHZ_GROUP_GROUPS;java.util.Collection;c4f34760-084b-4f29-b9cf-e77bb539ec18",
        List.of("java.util.HashSet", List.of()),
        "AAA_AUTHZ_GROUP_ID;java.lang.String;4615d4d3-a1b7-43cc-bc8d-c8a24a2ffd5a",
        group.text("external_id").orElseThrow(),
        "AAA_AUTHZ_GROUP_DISPLAY_NAME;java.lang.String;cc2c8f75-bfac-453b-9184-c6ee18d62ef5",
        "",
        "AAA_AUTHZ_GROUP_NAMESPACE;java.lang.String;a4763ceb-472f-4f06-a61e-e71289b5afe4",
        "*",
        "AAA_AUTHZ_PRINCIPAL_PRINCIPAL;java.lang.String;37c1c4ff-5367-480d-950a-1c3092521188",
        "",
        "AAA_AUTHZ_GROUP_NAME;java.lang.String;0eebe54f-b429-44f3-aa80-4704cbb16835",
        group.text("name").orElseThrow(),
        "AAA_JDBC_GROUP_DESCRIPTION;java.lang.String;e13dcd41-dcf7-483b-9cac-5473c6f9d8e8",
        "");
  }

  private void refuse(HttpServerExchange exchange, RefusedException e) {
    send(exchange, 400, ordered("error_code", e.code(), "error", e.getMessage()));
  }

  private void infoError(HttpServerExchange exchange, String error, String description) {
    send(exchange, 400, ordered("error_description", description, "error", error));
  }

  private void send(HttpServerExchange exchange, int status, Map<String, Object> body) {
    try {
      Exchanges.send(exchange, status, "application/json", json.writeValueAsString(body));
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Map<String, Object> ordered(Object... namesAndValues) {
    Map<String, Object> map = new LinkedHashMap<>();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      map.put(namesAndValues[i].toString(), namesAndValues[i + 1]);
    }
    return map;
  }
}
