// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.http.caller;

import jakarta.enterprise.context.RequestScoped;
import java.util.Optional;
import java.util.function.Supplier;

/** Who sent the request that is being served. */
@RequestScoped
public class Caller {

  private Optional<String> token = Optional.empty();
  private Supplier<Optional<String>> login = Optional::empty;

  void authenticated(String bearerToken) {
    this.token = Optional.of(bearerToken);
  }

  void authenticated(String bearerToken, Supplier<Optional<String>> again) {
    this.token = Optional.of(bearerToken);
    this.login = again;
  }

  /**
   * Logs in again after the engine refused a token that we kept for a user and password.
   *
   * @return whether there is another token now
   */
  public boolean loginAgain() {
    Optional<String> renewed = login.get();
    login = Optional::empty;
    renewed.ifPresent(fresh -> token = Optional.of(fresh));
    return renewed.isPresent();
  }

  /** The caller's token of the engine's single sign-on. */
  public String token() {
    return token.orElseThrow(
        () -> new IllegalStateException("A request came past the authentication"));
  }
}
