// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.http.caller;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class RateLimitTest {

  private final AtomicLong now = new AtomicLong();
  private final RateLimit limit = new RateLimit(2, 3, now::get);

  private int taken(String address, int tries) {
    int taken = 0;
    for (int i = 0; i < tries; i++) {
      taken += limit.take(address) ? 1 : 0;
    }
    return taken;
  }

  @Test
  void aBurstIsLimitedAndTheBucketFillsAgain() {
    assertThat(taken("a", 10)).isEqualTo(3);
    now.addAndGet(1_000_000_000L);
    assertThat(taken("a", 10)).isEqualTo(2);
    now.addAndGet(3_600_000_000_000L);
    assertThat(taken("a", 10)).as("never more than the bucket holds").isEqualTo(3);
  }

  @Test
  void whatWasNotNeededIsGivenBack() {
    assertThat(taken("a", 10)).isEqualTo(3);
    limit.giveBack("a");
    assertThat(taken("a", 10)).isEqualTo(1);
    for (int i = 0; i < 10; i++) {
      limit.giveBack("a");
    }
    assertThat(taken("a", 10)).as("never more than the bucket holds").isEqualTo(3);
  }

  @Test
  void addressesDoNotTakeFromEachOther() {
    assertThat(taken("a", 10)).isEqualTo(3);
    assertThat(taken("b", 10)).isEqualTo(3);
  }

  @Test
  void manyAddressesDoNotFillTheMemory() {
    assertThat(taken("first", 3)).isEqualTo(3);
    for (int i = 0; i < 10_000; i++) {
      limit.take("address " + i);
    }
    assertThat(limit.take("first")).as("pushed out, so it starts again").isTrue();
  }
}
