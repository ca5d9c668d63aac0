// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.scheduling.decision;

import java.time.Duration;

/**
 * The moment by which an answer is due, measured from the moment its request arrived.
 *
 * @param nanoTime in the terms of {@link System#nanoTime()}
 */
public record Deadline(long nanoTime) {

  /** A deadline so much after now. */
  public static Deadline after(Duration duration) {
    return new Deadline(System.nanoTime() + duration.toNanos());
  }

  /** Nanoseconds left; zero once it has passed. */
  public long nanosLeft() {
    return Math.max(0, nanoTime - System.nanoTime());
  }
}
