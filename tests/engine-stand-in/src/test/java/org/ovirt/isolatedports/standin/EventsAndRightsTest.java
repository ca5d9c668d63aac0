// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.standin;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Following events, and who may do what to a network. */
class EventsAndRightsTest {
  private EngineStandIn engine;
  private Client admin;

  @BeforeEach
  void start() {
    engine = EngineStandIn.builder().defaultProfileAfter(Duration.ZERO, Duration.ZERO).start();
    admin = Client.bearer(engine.url(), "admin", "admin");
  }

  @AfterEach
  void stop() {
    engine.close();
  }

  private static List<Integer> ids(JsonNode body) {
    List<Integer> ids = new ArrayList<>();
    body.path("event").forEach(each -> ids.add(each.get("id").asInt()));
    return ids;
  }

  private String addNetwork(String name) {
    return admin
        .post("/networks", "{\"name\":\"" + name + "\",\"data_center\":{\"name\":\"Default\"}}")
        .id();
  }

  @Test
  void fromIsStrictNewestComeFirstAndSortedOnesCanBePaged() {
    addNetwork("n1");
    addNetwork("n2");
    // The first event is of the engine's own start.
    assertThat(ids(admin.get("/events").body())).containsExactly(7, 6, 5, 4, 3, 2, 1);
    assertThat(ids(admin.get("/events?from=3").body())).containsExactly(7, 6, 5, 4);
    assertThat(ids(admin.get("/events?from=3&max=2").body())).containsExactly(7, 6);
    assertThat(ids(admin.get("/events?from=3&max=2&search=sortby%20time%20asc").body()))
        .containsExactly(4, 5);
    assertThat(admin.get("/events?from=7").body().isEmpty()).isTrue();
    assertThat(ids(admin.get("/events?search=type%3D942").body())).containsExactly(7, 4);
  }

  @Test
  void aBearerLeavesNoEventAndBasicDoes() {
    admin.get("/networks");
    assertThat(admin.get("/events?from=1").body().isEmpty()).isTrue();
    Client.basic(engine.url(), "admin", "admin").get("/networks");
    // The logout is written once the answer is out.
    while (ids(admin.get("/events?from=1").body()).size() < 2) {
      Thread.onSpinWait();
    }
    assertThat(admin.get("/events").body().toString())
        .contains("logged in.")
        .contains("logged out.");
  }

  @Test
  void attachingANetworkIsInNoEvent() {
    String id = addNetwork("n1");
    int before = ids(admin.get("/events").body()).get(0);
    admin.post(
        "/clusters/" + engine.seeds().cluster("Default") + "/networks", "{\"id\":\"" + id + "\"}");
    assertThat(admin.get("/events?from=" + before).body().isEmpty()).isTrue();
  }

  @ParameterizedTest
  @CsvSource({
    "administrator, 200, 200, 201",
    "network administrator, 200, 200, 201",
    "group member, 200, 200, 201",
    "profile user, 200, 403, 403",
    "VM user, 404, 404, 403",
    "nobody, 401, 401, 401"
  })
  void whoMayReadChangeAndMakeNetworks(String who, int read, int change, int make)
      throws InterruptedException {
    String network = addNetwork("n1");
    UUID dataCenter = engine.seeds().dataCenter("Default");
    String user = "user2";
    switch (who) {
      case "administrator" -> user = "admin";
      case "network administrator" ->
          engine.seeds().grant("NetworkAdmin", user, "data_center", dataCenter);
      case "group member" -> {
        user = "user3";
        engine.seeds().group("admins", List.of(user));
        engine.seeds().grantToGroup("NetworkAdmin", "admins", "data_center", dataCenter);
      }
      case "profile user" -> {
        String profile = admin.defaultProfile(network);
        engine.seeds().grant("VnicProfileUser", user, "vnic_profile", UUID.fromString(profile));
      }
      case "VM user" ->
          engine
              .seeds()
              .grant("UserRole", user, "vm", engine.seeds().vm("vm1", "Default", List.of()));
      default -> user = "user1";
    }
    Client client = Client.bearer(engine.url(), user, user);
    assertThat(client.get("/networks/" + network).status()).isEqualTo(read);
    assertThat(client.put("/networks/" + network, "{\"comment\":\"x\"}").status())
        .isEqualTo(change);
    assertThat(
            client
                .post(
                    "/networks",
                    "{\"name\":\"n2\",\"data_center\":{\"id\":\"" + dataCenter + "\"}}")
                .status())
        .isEqualTo(make);
  }
}
