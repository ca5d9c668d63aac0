// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.rest;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.ovirt.isolatedports.rig.Database;
import org.ovirt.isolatedports.standin.host.HostCapabilities;
import org.ovirt.isolatedports.standin.host.SimulatedHost;

/** Opening an isolated network for a while: who may, what it does, and that it ends. */
class EmergencyIT extends ServerTest {

  private static final String OPENED = "GUARD_NETWORK_OPENED";
  private static final Duration SOON = Duration.ofSeconds(90);

  EmergencyIT() {
    super(false);
  }

  @AfterEach
  void worksAgain() {
    rig.engine().faults().clear();
  }

  private static String request(String name) {
    return "{\"reason\":\"gateway is being replaced\",\"confirm\":\"" + name + "\",\"minutes\":30}";
  }

  private static String path(String network) {
    return "/networks/" + network + "/emergency";
  }

  private String status(String network) {
    return us.get(path(network)).json().path("status").asText();
  }

  /** The values of the property on a network's profiles, as the engine has them. */
  private List<String> properties(String network) {
    List<String> values = new ArrayList<>();
    for (JsonNode profile :
        engine.get("/networks/" + network + "/vnicprofiles").json().path("vnic_profile")) {
      values.add(
          profile
              .path("custom_properties")
              .path("custom_property")
              .path(0)
              .path("value")
              .asText("none"));
    }
    return values;
  }

  private List<String> codes(String network, String more) {
    List<String> codes = new ArrayList<>();
    us.get("/violations?network=" + network + more)
        .json()
        .path("violation")
        .forEach(violation -> codes.add(violation.path("code").asText()));
    return codes;
  }

  private List<String> events() {
    List<String> events = new ArrayList<>();
    engine
        .get("/events?search=sortby%20time%20asc&max=10000")
        .json()
        .path("event")
        .forEach(
            event -> {
              if (event.path("description").asText().contains("is switched off by")) {
                events.add(
                    event.path("severity").asText() + " " + event.path("description").asText());
              }
            });
    return events;
  }

  static void until(Duration limit, String what, BooleanSupplier so) {
    long end = System.nanoTime() + limit.toNanos();
    while (!so.getAsBoolean()) {
      assertThat(System.nanoTime()).as(what + " within " + limit).isLessThan(end);
      Rig.pause(100);
    }
  }

  private void letTimePass() {
    rig.database()
        .execute(
            Database.OWN,
            "UPDATE emergency SET opened_at = now() - interval '31 minutes',"
                + " until = now() - interval '1 minute'");
  }

  @Test
  void isOpenForAWhileAndTellsSo() {
    String network = attachedNetwork("blue", true);
    assertThat(status(network)).isEqualTo("closed");
    Api.Answer opened = us.post(path(network), request("blue"));
    assertThat(opened.status()).as(opened.toString()).isEqualTo(201);
    assertThat(properties(network)).containsExactly("none");
    JsonNode body = us.get(path(network)).json();
    assertThat(body).isEqualTo(opened.json());
    assertThat(body.path("status").asText()).isEqualTo("open");
    assertThat(body.path("opened_by").asText()).startsWith("admin");
    assertThat(body.path("until_time").asLong() - body.path("opened_time").asLong())
        .isEqualTo(Duration.ofMinutes(30).toMillis());
    assertThat(body.path("vnic_profiles").path("vnic_profile").path(0).path("isolating").asText())
        .isEqualTo("false");
    assertThat(body.path("effects").path("effect").toString())
        .contains("stay isolated until they are updated", "list of isolated bridges");
    assertThat(us.xml("GET", path(network), "").body())
        .contains("<emergency href=", "<status>open</status>", "<until_time>20");

    until(SOON, "the violation", () -> codes(network, "").contains(OPENED));
    // More than two passes of the guard, which brings every other profile in line.
    Rig.pause(5_000);
    assertThat(properties(network)).containsExactly("none");
    assertThat(codes(network, "")).containsExactly(OPENED);

    letTimePass();
    until(SOON, "closed", () -> status(network).equals("closed"));
    assertThat(properties(network)).containsExactly("true");
    until(SOON, "the end of the violation", () -> codes(network, "").isEmpty());
    until(SOON, "the second event", () -> events().size() == 2);
    assertThat(events().get(0))
        .startsWith("error The isolation of network blue is switched off by admin")
        .endsWith("Reason: gateway is being replaced");
    assertThat(events().get(1)).startsWith("normal No longer so: The isolation of network blue");
  }

  @Test
  void isClosedForRunningVmsAsWell() {
    SimulatedHost host =
        new SimulatedHost(HostCapabilities.el9().withNetworks(Map.of("blue", "blue")));
    rig.engine().addHost("h1", CLUSTER, host);
    String network = attachedNetwork("blue", true);
    assertThat(us.post(path(network), request("blue")).status()).isEqualTo(201);
    String vm =
        rig.engine().seeds().vm("vm1", CLUSTER, List.of(uuid(profileOf(network)))).toString();
    assertThat(engine.post("/vms/" + vm + "/start", "{}").status()).isEqualTo(200);
    until(SOON, "up", () -> engine.get("/vms/" + vm).json().path("status").asText().equals("up"));
    assertThat(host.last("create").orElseThrow()).doesNotContain("port_isolation");

    host.failWith("not now");
    Api.Answer closing = us.delete(path(network));
    assertThat(closing.status()).isEqualTo(200);
    assertThat(closing.json().path("status").asText()).isEqualTo("closing");
    until(SOON, "the property", () -> properties(network).equals(List.of("true")));
    until(
        SOON,
        "what is left",
        () -> us.get(path(network)).json().path("not_closed_yet").toString().contains("vm1"));
    host.recover();
    until(SOON, "closed", () -> status(network).equals("closed"));
    assertThat(host.last("updateNic").orElseThrow()).contains("port_isolation");
    assertThat(us.get(path(network)).json().path("closed_by").asText()).startsWith("admin");
  }

  @Test
  void isClosedAsSoonAsTheEngineIsBack() {
    String network = attachedNetwork("blue", true);
    assertThat(us.post(path(network), request("blue")).status()).isEqualTo(201);
    rig.engine().refuseConnections();
    letTimePass();
    Rig.pause(2_500);
    rig.engine().acceptConnections();
    assertThat(properties(network)).containsExactly("none");
    until(SOON, "closed", () -> status(network).equals("closed"));
    assertThat(properties(network)).containsExactly("true");
  }

  @Test
  void anOpeningThatIsCutShortIsClosedAgain() {
    String network = attachedNetwork("blue", true);
    String second =
        created(us.post("/networks/" + network + "/vnicprofiles", "{\"name\":\"second\"}"));
    rig.engine().faults().answerStatus("/ovirt-engine/api/vnicprofiles/" + second, 500);
    assertThat(us.post(path(network), request("blue")).status()).isEqualTo(502);
    rig.engine().faults().clear();
    until(SOON, "closed", () -> status(network).equals("closed"));
    assertThat(properties(network)).containsExactly("true", "true");
  }

  @Test
  void whatIsNotDeliberateIsRefused() {
    String network = attachedNetwork("blue", true);
    String plain = network("plain", false);
    String open = "Cannot open Network. ";
    refused(
        400,
        open
            + "Confirm that the VMs of Network blue are to reach each other: the field confirm must"
            + " hold the name of the Network.",
        () -> us.post(path(network), request("green")));
    refused(
        400,
        open
            + "Say why Network blue is to be opened, in up to 500 characters of the field reason; it"
            + " is written into the engine's event log.",
        () -> us.post(path(network), "{\"confirm\":\"blue\",\"minutes\":30}"));
    refused(
        400,
        open
            + "Say for how many minutes Network blue is to be open, in the field minutes: from 1 to"
            + " 240.",
        () ->
            us.post(
                path(network), "{\"confirm\":\"blue\",\"minutes\":241,\"reason\":\"why not\"}"));
    refused(
        400,
        open + "The field forever is not known; there are confirm, minutes, reason.",
        () -> us.post(path(network), "{\"forever\":true}"));
    refused(
        409,
        open + "Network plain is not isolated: there is nothing to open.",
        () -> us.post(path(plain), request("plain")));
    Api.Answer opened = us.post(path(network), request("blue"));
    assertThat(opened.status()).isEqualTo(201);
    Api.Answer again = us.post(path(network), request("blue"));
    assertThat(again.status()).isEqualTo(409);
    assertThat(again.detail()).contains("Network blue is open already, until 20");
    assertThat(us.get(path(network)).json()).isEqualTo(opened.json());
  }

  @Test
  void onlyWhatWasReadIsChanged() {
    String network = attachedNetwork("blue", true);
    String tag = us.get(path(network)).tag();
    assertThat(us.json("POST", path(network), request("blue"), "If-Match", tag).status())
        .isEqualTo(201);
    assertThat(us.delete(path(network), "If-Match", tag).status()).isEqualTo(412);
    assertThat(status(network)).isEqualTo("open");
    assertThat(us.delete(path(network), "If-Match", us.get(path(network)).tag()).status())
        .isEqualTo(200);
  }

  @ParameterizedTest
  @CsvSource({
    "network administrator, user1, NetworkAdmin,    network, 201",
    "cluster administrator, user2, ClusterAdmin,    cluster, 403",
    "profile user,          user2, VnicProfileUser, profile, 403",
    "nobody,                user2, -,               -,       401"
  })
  void onlyWhoMayEditTheNetwork(String who, String login, String role, String on, int expected) {
    String network = attachedNetwork("blue", true);
    var seeds = rig.engine().seeds();
    switch (on) {
      case "network" -> {
        seeds.grant(role, login, "network", uuid(network));
        seeds.grant(role, login, "vnic_profile", uuid(profileOf(network)));
      }
      case "cluster" -> seeds.grant(role, login, "cluster", uuid(cluster()));
      case "profile" -> seeds.grant(role, login, "vnic_profile", uuid(profileOf(network)));
      default -> assertThat(on).isEqualTo("-");
    }
    List<String> rows = rig.storedRows();
    assertThat(as(login).post(path(network), request("blue")).status()).as(who).isEqualTo(expected);
    if (expected == 201) {
      assertThat(properties(network)).containsExactly("none");
    } else {
      assertThat(rig.storedRows()).isEqualTo(rows);
      assertThat(properties(network)).containsExactly("true");
      assertThat(us.post(path(network), request("blue")).status()).isEqualTo(201);
      assertThat(as(login).delete(path(network)).status()).as(who).isEqualTo(expected);
      assertThat(status(network)).isEqualTo("open");
    }
  }
}
