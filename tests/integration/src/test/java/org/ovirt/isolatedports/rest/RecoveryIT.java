// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.rest;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.ovirt.isolatedports.rig.Database;

/**
 * What is completed later goes no further than the caller could: nothing leads to a network but the
 * mark it was created with.
 */
class RecoveryIT extends ServerTest {

  private static final Duration SOON = Duration.ofSeconds(90);

  private static final String API = "/ovirt-engine/api";

  /** The engine's mapper throws on it: 500. */
  private static final String BREAKS_THE_ENGINE = ",\"qos\":{\"name\":\"none\"}";

  RecoveryIT() {
    super(false);
  }

  @AfterEach
  void works() {
    rig.engine().faults().clear();
  }

  private long openChanges() {
    return rig.storedRows().stream().filter(row -> row.startsWith("engine_change")).count();
  }

  /** A network of the administrator's, made at the engine, which is nobody else's business. */
  private String foreign(String name) {
    return created(
        engine.post(
            "/networks",
            "{\"name\":\"" + name + "\",\"data_center\":{\"id\":\"" + dataCenter() + "\"}}"));
  }

  /** A user who may do nothing but use one VM. */
  private Api tenant() {
    rig.engine().seeds().grant("UserRole", "user2", "vm", uuid(vm("theirs")));
    return as("user2");
  }

  /** An administrator of networks in a data center, who does not see all of its networks. */
  private Api creator() {
    rig.engine().seeds().grant("NetworkAdmin", "user1", "data_center", uuid(dataCenter()));
    return as("user1");
  }

  private JsonNode inEngine(String id) {
    return engine.get("/networks/" + id).json();
  }

  private void staysAsItIs(String foreign) {
    untilItIsRecovered();
    assertThat(inEngine(foreign).path("id").asText()).as("never removed").isEqualTo(foreign);
    assertThat(us.get("/networks/" + foreign).json().path("port_isolation").asText())
        .as("never isolated for somebody who may not")
        .isEqualTo("false");
    assertThat(engine.get("/networks/" + foreign + "/vnicprofiles").body())
        .doesNotContain("port_isolation");
  }

  @Test
  void whoMayCreateNothingLeavesNothing() {
    String foreign = foreign("secret");
    List<String> before = rig.storedRows();
    Api.Answer answer = tenant().post("/networks", body("secret", BREAKS_THE_ENGINE));
    assertThat(answer.status()).as(answer.toString()).isEqualTo(403);
    assertThat(answer.detail()).isEqualTo("[User is not authorized to perform this action.]");
    assertThat(rig.storedRows()).isEqualTo(before);
    staysAsItIs(foreign);
  }

  @Test
  void aCreationThatEndsInA500LeavesNothing() {
    List<String> before = rig.storedRows();
    Api.Answer answer = creator().post("/networks", body("blue", BREAKS_THE_ENGINE));
    assertThat(answer.status()).as(answer.toString()).isEqualTo(502);
    assertThat(rig.storedRows()).as("no trace in the journal").isEqualTo(before);
  }

  /** The name leads to another network by the time the recovery looks. */
  @Test
  void aForeignNetworkOfTheSameNameIsNeverTakenIn() {
    Api.Answer answer = creator().post("/networks", body("later", BREAKS_THE_ENGINE));
    assertThat(answer.status()).as(answer.toString()).isEqualTo(502);
    staysAsItIs(foreign("later"));
  }

  /** Neither is it removed where the engine does not know the property. */
  @Test
  void aJournalEntryWithoutAMarkTouchesNothing() {
    String foreign = foreign("old");
    journal("add", "", "old", "");
    staysAsItIs(foreign);
    assertThat(openChanges()).as("kept until it is given up").isEqualTo(1);
    rig.database()
        .execute(
            Database.OWN, "UPDATE engine_change SET started_at = now() - interval '11 minutes'");
    EmergencyIT.until(SOON, "it is given up", () -> openChanges() == 0);
    assertThat(inEngine(foreign).path("id").asText()).isEqualTo(foreign);
  }

  /** The engine made it and told nobody: found by its mark, isolated, with the caller's comment. */
  @Test
  void whatTheEngineMadeWithoutAnAnswerIsCompleted() {
    String mark = "Being created by Isolated Ports " + UUID.randomUUID();
    String network = foreign("hung");
    assertThat(engine.put("/networks/" + network, "{\"comment\":\"" + mark + "\"}").status())
        .isEqualTo(200);
    journal("add", "", "hung", mark);
    untilItIsRecovered();
    assertThat(openChanges()).isZero();
    JsonNode completed = us.get("/networks/" + network).json();
    assertThat(completed.path("port_isolation").asText()).isEqualTo("true");
    assertThat(completed.path("comment").asText()).isEqualTo("of the lab");
    assertThat(engine.get("/networks/" + network + "/vnicprofiles").body())
        .contains("port_isolation");
  }

  /** A journal entry as it is left by a crash. */
  private void journal(String kind, String network, String name, String mark) {
    rig.database()
        .execute(
            Database.OWN,
            "INSERT INTO engine_change (change_id, kind, network_id, data_center_id, name,"
                + " enforcement, started_at"
                + (mark.isEmpty() ? "" : ", mark, comment")
                + ") VALUES ('"
                + UUID.randomUUID()
                + "', '"
                + kind
                + "', "
                + (network.isEmpty() ? "NULL" : "'" + network + "'")
                + ", '"
                + dataCenter()
                + "', '"
                + name
                + "', 'hook', now() - interval '1 second'"
                + (mark.isEmpty() ? "" : ", '" + mark + "', 'of the lab'")
                + ")");
  }

  /** The recovery goes by age, so what is newest and soon done tells that it has seen the rest. */
  private void untilItIsRecovered() {
    String last = UUID.randomUUID().toString();
    rig.database()
        .execute(
            Database.OWN,
            "INSERT INTO engine_change (change_id, kind, network_id, started_at) VALUES ('"
                + last
                + "', 'follow', '"
                + UUID.randomUUID()
                + "', now())");
    EmergencyIT.until(
        SOON,
        "the recovery has been at it",
        () -> rig.storedRows().stream().noneMatch(row -> row.contains(last)));
  }

  @Test
  void theMarkIsNotLeftBehind() {
    for (String comment : List.of("", ",\"comment\":\"of the lab\"")) {
      Api.Answer answer = us.post("/networks", body("net" + comment.length(), comment));
      String id = created(answer);
      String wanted = comment.isEmpty() ? "" : "of the lab";
      assertThat(answer.json().path("comment").asText()).isEqualTo(wanted);
      assertThat(inEngine(id).path("comment").asText()).isEqualTo(wanted);
      assertThat(us.get("/networks/" + id).tag())
          .as("what was answered can be sent back")
          .isEqualTo(answer.tag());
    }
  }

  /** The only record of a hook network is not dropped for one 404, whoever gives it. */
  @Test
  void one404IsNotGone() {
    String network = network("blue", true);
    for (boolean page : List.of(false, true)) {
      if (page) {
        rig.engine().faults().answerHtml(API + "/networks/" + network, 404);
      } else {
        rig.engine().faults().answerStatus(API + "/networks/" + network, 404);
      }
      journal("add", network, "blue", "");
      journal("follow", network, "blue", "");
      untilItIsRecovered();
      assertThat(rig.storedRows())
          .as("the record after a 404 that is " + (page ? "a page" : "empty"))
          .anyMatch(row -> row.startsWith("isolated_network") && row.contains(network));
      rig.database().execute(Database.OWN, "DELETE FROM engine_change");
    }
    rig.engine().faults().clear();
    assertThat(us.get("/networks/" + network).json().path("enforcement").asText())
        .isEqualTo("hook");
  }
}
