// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.http.caller;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;

/**
 * Keeps an address from trying passwords: each wrong one costs the engine five to ten seconds, and
 * the user's account may be locked.
 */
@ApplicationScoped
public class FailedLogins {

  private static final double SECONDS_PER_MINUTE = 60;

  private final RateLimit failures;

  @Inject
  public FailedLogins(AccessSettings settings) {
    this.failures =
        new RateLimit(
            settings.failedLoginsPerMinute() / SECONDS_PER_MINUTE,
            settings.failedLoginsPerMinute(),
            System::nanoTime);
  }

  /** For the container's proxy only. */
  protected FailedLogins() {
    this.failures = new RateLimit(0, 0, System::nanoTime);
  }

  boolean mayTry(String address) {
    return failures.has(address);
  }

  void count(String address) {
    failures.take(address);
  }
}
