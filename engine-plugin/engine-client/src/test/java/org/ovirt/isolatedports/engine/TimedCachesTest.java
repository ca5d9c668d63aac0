// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.engine;

import static org.assertj.core.api.Assertions.assertThat;

import com.github.benmanes.caffeine.cache.Cache;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class TimedCachesTest {

  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

  private final TestClock clock = new TestClock(START);
  private final Cache<String, String> cache =
      TimedCaches.of(Duration.ofMinutes(1), 2, clock).build();

  @Test
  void anEntryIsGoodForItsLife() {
    cache.put("a", "1");
    clock.set(START.plusSeconds(59));
    assertThat(cache.getIfPresent("a")).isEqualTo("1");
    clock.set(START.plusSeconds(60));
    assertThat(cache.getIfPresent("a")).isNull();
  }

  @Test
  void aClockThatIsSetBackMakesNothingFresh() {
    clock.set(START.plusSeconds(600));
    cache.put("a", "1");
    clock.set(START.plusSeconds(570));
    assertThat(cache.getIfPresent("a")).isEqualTo("1");
    clock.set(START);
    assertThat(cache.getIfPresent("a")).isNull();
  }

  @Test
  void noMoreAreKeptThanMayBe() {
    for (int i = 0; i < 1_000; i++) {
      cache.put("k" + i, "1");
    }
    cache.cleanUp();
    assertThat(cache.estimatedSize()).isEqualTo(2);
  }
}
