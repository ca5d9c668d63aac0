// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.violations;

import java.time.Duration;

/**
 * How often the guard looks.
 *
 * @param poll between two looks at the clusters, of whose networks no event tells
 * @param full between two looks at everything
 * @param settle how long something must stay so before it is taken in or forgotten
 * @param over how long a violation must be gone before it is called over
 * @param retry between two attempts at what the engine refused
 */
public record GuardTimes(
    Duration poll, Duration full, Duration settle, Duration over, Duration retry) {

  /** As installed, with both configurable ones at their defaults. */
  public static final GuardTimes DEFAULT =
      new GuardTimes(
          Duration.ofSeconds(2),
          Duration.ofMinutes(3),
          Duration.ofSeconds(10),
          Duration.ofSeconds(2),
          Duration.ofMinutes(1));
}
