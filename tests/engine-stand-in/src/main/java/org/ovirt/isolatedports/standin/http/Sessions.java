// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.standin.http;

import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** The SSO's tokens, and the API's cookie sessions. */
final class Sessions {
  private static final Duration LIFE = Duration.ofDays(7);

  /** A token's session. */
  record Session(String login, String scope, Instant expires) {
    boolean mayUseApi() {
      return (" " + scope + " ").contains(" " + Sso.API_SCOPE + " ");
    }
  }

  private final SecureRandom random = new SecureRandom();
  private final Map<String, Session> byToken = new ConcurrentHashMap<>();
  private final Map<String, String> byCookie = new ConcurrentHashMap<>();

  /** Opens a session and answers its token. */
  String open(String login, String scope) {
    String token = secret();
    // The engine's expiry has no fractions of a second.
    Instant expires = Instant.ofEpochSecond(Instant.now().plus(LIFE).getEpochSecond());
    byToken.put(token, new Session(login, scope, expires));
    return token;
  }

  Optional<Session> get(String token) {
    return Optional.ofNullable(byToken.get(token))
        .filter(session -> session.expires().isAfter(Instant.now()));
  }

  void close(String token) {
    byToken.remove(token);
  }

  /** A cookie that stands for the login. */
  String remember(String login) {
    String cookie = secret();
    byCookie.put(cookie, login);
    return cookie;
  }

  Optional<String> remembered(String cookie) {
    return Optional.ofNullable(byCookie.get(cookie));
  }

  void forget(String cookie) {
    byCookie.remove(cookie);
  }

  String secret() {
    byte[] bytes = new byte[48];
    random.nextBytes(bytes);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }
}
