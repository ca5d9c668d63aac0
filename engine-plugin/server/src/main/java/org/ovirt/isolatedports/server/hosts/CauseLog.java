// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.hosts;

import com.github.benmanes.caffeine.cache.Cache;
import java.time.Clock;
import java.time.Duration;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.ovirt.isolatedports.engine.TimedCaches;

/** Logs a cause once a minute, however often it comes. */
final class CauseLog {

  private static final Duration ONCE_IN = Duration.ofMinutes(1);

  /** Causes have names in them that others choose. */
  private static final int MOST = 1_000;

  private final Logger log;
  private final Cache<String, Boolean> logged;

  CauseLog(Logger log, Clock clock) {
    this.log = log;
    this.logged = TimedCaches.of(ONCE_IN, MOST, clock).build();
  }

  void warn(String cause) {
    if (logged.asMap().putIfAbsent(cause, true) == null) {
      log.log(Level.WARNING, cause);
    }
  }
}
