// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.http.caller;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * A token bucket for each client address, of as many addresses as fit.
 *
 * <p>An address that is pushed out starts again with a full bucket: the limit protects the server,
 * not a secret.
 */
final class RateLimit {

  private static final int MOST_ADDRESSES = 10_000;
  private static final double NANOS_PER_SECOND = 1e9;

  private static final class Bucket {
    private double tokens;
    private long filledAt;

    Bucket(double tokens, long filledAt) {
      this.tokens = tokens;
      this.filledAt = filledAt;
    }
  }

  private final double perSecond;
  private final double size;
  private final LongSupplier nanoTime;
  private final Map<String, Bucket> buckets =
      new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Bucket> eldest) {
          return size() > MOST_ADDRESSES;
        }
      };

  /**
   * A limit.
   *
   * @param perSecond how many a second, on average
   * @param size how many at once
   */
  RateLimit(double perSecond, double size, LongSupplier nanoTime) {
    this.perSecond = perSecond;
    this.size = size;
    this.nanoTime = nanoTime;
  }

  /** Takes one, if there is one. */
  synchronized boolean take(String address) {
    Bucket bucket = filled(address);
    if (bucket.tokens < 1) {
      return false;
    }
    bucket.tokens -= 1;
    return true;
  }

  /** Gives one back that was taken. */
  synchronized void giveBack(String address) {
    Bucket bucket = filled(address);
    bucket.tokens = Math.min(size, bucket.tokens + 1);
  }

  private Bucket filled(String address) {
    long now = nanoTime.getAsLong();
    Bucket bucket = buckets.computeIfAbsent(address, a -> new Bucket(size, now));
    bucket.tokens =
        Math.min(size, bucket.tokens + (now - bucket.filledAt) / NANOS_PER_SECOND * perSecond);
    bucket.filledAt = now;
    return bucket;
  }
}
