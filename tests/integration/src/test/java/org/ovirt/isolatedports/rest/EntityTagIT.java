// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.rest;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** {@code ETag} and {@code If-Match}: no lost update between our clients, nor over the engine's. */
class EntityTagIT extends ServerTest {

  private static final int WRITERS = 50;
  private static final int ROUNDS = 4;

  EntityTagIT() {
    super(false);
  }

  private static String description(String text) {
    return "{\"description\":\"" + text + "\"}";
  }

  @Test
  void ofFiftyConcurrentWritersOneWinsEachRound() throws Exception {
    String path = "/networks/" + network("blue", true);
    ExecutorService writers = Executors.newFixedThreadPool(WRITERS);
    try {
      for (int round = 0; round < ROUNDS; round++) {
        String tag = us.get(path).tag();
        // In the last round all write the same: still only one may win.
        boolean same = round == ROUNDS - 1;
        CountDownLatch start = new CountDownLatch(1);
        List<Future<Api.Answer>> answers = new ArrayList<>();
        for (int writer = 0; writer < WRITERS; writer++) {
          String text = same ? "same" : "round " + round + " writer " + writer;
          answers.add(
              writers.submit(
                  () -> {
                    start.await();
                    return us.put(path, description(text), "If-Match", tag);
                  }));
        }
        start.countDown();
        List<String> won = new ArrayList<>();
        for (Future<Api.Answer> answer : answers) {
          if (answer.get().status() == 200) {
            won.add(answer.get().json().path("description").asText());
          } else {
            assertThat(answer.get().status()).as(answer.get().toString()).isEqualTo(412);
          }
        }
        assertThat(won).as("round " + round).hasSize(1);
        assertThat(engine.get(path).json().path("description").asText()).isEqualTo(won.get(0));
      }
    } finally {
      writers.shutdownNow();
    }
  }

  @Test
  void aChangeInTheEngineBetweenReadAndWriteIsNotOverwritten() {
    String path = "/networks/" + network("blue", true);
    String tag = us.get(path).tag();
    assertThat(engine.put(path, description("by another")).status()).isEqualTo(200);
    var answer = us.put(path, description("ours"), "If-Match", tag);
    assertThat(answer.status()).isEqualTo(412);
    assertThat(answer.detail()).contains("Network blue was changed since you read it");
    assertThat(engine.get(path).json().path("description").asText()).isEqualTo("by another");
    assertThat(us.delete(path, "If-Match", tag).status()).isEqualTo(412);
    assertThat(us.get(path).status()).isEqualTo(200);
    assertThat(us.delete(path, "If-Match", us.get(path).tag()).status()).isEqualTo(200);
  }

  @Test
  void theTagOfAnAnswerToAWriteIsTheOneToGoOnWith() {
    String path = "/networks/" + network("blue", true);
    var first = us.put(path, description("one"));
    assertThat(first.tag()).isEqualTo(us.get(path).tag());
    assertThat(us.put(path, description("two"), "If-Match", first.tag()).status()).isEqualTo(200);
  }

  @Test
  void aTagOfXmlIsGoodForAWriteInJson() {
    String path = "/networks/" + network("blue", true);
    String xml = us.xml("GET", path, "").tag();
    assertThat(xml).isNotEqualTo(us.get(path).tag());
    assertThat(us.put(path, description("one"), "If-Match", xml).status()).isEqualTo(200);
    assertThat(us.put(path, description("two"), "If-Match", xml).status()).isEqualTo(412);
    assertThat(us.put(path, description("three"), "If-Match", "*").status()).isEqualTo(200);
    assertThat(us.put(path, description("four"), "If-Match", "W/" + us.get(path).tag()).status())
        .as("a weak tag never matches")
        .isEqualTo(412);
  }

  @Test
  void everythingThatCanBeChangedHasATag() {
    String network = attachedNetwork("blue", true);
    String vm = vm("vm1");
    String nic =
        created(
            us.post(
                "/vms/" + vm + "/nics",
                "{\"name\":\"nic1\",\"vnic_profile\":{\"id\":\"" + profileOf(network) + "\"}}"));
    for (String path :
        List.of(
            "/clusters/" + cluster() + "/networks/" + network,
            "/vnicprofiles/" + profileOf(network),
            "/clusters/" + cluster(),
            "/vms/" + vm + "/nics/" + nic,
            "/vms/" + vm)) {
      String tag = us.get(path).tag();
      String change = path.contains("/nics/") ? "{\"linked\":true}" : description("changed");
      if (path.contains("/clusters/") && path.contains("/networks/")) {
        change = "{\"required\":false}";
      }
      assertThat(us.put(path, change, "If-Match", tag).status()).as(path).isEqualTo(200);
      assertThat(us.put(path, change, "If-Match", tag).status()).as(path).isEqualTo(412);
    }
    String uplink = "/networks/" + network + "/uplink";
    String tag = us.get(uplink).tag();
    assertThat(us.put(uplink, "{\"mode\":\"open\"}", "If-Match", tag).status()).isEqualTo(200);
    assertThat(us.put(uplink, "{\"mode\":\"open\"}", "If-Match", tag).status()).isEqualTo(412);
  }
}
