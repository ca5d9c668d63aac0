// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.engine;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Function;

/**
 * The account for what no caller asks for: the guard and the scheduler, and nothing else.
 *
 * <p>It logs in once and keeps the token until shortly before it expires: a password with every
 * request would cost the engine 35 to 40 ms each, and each would write two events, which would wake
 * the follower of events again. A refused login is not repeated for a minute, as the engine locks
 * accounts that fail too often, and writes an event for each failure.
 */
public class ServiceAccount {

  private static final int UNAUTHORIZED = 401;
  private static final Duration PAUSE_AFTER_REFUSAL = Duration.ofMinutes(1);

  /** More than a request takes, so that no token expires on its way. */
  private static final Duration BEFORE_EXPIRY = Duration.ofMinutes(2);

  private final SingleSignOn sso;
  private final Optional<String> user;
  private final Optional<String> password;
  private final Clock clock;
  private Optional<SingleSignOn.Grant> grant = Optional.empty();
  private Optional<Instant> refusedAt = Optional.empty();

  public ServiceAccount(SingleSignOn sso, EngineSettings settings) {
    this(sso, settings.user(), settings.password(), Clock.systemUTC());
  }

  /** An account with a clock of its own. */
  public ServiceAccount(
      SingleSignOn sso, Optional<String> user, Optional<String> password, Clock clock) {
    this.sso = sso;
    this.user = user;
    this.password = password;
    this.clock = clock;
  }

  /** Whether a user and a password are set. */
  public boolean isConfigured() {
    return user.isPresent() && password.isPresent();
  }

  /**
   * Asks the engine something with the account's token; a second time, with a new one, if the
   * engine refuses the first, as it does after its restart.
   *
   * @throws EngineException as the request throws it, and if the account cannot log in
   */
  public <T> T call(Function<String, T> request) {
    String first = current();
    try {
      return request.apply(first);
    } catch (EngineException e) {
      if (e.engineStatus() != UNAUTHORIZED) {
        throw e;
      }
      return request.apply(renewed(first));
    }
  }

  private synchronized String current() {
    return grant
        .filter(held -> !isExpiring(held))
        .map(SingleSignOn.Grant::token)
        .orElseGet(this::login);
  }

  private boolean isExpiring(SingleSignOn.Grant held) {
    return held.expires()
        .filter(at -> !clock.instant().isBefore(at.minus(BEFORE_EXPIRY)))
        .isPresent();
  }

  /** A token other than the one refused: of several refused at once, one logs in for all. */
  private synchronized String renewed(String refused) {
    if (grant.filter(held -> !held.token().equals(refused)).isEmpty()) {
      grant = Optional.empty();
    }
    return current();
  }

  private String login() {
    if (!isConfigured()) {
      throw new EngineException(
          EngineException.Kind.REFUSED,
          "Isolated Ports has no account for the oVirt engine: set isolated-ports.engine.user and"
              + " isolated-ports.engine.password.");
    }
    Instant now = clock.instant();
    // A clock that was set back must not make the pause longer.
    if (refusedAt
        .filter(at -> !now.isBefore(at) && now.isBefore(at.plus(PAUSE_AFTER_REFUSAL)))
        .isPresent()) {
      throw refused();
    }
    grant = sso.grant(user.get(), password.get());
    refusedAt = grant.isPresent() ? Optional.empty() : Optional.of(clock.instant());
    return grant.map(SingleSignOn.Grant::token).orElseThrow(this::refused);
  }

  private EngineException refused() {
    return new EngineException(
        EngineException.Kind.REFUSED,
        UNAUTHORIZED,
        "The oVirt engine refuses the account "
            + user.orElse("")
            + " of Isolated Ports: check its password and its roles.");
  }
}
