// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.ovirt.isolatedports.body.ApiBody;
import org.ovirt.isolatedports.body.BodyFormat;

class EventFollowerTest {

  /** The engine's event log, with events that become visible when the test says so. */
  private static final class Log implements JsonReader {

    private static final Pattern QUERY =
        Pattern.compile("/events\\?(?:from=(\\d+)&)?max=(\\d+)(?:&search=(.*))?");

    private final TreeMap<Long, String> visible = new TreeMap<>();
    private boolean down;
    private int asked;

    void add(long id, int code) {
      add(id, code, "");
    }

    void add(long id, int code, String links) {
      visible.put(
          id,
          "{\"id\":\"%d\",\"code\":\"%d\",\"time\":%d%s}"
              .formatted(id, code, 1_000_000 + id, links));
    }

    @Override
    public Optional<ApiBody> find(String path) {
      return Optional.of(read(path));
    }

    @Override
    public ApiBody read(String path) {
      asked++;
      if (down) {
        throw new EngineException(EngineException.Kind.UNREACHABLE, "down");
      }
      Matcher query = QUERY.matcher(path);
      if (!query.matches()) {
        throw new IllegalArgumentException(path);
      }
      long from = query.group(1) == null ? 0 : Long.parseLong(query.group(1));
      String search = query.group(3) == null ? "" : query.group(3);
      Comparator<Long> order =
          search.endsWith("asc") ? Comparator.naturalOrder() : Comparator.reverseOrder();
      List<String> page =
          visible.tailMap(from, false).keySet().stream()
              .filter(
                  id ->
                      !search.startsWith("type")
                          || visible.get(id).contains("\"code\":\"" + search.substring(7)))
              .sorted(order)
              .limit(Long.parseLong(query.group(2)))
              .map(visible::get)
              .toList();
      String json = page.isEmpty() ? "{}" : "{\"event\":[" + String.join(",", page) + "]}";
      return BodyFormat.JSON.read(json.getBytes(StandardCharsets.UTF_8), "");
    }
  }

  private final Log log = new Log();
  private final TestClock clock = new TestClock();
  private final List<Long> seen = new ArrayList<>();
  private final List<AuditEvent> brought = new ArrayList<>();
  private int lost;
  private int failures;
  private final List<String> faulty = new ArrayList<>();
  private final EventFollower follower =
      new EventFollower(
          log,
          List.of(
              new EventFollower.Listener() {
                @Override
                public void happened(List<AuditEvent> events) {
                  maybeFail("happened");
                }

                @Override
                public void lostTrack() {
                  maybeFail("lost track");
                }
              },
              new EventFollower.Listener() {
                @Override
                public void happened(List<AuditEvent> events) {
                  events.forEach(event -> seen.add(event.id()));
                  brought.addAll(events);
                }

                @Override
                public void lostTrack() {
                  lost++;
                }
              }),
          Duration.ofSeconds(1),
          clock);

  private void maybeFail(String what) {
    if (failures > 0) {
      failures--;
      throw new IllegalStateException(what);
    }
    faulty.add(what);
  }

  private void begin(long newest) {
    LongStream.rangeClosed(1, newest).forEach(id -> log.add(id, 1114));
    Duration unused = follower.poll();
    unused = follower.poll();
    seen.clear();
  }

  @Test
  void saysAtItsStartThatItKnowsNothing() {
    log.add(1, 942);
    Duration unused = follower.poll();
    assertThat(lost).isOne();
  }

  @Test
  void aListenerThatFailsKeepsNothingFromOthersAndReadsEverythingAgain() {
    begin(30);
    faulty.clear();
    failures = 2;
    log.add(31, 942);
    Duration unused = follower.poll();
    assertThat(seen).containsExactly(31L);
    assertThat(follower.status().failure()).isEmpty();
    unused = follower.poll();
    assertThat(faulty).as("it failed again").isEmpty();
    log.add(32, 942);
    unused = follower.poll();
    unused = follower.poll();
    assertThat(faulty).containsExactly("lost track", "happened");
    assertThat(seen).containsExactly(31L, 32L);
    assertThat(lost).as("the other never lost track").isOne();
  }

  @Test
  void bringsEachEventOnceInOrder() {
    begin(30);
    log.add(31, 942);
    log.add(32, 1122);
    Duration unused = follower.poll();
    unused = follower.poll();
    assertThat(seen).containsExactly(31L, 32L);
  }

  @Test
  void saysWhichVmHostAndClusterAnEventLinksTo() {
    begin(30);
    brought.clear();
    log.add(31, 606, ",\"host\":{\"id\":\"h\"},\"cluster\":{\"id\":\"c\"}");
    log.add(32, 934, ",\"host\":{\"id\":\"h\"},\"vm\":{\"id\":\"v\"}");
    Duration unused = follower.poll();
    assertThat(brought)
        .containsExactly(
            new AuditEvent(
                31,
                606,
                Instant.ofEpochMilli(1_000_031),
                Optional.empty(),
                Optional.of("h"),
                Optional.of("c")),
            new AuditEvent(
                32,
                934,
                Instant.ofEpochMilli(1_000_032),
                Optional.of("v"),
                Optional.of("h"),
                Optional.empty()));
  }

  @Test
  void bringsEventsThatBecomeVisibleLate() {
    begin(30);
    log.add(32, 942);
    log.add(33, 942);
    Duration unused = follower.poll();
    assertThat(seen).containsExactly(32L, 33L);
    clock.forward(Duration.ofSeconds(2));
    log.add(31, 1122);
    unused = follower.poll();
    assertThat(seen).containsExactly(32L, 33L, 31L);
  }

  @Test
  void doesNotWaitForeverForANumberThatWasNeverUsed() {
    begin(30);
    log.add(32, 942);
    Duration unused = follower.poll();
    clock.forward(EventFollower.PATIENCE.plusSeconds(1));
    unused = follower.poll();
    log.add(31, 1122);
    log.add(33, 942);
    unused = follower.poll();
    assertThat(seen).containsExactly(32L, 33L);
  }

  @Test
  void leavesNothingOutOfAFlood() {
    begin(30);
    LongStream.rangeClosed(31, 2_030).forEach(id -> log.add(id, 1114));
    Duration unused = follower.poll();
    assertThat(seen).hasSize(2_000).isSorted().doesNotHaveDuplicates();
  }

  @Test
  void goesOnWhereItStoppedAfterTheEngineWasAway() {
    begin(30);
    log.down = true;
    List<Duration> pauses = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      pauses.add(follower.poll());
    }
    assertThat(pauses).isSorted().last().isEqualTo(Duration.ofSeconds(5));
    assertThat(log.asked).isLessThan(20);
    assertThat(follower.status().failure()).isEqualTo(Optional.of("down"));
    LongStream.rangeClosed(31, 40).forEach(id -> log.add(id, 1114));
    log.down = false;
    assertThat(follower.poll()).isEqualTo(Duration.ofSeconds(1));
    assertThat(seen).hasSize(10);
    assertThat(follower.status().failure()).isEmpty();
  }

  @Test
  void noticesThatTheNumbersStartAnew() {
    begin(500);
    log.visible.clear();
    log.add(7, 942);
    clock.forward(Duration.ofSeconds(31));
    Duration unused = follower.poll();
    assertThat(lost).isEqualTo(2);
    log.add(8, 942);
    unused = follower.poll();
    assertThat(seen).containsExactly(8L);
  }

  @Test
  void knowsWhenTheEngineStarted() {
    log.add(3, EventFollower.ENGINE_STARTED);
    begin(2);
    assertThat(follower.status().engineStarted()).contains(Instant.ofEpochMilli(1_000_003));
    log.add(4, EventFollower.ENGINE_STARTED);
    Duration unused = follower.poll();
    assertThat(follower.status().engineStarted()).contains(Instant.ofEpochMilli(1_000_004));
  }
}
