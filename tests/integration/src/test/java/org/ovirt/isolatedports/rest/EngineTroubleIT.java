// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.rest;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** An engine that is slow, down or talks nonsense: said so in time, and over by itself. */
class EngineTroubleIT extends ServerTest {

  /** The rig gives the engine 4 s; a machine under load takes its time besides. */
  private static final Duration LIMIT = Duration.ofSeconds(90);

  private static final int CALLERS = 200;
  private static final String API = "/ovirt-engine/api";

  EngineTroubleIT() {
    super(false);
  }

  @AfterEach
  void works() {
    rig.engine().faults().clear();
  }

  private Api.Answer inTime(java.util.function.Supplier<Api.Answer> request) {
    Instant start = Instant.now();
    Api.Answer answer = request.get();
    assertThat(Duration.between(start, Instant.now())).isLessThan(LIMIT);
    return answer;
  }

  /** Whoever asks before the engine's health was seen to be well again is told to come back. */
  private void recovers() {
    rig.engine().faults().clear();
    Instant limit = Instant.now().plusSeconds(120);
    for (Api.Answer answer = us.get("/networks");
        answer.status() != 200;
        answer = us.get("/networks")) {
      assertThat(answer.status()).as(answer.toString()).isEqualTo(503);
      assertThat(answer.header("Retry-After")).as(answer.toString()).isPresent();
      assertThat(Instant.now()).isBefore(limit);
      Rig.pause(100);
    }
  }

  @Test
  void slow() {
    String body = "{\"name\":\"blue\",\"data_center\":{\"id\":\"" + dataCenter() + "\"}}";
    rig.engine().faults().delay(API + "/networks", Duration.ofSeconds(10));
    assertThat(inTime(() -> us.get("/networks")).status()).isEqualTo(504);
    // By then the engine may be left alone for a while.
    assertThat(inTime(() -> us.post("/networks", body)).status()).isIn(503, 504);
    recovers();
  }

  /**
   * Far more callers than there are threads, while the engine hangs: each gets an answer, nothing
   * stays occupied, and the first request after the engine is back is served.
   */
  @Test
  void manyCallersWhileItHangs() throws Exception {
    rig.engine().faults().delay(API + "/networks", Duration.ofMinutes(1));
    ExecutorService callers = Executors.newFixedThreadPool(CALLERS);
    try {
      List<Future<Api.Answer>> answers = new ArrayList<>();
      for (int i = 0; i < CALLERS; i++) {
        answers.add(callers.submit(() -> inTime(() -> us.get("/networks"))));
      }
      for (Future<Api.Answer> answer : answers) {
        assertThat(answer.get().status()).as(answer.get().toString()).isIn(503, 504);
      }
      assertThat(us.get("/openapi.json").status()).as("needs no engine").isEqualTo(200);
    } finally {
      callers.shutdownNow();
    }
    recovers();
  }

  @Test
  void down() {
    rig.engine().refuseConnections();
    assertThat(inTime(() -> us.get("/networks")).status()).isEqualTo(503);
    rig.engine().acceptConnections();
    Rig.pause(200);
    recovers();
  }

  @Test
  void connectionsThatBreak() {
    rig.engine().faults().reset(API + "/networks");
    assertThat(inTime(() -> us.get("/networks")).status()).isEqualTo(503);
    recovers();
  }

  /** Created in the engine, but its profiles cannot be reached: said so, and completed. */
  @Test
  void troubleInTheMiddleOfACreation() {
    rig.engine().faults().answerHtml(API + "/networks/", 503);
    var answer = inTime(() -> us.post("/networks", body("blue", "")));
    assertThat(answer.status()).as(answer.toString()).isEqualTo(503);
    assertThat(answer.detail())
        .startsWith("[Network blue was created, but its vNIC profiles could not be given")
        .contains("do not add the Network again");
    rig.engine().faults().clear();
    Instant limit = Instant.now().plusSeconds(90);
    while (rig.storedRows().stream().anyMatch(row -> row.startsWith("engine_change"))) {
      assertThat(Instant.now()).as("the creation is not completed").isBefore(limit);
      Rig.pause(200);
    }
    var network = us.get("/networks?search=name%3Dblue").json().path("network").path(0);
    assertThat(network.path("port_isolation").asText()).isEqualTo("true");
    assertThat(engine.get("/vnicprofiles/" + profileOf(network.path("id").asText())).body())
        .contains("\"name\" : \"port_isolation\"");
  }

  @Test
  void html() {
    for (int status : List.of(200, 500, 502)) {
      rig.engine().faults().answerHtml(API + "/networks", status);
      assertThat(inTime(() -> us.get("/networks")).status()).as("HTML " + status).isEqualTo(502);
    }
    recovers();
    rig.engine().faults().answerHtml(API + "/networks", 503);
    var answer = inTime(() -> us.get("/networks"));
    assertThat(answer.status()).isEqualTo(503);
    assertThat(answer.detail()).contains("oVirt engine").doesNotContain("Exception");
    recovers();
  }

  @Test
  void garbage() {
    rig.engine().faults().answerGarbage(API + "/networks");
    assertThat(inTime(() -> us.get("/networks")).status()).isEqualTo(502);
    assertThat(inTime(() -> us.xml("GET", "/networks", "")).status()).isEqualTo(502);
    recovers();
  }

  /** What a start of three minutes of the engine finds in its queue, and what callers are told. */
  @Test
  void startsSlowly() {
    rig.engine().refuseConnections();
    assertThat(inTime(() -> us.get("/networks")).status()).isEqualTo(503);
    rig.engine().startSlowly();
    Instant up = Instant.now().plusSeconds(15);
    while (Instant.now().isBefore(up)) {
      Instant asked = Instant.now();
      Api.Answer answer = us.get("/networks");
      assertThat(answer.status()).as(answer.toString()).isEqualTo(503);
      assertThat(answer.header("Retry-After")).isPresent();
      assertThat(answer.detail()).contains("nothing else is sent until then");
      assertThat(Duration.between(asked, Instant.now())).isLessThan(LIMIT);
      Rig.pause(500);
    }
    assertThat(rig.engine().mostQueued()).as("requests in its queue").isLessThanOrEqualTo(2);
    rig.engine().finishStart();
    recovers();
    assertThat(rig.engine().hangs()).isFalse();
  }

  /** A wrong password takes the engine longer than anything else may take. */
  @Test
  void aWrongPasswordIsRefusedHoweverLongThatTakes() {
    rig.engine().faults().delay("/ovirt-engine/sso/oauth/token", Duration.ofSeconds(5));
    Api basic = new Api(rig.api(), "Basic bm9ib2R5QGludGVybmFsOm5vYm9keQ==");
    assertThat(inTime(() -> basic.get("/networks")).status()).isEqualTo(401);
    rig.engine().faults().clear();
    assertThat(us.get("/networks").status()).as("others are served").isEqualTo(200);
  }

  @Test
  void singleSignOnInTrouble() {
    rig.engine().faults().answerHtml("/ovirt-engine/sso", 200);
    Api basic = new Api(rig.api(), "Basic bm9ib2R5QGludGVybmFsOm5vYm9keQ==");
    assertThat(inTime(() -> basic.get("/networks")).status()).isEqualTo(502);
    rig.engine().faults().clear();
    assertThat(basic.get("/networks").status()).isEqualTo(401);
  }
}
