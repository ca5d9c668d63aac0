// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.rest;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.ovirt.isolatedports.rig.Database;
import org.ovirt.isolatedports.rig.PluginServer;
import org.ovirt.isolatedports.standin.EngineStandIn;

/** The server is killed in the middle: nothing stays open, and everything can be gone on with. */
class KilledServerIT {

  private static final Path PROJECT = Path.of(System.getProperty("isolated-ports.project"));
  private static final Duration SOON = Duration.ofSeconds(90);

  @TempDir private static Path directory;
  private static Database database;
  private static EngineStandIn engine;
  private static PluginServer server;
  private static Api us;
  private static Api atEngine;

  @BeforeAll
  static void start() {
    database = Database.start(directory);
    engine =
        EngineStandIn.builder()
            .nativePortIsolation(false)
            .portIsolationPropertyRegistered()
            .start();
    URI url = URI.create(engine.url() + "/ovirt-engine");
    server =
        new PluginServer(PROJECT, directory, database, url)
            .with("isolated-ports.engine.user", "admin@internal")
            .with("isolated-ports.engine.password", "admin")
            .with("isolated-ports.engine.timeout-ms", "60000")
            .with("isolated-ports.sso.client-id", "ovirt-isolated-ports")
            .with("isolated-ports.sso.client-secret", "ovirt-isolated-ports");
    server.start();
    String token = "Bearer " + Api.token(url, "admin");
    us = new Api(server.url().resolve("/ovirt-isolated-ports/api"), token);
    atEngine = new Api(URI.create(url + "/api"), token);
    database.execute(Database.OWN, "UPDATE vdc_options SET option_value = 'true'");
  }

  @AfterAll
  static void stop() {
    server.close();
    engine.close();
    database.close();
  }

  private static String network(Api by, String name, boolean isolated) {
    String id =
        by.post(
                "/networks",
                "{\"name\":\""
                    + name
                    + "\",\"data_center\":{\"id\":\""
                    + engine.seeds().dataCenter("Default")
                    + "\"}"
                    + (isolated ? ",\"port_isolation\":true}" : "}"))
            .id();
    Api.Answer attached =
        by.post(
            "/clusters/" + engine.seeds().cluster("Default") + "/networks",
            "{\"id\":\"" + id + "\"}");
    assertThat(attached.status()).as(attached.toString()).isEqualTo(201);
    return id;
  }

  private static JsonNode profile(String network) {
    String path = "/networks/" + network + "/vnicprofiles";
    // An engine makes it up to two seconds after it has answered.
    EmergencyIT.until(
        SOON, "a profile", () -> !atEngine.get(path).json().path("vnic_profile").isEmpty());
    return atEngine.get(path).json().path("vnic_profile").path(0);
  }

  private static boolean carriesProperty(String network) {
    return profile(network).path("custom_properties").toString().contains("port_isolation");
  }

  private static String value(String sql) {
    try (var connection = database.connect(Database.OWN);
        var statement = connection.createStatement();
        var rows = statement.executeQuery(sql)) {
      return rows.next() ? rows.getString(1) : "";
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String statusOf(String network) {
    return value("SELECT status FROM emergency WHERE network_id = '" + network + "'");
  }

  private static String request(String name) {
    return "{\"reason\":\"test\",\"confirm\":\"" + name + "\",\"minutes\":60}";
  }

  /** Sends what the server is not to live to answer. */
  private static CompletableFuture<Boolean> cutShort(String path, String body) {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            return us.post(path, body).status() < 300;
          } catch (UncheckedIOException e) {
            return false;
          }
        });
  }

  @Test
  void everythingIsClosedOrGoneOnWith() {
    // Open, and its time ends while no server is there.
    String red = network(us, "red", true);
    assertThat(us.post("/networks/" + red + "/emergency", request("red")).status()).isEqualTo(201);
    assertThat(carriesProperty(red)).isFalse();
    // Open, and its time does not end.
    String green = network(us, "green", true);
    assertThat(us.post("/networks/" + green + "/emergency", request("green")).status())
        .isEqualTo(201);
    // In the middle of being opened: the engine has opened the first of two profiles.
    String half = network(us, "half", true);
    String first = profile(half).path("id").asText();
    String second = us.post("/networks/" + half + "/vnicprofiles", "{\"name\":\"second\"}").id();
    engine.faults().delay("/ovirt-engine/api/vnicprofiles/" + second, Duration.ofMinutes(3));
    CompletableFuture<Boolean> opening =
        cutShort("/networks/" + half + "/emergency", request("half"));
    EmergencyIT.until(
        SOON,
        "the first profile",
        () ->
            !atEngine.get("/vnicprofiles/" + first).body().contains("port_isolation")
                && statusOf(half).equals("opening"));
    // In the middle of making a twin: the engine has it, and its profiles are not isolated yet.
    String blue = network(atEngine, "blue", false);
    String vm =
        engine
            .seeds()
            .vm("vm1", "Default", List.of(UUID.fromString(profile(blue).path("id").asText())))
            .toString();
    engine.faults().delay("/ovirt-engine/api/networks/", Duration.ofMillis(1500));
    CompletableFuture<Boolean> preparing =
        cutShort("/networks/" + blue + "/isolate", "{\"step\":\"prepare\",\"name\":\"twin\"}");
    EmergencyIT.until(
        SOON,
        "the twin",
        () -> !atEngine.get("/networks?search=name%3Dtwin").json().path("network").isEmpty());

    server.kill();
    engine.faults().clear();
    assertThat(opening.join()).isFalse();
    assertThat(preparing.join()).isFalse();
    database.execute(
        Database.OWN,
        "UPDATE emergency SET opened_at = now() - interval '2 hours', until = now() - interval '1"
            + " hour' WHERE network_id = '"
            + red
            + "'");
    server.start();

    EmergencyIT.until(SOON, "red is closed", () -> statusOf(red).equals("closed"));
    assertThat(carriesProperty(red)).isTrue();
    EmergencyIT.until(SOON, "half is closed", () -> statusOf(half).equals("closed"));
    assertThat(atEngine.get("/vnicprofiles/" + first).body()).contains("port_isolation");
    assertThat(atEngine.get("/vnicprofiles/" + second).body()).contains("port_isolation");
    assertThat(statusOf(green)).isEqualTo("open");
    assertThat(carriesProperty(green)).as("its time is not over").isFalse();

    Api.Answer prepared = us.post("/networks/" + blue + "/isolate", "{\"step\":\"prepare\"}");
    assertThat(prepared.status()).as(prepared.toString()).isEqualTo(200);
    assertThat(prepared.json().path("status").asText()).isEqualTo("prepared");
    String twin = prepared.json().path("twin").path("id").asText();
    JsonNode named = atEngine.get("/networks?search=name%3Dtwin*").json().path("network");
    assertThat(named).as("one twin").hasSize(1);
    assertThat(us.get("/networks/" + twin).json().path("port_isolation").asText())
        .isEqualTo("true");
    assertThat(carriesProperty(twin)).isTrue();
    Api.Answer moved =
        us.post("/networks/" + blue + "/isolate", "{\"step\":\"move\",\"all\":true}");
    assertThat(moved.json().path("vnics").path("vnic").path(0).path("status").asText())
        .isEqualTo("moved");
    assertThat(profilesOf(vm)).containsExactly(profile(twin).path("id").asText());
  }

  @Test
  void aMoveThatWasCutShortIsGoneOnWithAndNoVnicIsLost() {
    String violet = network(atEngine, "violet", false);
    String old = profile(violet).path("id").asText();
    List<String> vms =
        Stream.of("vm2", "vm3", "vm4")
            .map(name -> engine.seeds().vm(name, "Default", List.of(UUID.fromString(old))))
            .map(UUID::toString)
            .toList();
    String path = "/networks/" + violet + "/isolate";
    Api.Answer prepared = us.post(path, "{\"step\":\"prepare\",\"name\":\"lilac\"}");
    assertThat(prepared.status()).as(prepared.toString()).isLessThan(300);
    String isolated = profile(prepared.json().path("twin").path("id").asText()).path("id").asText();
    // A vNIC is read and changed, which takes the engine four seconds now.
    vms.forEach(
        vm ->
            engine.faults().delay("/ovirt-engine/api/vms/" + vm + "/nics/", Duration.ofSeconds(2)));
    CompletableFuture<Boolean> moving = cutShort(path, "{\"step\":\"move\",\"all\":true}");
    EmergencyIT.until(
        SOON,
        "the first vNIC has moved",
        () -> vms.stream().anyMatch(vm -> profilesOf(vm).contains(isolated)));

    server.kill();
    engine.faults().clear();
    assertThat(moving.join()).isFalse();
    assertThat(vms)
        .as("cut short in the middle")
        .anySatisfy(vm -> assertThat(profilesOf(vm)).containsExactly(old));
    server.start();

    JsonNode report = us.post(path, "{\"step\":\"move\"}").json();
    assertThat(report.path("vnics").path("vnic").findValuesAsText("status"))
        .containsExactly("moved", "moved", "moved");
    assertThat(vms).allSatisfy(vm -> assertThat(profilesOf(vm)).containsExactly(isolated));
    assertThat(us.post(path, "{\"step\":\"revoke\",\"all\":true}").status()).isEqualTo(200);
    assertThat(vms).allSatisfy(vm -> assertThat(profilesOf(vm)).containsExactly(old));
  }

  /** The profile of each vNIC of a VM, as the engine has it. */
  private static List<String> profilesOf(String vm) {
    List<String> profiles = new ArrayList<>();
    atEngine
        .get("/vms/" + vm + "/nics")
        .json()
        .path("nic")
        .forEach(nic -> profiles.add(nic.path("vnic_profile").path("id").asText()));
    return profiles;
  }
}
