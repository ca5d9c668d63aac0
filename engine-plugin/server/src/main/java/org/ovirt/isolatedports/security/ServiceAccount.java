// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.security;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.util.Optional;
import java.util.function.Function;
import org.ovirt.isolatedports.config.Settings;
import org.ovirt.isolatedports.engine.EngineException;

/**
 * The account for what no caller asks for. It logs in once and keeps the token: a password with
 * every request would cost the engine 35 to 40 ms each and fill its event log with logins.
 */
@ApplicationScoped
public class ServiceAccount {

  private static final int UNAUTHORIZED = 401;

  private final SingleSignOn sso;
  private final Optional<String> user;
  private final Optional<String> password;
  private Optional<String> token = Optional.empty();

  @Inject
  public ServiceAccount(SingleSignOn sso, Settings settings) {
    this.sso = sso;
    this.user = settings.serviceUser();
    this.password = settings.servicePassword();
  }

  /** For the container's proxy only. */
  protected ServiceAccount() {
    this.sso = null;
    this.user = Optional.empty();
    this.password = Optional.empty();
  }

  /**
   * Asks the engine something with the account's token; a second time, with a new one, if the
   * engine refuses the first (it was restarted, or the token's seven days are over).
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
    return token.orElseGet(this::login);
  }

  /** A token other than the one refused: of several refused at once, one logs in for all. */
  private synchronized String renewed(String refused) {
    if (token.filter(known -> !known.equals(refused)).isEmpty()) {
      token = Optional.empty();
      return login();
    }
    return token.get();
  }

  private String login() {
    if (user.isEmpty() || password.isEmpty()) {
      throw new EngineException(
          EngineException.Kind.REFUSED,
          "Isolated Ports has no account for the oVirt engine: set isolated-ports.engine.user and"
              + " isolated-ports.engine.password.");
    }
    token = sso.login(user.get(), password.get());
    return token.orElseThrow(
        () ->
            new EngineException(
                EngineException.Kind.REFUSED,
                UNAUTHORIZED,
                "The oVirt engine refuses the account "
                    + user.get()
                    + " of Isolated Ports: check its password and its roles."));
  }
}
