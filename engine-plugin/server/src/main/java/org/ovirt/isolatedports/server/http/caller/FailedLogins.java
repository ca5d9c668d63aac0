// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.http.caller;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.util.Locale;

/**
 * Keeps passwords from being tried out, from one address or those of one user: each wrong one costs
 * the engine five to ten seconds, and the user's account may be locked. A try is counted before the
 * engine is asked, so that many at once are no way around it, and taken back if it succeeds.
 */
@ApplicationScoped
public class FailedLogins {

  private static final double SECONDS_PER_MINUTE = 60;

  /** So that one address alone, which is stopped before, locks no user out. */
  private static final int ADDRESSES_OF_A_USER = 2;

  private static final int LONGEST_USER = 256;

  private final RateLimit byAddress;
  private final RateLimit byUser;

  @Inject
  public FailedLogins(AccessSettings settings) {
    this(settings.failedLoginsPerMinute());
  }

  private FailedLogins(int perMinute) {
    this.byAddress = limit(perMinute);
    this.byUser = limit(ADDRESSES_OF_A_USER * perMinute);
  }

  private static RateLimit limit(int perMinute) {
    return new RateLimit(perMinute / SECONDS_PER_MINUTE, perMinute, System::nanoTime);
  }

  /** Counts a try; false if there were too many, and it must not be made. */
  boolean mayTry(String address, String user) {
    if (!byAddress.take(address)) {
      return false;
    }
    if (byUser.take(key(user))) {
      return true;
    }
    byAddress.giveBack(address);
    return false;
  }

  /** It was no failure. */
  void succeeded(String address, String user) {
    byAddress.giveBack(address);
    byUser.giveBack(key(user));
  }

  /** The engine takes a user's name in any case. */
  private static String key(String user) {
    return user.substring(0, Math.min(user.length(), LONGEST_USER)).toLowerCase(Locale.ROOT);
  }
}
