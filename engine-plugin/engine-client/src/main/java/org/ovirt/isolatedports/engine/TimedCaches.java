// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.engine;

import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Ticker;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;

/**
 * Caches whose entries end with time. What there is to do for them is done by whoever uses them, so
 * that no thread is started that the container does not know.
 */
public final class TimedCaches {

  private TimedCaches() {}

  /**
   * A cache to be built, by the machine's uptime.
   *
   * @param life how long an entry is good after it was written
   * @param most how many are kept; those go first that are used least
   */
  public static Caffeine<Object, Object> of(Duration life, long most) {
    return Caffeine.newBuilder().expireAfterWrite(life).maximumSize(most).executor(Runnable::run);
  }

  /** The same by a clock. One that is set back makes entries older, never fresh again. */
  public static Caffeine<Object, Object> of(Duration life, long most, Clock clock) {
    return of(life, most).ticker(new Elapsed(clock));
  }

  /** How much a clock has moved, whichever way. */
  private static final class Elapsed implements Ticker {
    private final Clock clock;
    private Instant last;
    private long nanos;

    Elapsed(Clock clock) {
      this.clock = clock;
      this.last = clock.instant();
    }

    @Override
    public synchronized long read() {
      Instant now = clock.instant();
      nanos += Duration.between(last, now).abs().toNanos();
      last = now;
      return nanos;
    }
  }
}
