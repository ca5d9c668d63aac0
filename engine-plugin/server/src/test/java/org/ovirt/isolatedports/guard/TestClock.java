// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.guard;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;

/** The real time, put forward by the test. */
public final class TestClock extends Clock {

  private volatile Duration forward = Duration.ZERO;

  public void forward(Duration by) {
    forward = forward.plus(by);
  }

  @Override
  public Instant instant() {
    return Instant.now().plus(forward);
  }

  @Override
  public ZoneId getZone() {
    return ZoneOffset.UTC;
  }

  @Override
  public Clock withZone(ZoneId zone) {
    return this;
  }
}
