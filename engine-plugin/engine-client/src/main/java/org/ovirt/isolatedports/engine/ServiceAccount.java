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
 * the follower of events again. A refused login is not repeated for a minute, later for ten, as the
 * engine locks accounts that fail too often, and writes an event for each failure.
 */
public class ServiceAccount {

  private static final int UNAUTHORIZED = 401;
  private static final Duration PAUSE_AFTER_REFUSAL = Duration.ofMinutes(1);
  private static final Duration LONG_PAUSE = Duration.ofMinutes(10);

  /** Refusals after which the longer pause begins. */
  private static final int SOON = 5;

  private static final String WRONG_PASSWORD = "check its name and its password.";
  private static final String NOT_LET_IN =
      "its password is right, but the API does not let it in. Give it back its role on the whole"
          + " system.";

  /** More than a request takes, so that no token expires on its way. */
  private static final Duration BEFORE_EXPIRY = Duration.ofMinutes(2);

  private final SingleSignOn sso;
  private final Optional<String> user;
  private final Optional<String> password;
  private final Clock clock;
  private Optional<SingleSignOn.Grant> grant = Optional.empty();

  /** Whether the API has let the token that is held in. */
  private boolean wasTaken;

  private Optional<Instant> refusedAt = Optional.empty();
  private int refusals;
  private String whyRefused = WRONG_PASSWORD;

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
    return sso.asService(() -> callAs(current(), request));
  }

  /** A token that was good may have ended with the engine's last run; a new one may not. */
  private <T> T callAs(String token, Function<String, T> request) {
    try {
      T answer = request.apply(token);
      taken(token);
      return answer;
    } catch (EngineException e) {
      if (e.engineStatus() != UNAUTHORIZED) {
        if (e.kind() == EngineException.Kind.REFUSED) {
          taken(token);
        }
        throw e;
      }
      return callAs(renewed(token), request);
    }
  }

  /** The engine's API has let the token in. */
  private synchronized void taken(String token) {
    if (grant.filter(held -> held.token().equals(token)).isPresent()) {
      wasTaken = true;
      refusals = 0;
      refusedAt = Optional.empty();
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

  /**
   * A token other than the one refused: of several refused at once, one logs in for all. A token
   * that the single sign-on grants and the API refuses at once is a refused login: each attempt is
   * one in the engine's event log.
   */
  private synchronized String renewed(String refused) {
    if (grant.filter(held -> held.token().equals(refused)).isPresent()) {
      boolean neverTaken = !wasTaken;
      grant = Optional.empty();
      if (neverTaken) {
        throw refuse(NOT_LET_IN);
      }
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
    if (refusedAt.filter(at -> !now.isBefore(at) && now.isBefore(at.plus(pause()))).isPresent()) {
      throw refused();
    }
    grant = sso.grant(user.get(), password.get());
    wasTaken = false;
    return grant.map(SingleSignOn.Grant::token).orElseThrow(() -> refuse(WRONG_PASSWORD));
  }

  /** An account somebody is just setting up is seen soon; one that stays wrong is left alone. */
  private Duration pause() {
    return refusals <= SOON ? PAUSE_AFTER_REFUSAL : LONG_PAUSE;
  }

  private EngineException refuse(String why) {
    refusedAt = Optional.of(clock.instant());
    refusals++;
    whyRefused = why;
    return refused();
  }

  private EngineException refused() {
    return new EngineException(
        EngineException.Kind.REFUSED,
        UNAUTHORIZED,
        "The oVirt engine refuses the account "
            + user.orElse("")
            + " of Isolated Ports: "
            + whyRefused
            + " It is tried again once "
            + (refusals <= SOON ? "a minute." : "in ten minutes."));
  }
}
