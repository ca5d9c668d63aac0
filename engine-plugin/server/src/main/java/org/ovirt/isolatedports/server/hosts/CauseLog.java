// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.hosts;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.logging.Level;
import java.util.logging.Logger;

/** Logs a cause once a minute, however often it comes. */
final class CauseLog {

  private static final Duration ONCE_IN = Duration.ofMinutes(1);

  /** Causes have names in them that others choose. */
  private static final int MOST = 1_000;

  private final Logger log;
  private final Clock clock;
  private final Map<String, Instant> logged =
      new LinkedHashMap<>() {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Instant> eldest) {
          return size() > MOST;
        }
      };

  CauseLog(Logger log, Clock clock) {
    this.log = log;
    this.clock = clock;
  }

  void warn(String cause) {
    Instant now = clock.instant();
    synchronized (logged) {
      Instant last = logged.get(cause);
      if (last != null && now.isBefore(last.plus(ONCE_IN))) {
        return;
      }
      logged.remove(cause);
      logged.put(cause, now);
    }
    log.log(Level.WARNING, cause);
  }
}
