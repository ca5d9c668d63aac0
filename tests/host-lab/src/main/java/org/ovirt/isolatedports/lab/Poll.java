// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.lab;

import java.time.Duration;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** Waits for a condition. */
final class Poll {

  private static final int PATIENCE = Integer.getInteger("isolatedports.lab.patience", 1);

  private Poll() {}

  /** Waits until the condition holds; throws with {@code otherwise} when it does not in time. */
  static void until(Duration limit, BooleanSupplier condition, Supplier<String> otherwise) {
    if (!within(limit, condition)) {
      throw new LabException(otherwise.get());
    }
  }

  /**
   * Every limit of the lab is longer by this factor, for a machine that is emulated itself; no test
   * depends on one.
   */
  static Duration patient(Duration limit) {
    return limit.multipliedBy(PATIENCE);
  }

  /** Waits until the condition holds, at most {@code limit}; tells whether it does. */
  static boolean within(Duration limit, BooleanSupplier condition) {
    long end = System.nanoTime() + patient(limit).toNanos();
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
