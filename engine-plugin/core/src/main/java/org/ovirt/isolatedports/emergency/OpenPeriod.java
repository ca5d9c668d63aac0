// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.emergency;

import java.time.Duration;
import java.time.Instant;

/**
 * For how long a network is open.
 *
 * @param from when it was opened, by the clock of the server
 * @param until when it is to be closed
 */
public record OpenPeriod(Instant from, Instant until) {

  /** By how much a clock may be set back as a matter of course. */
  private static final Duration TOLERANCE = Duration.ofMinutes(1);

  /**
   * Whether the time is over. A clock that is set back makes it over, rather than longer.
   *
   * @param now what the clock shows
   * @param watched for how long this process has watched it, by a clock that is never set
   */
  public boolean isOver(Instant now, Duration watched) {
    return !now.isBefore(until)
        || now.isBefore(from.minus(TOLERANCE))
        || watched.compareTo(Duration.between(from, until)) >= 0;
  }
}
