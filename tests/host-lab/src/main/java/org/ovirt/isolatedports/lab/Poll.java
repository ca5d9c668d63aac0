// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.lab;

import java.time.Duration;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** Waits for a condition. */
final class Poll {

  private Poll() {}

  /** Waits until the condition holds; throws with {@code otherwise} when it does not in time. */
  static void until(Duration limit, BooleanSupplier condition, Supplier<String> otherwise) {
    if (!within(limit, condition)) {
      throw new LabException(otherwise.get());
    }
  }

  /** Waits until the condition holds, at most {@code limit}; tells whether it does. */
  static boolean within(Duration limit, BooleanSupplier condition) {
    long end = System.nanoTime() + limit.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > end) {
        return false;
      }
      try {
        Thread.sleep(25);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new LabException("Interrupted while waiting.", e);
      }
    }
    return true;
  }
}
