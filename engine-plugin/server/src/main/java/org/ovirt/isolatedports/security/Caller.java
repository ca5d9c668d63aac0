// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.security;

import jakarta.enterprise.context.RequestScoped;
import java.util.Optional;

/** Who sent the request that is being served. */
@RequestScoped
public class Caller {

  private Optional<String> token = Optional.empty();

  void authenticated(String bearerToken) {
    this.token = Optional.of(bearerToken);
  }

  /** The caller's token of the engine's single sign-on. */
  public String token() {
    return token.orElseThrow(
        () -> new IllegalStateException("A request came past the authentication"));
  }
}
