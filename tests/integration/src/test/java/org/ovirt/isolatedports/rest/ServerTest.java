// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.rest;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Supplier;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.arquillian.container.test.api.RunAsClient;
import org.jboss.arquillian.junit5.ArquillianExtension;
import org.jboss.arquillian.test.api.ArquillianResource;
import org.jboss.shrinkwrap.api.ShrinkWrap;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.ExtendWith;

/** A test of the server in a real WildFly, asked from outside; each starts with a fresh engine. */
@ExtendWith(ArquillianExtension.class)
@RunAsClient
abstract class ServerTest {

  static final String CLUSTER = "Default";

  /** Bounds a failure; nobody waits for it otherwise. */
  private static final Duration SOON = Duration.ofSeconds(90);

  @ArquillianResource Rig rig;

  private final boolean knowsPortIsolation;

  /** The administrator at our API. */
  Api us;

  /** The administrator at the engine's. */
  Api engine;

  ServerTest(boolean knowsPortIsolation) {
    this.knowsPortIsolation = knowsPortIsolation;
  }

  /** The server as it is built. */
  @Deployment(testable = false)
  public static WebArchive server() {
    return ShrinkWrap.createFromZipFile(
        WebArchive.class,
        Rig.project().resolve("engine-plugin/server/target/ovirt-isolated-ports.war").toFile());
  }

  @BeforeEach
  void freshEngine() {
    rig.freshEngine(knowsPortIsolation);
    openGate(clusterLevel(), true);
    asAdministrator();
    untilTheServerSeesTheEngine();
  }

  /** Logs the administrator in at the engine as it is. */
  void asAdministrator() {
    String token = "Bearer " + Api.token(rig.engineUrl(), "admin");
    engine = new Api(java.net.URI.create(rig.engineUrl() + "/api"), token);
    us = new Api(rig.api(), token);
  }

  /** The server leaves an engine that was exchanged alone until its health says yes. */
  void untilTheServerSeesTheEngine() {
    long end = System.nanoTime() + SOON.toNanos();
    while (us.get("/networks?max=1").status() != 200) {
      if (System.nanoTime() > end) {
        throw new AssertionError(
            "The server does not see the engine: " + us.get("/networks?max=1"));
      }
      Rig.pause(50);
    }
  }

  /** Engines make default profiles after they have answered; a state is one without any to come. */
  private void untilProfilesAreMade() {
    long end = System.nanoTime() + Duration.ofSeconds(30).toNanos();
    while (!profilesAreMade() && System.nanoTime() < end) {
      Rig.pause(50);
    }
  }

  private boolean profilesAreMade() {
    String profiles = engine.get("/vnicprofiles").body();
    for (JsonNode network : engine.get("/networks").json().path("network")) {
      boolean forVms = network.path("usages").path("usage").toString().contains("vm");
      if (forVms && !profiles.contains(network.path("id").asText())) {
        return false;
      }
    }
    return true;
  }

  /** The level of the engine's first cluster. */
  String clusterLevel() {
    return knowsPortIsolation ? "4.8" : "4.4";
  }

  void openGate(String level, boolean open) {
    rig.database()
        .execute(
            org.ovirt.isolatedports.rig.Database.OWN,
            "UPDATE vdc_options SET option_value = '"
                + open
                + "' WHERE option_name = 'IsPortIsolationSupported' AND version = '"
                + level
                + "'");
  }

  Api as(String login) {
    return new Api(rig.api(), "Bearer " + Api.token(rig.engineUrl(), login));
  }

  String dataCenter() {
    return rig.engine().seeds().dataCenter(CLUSTER).toString();
  }

  String cluster() {
    return rig.engine().seeds().cluster(CLUSTER).toString();
  }

  /** What creates an isolated network; {@code more} is appended, such as {@code ,"mtu":9000}. */
  String body(String name, String more) {
    return "{\"name\":\""
        + name
        + "\",\"data_center\":{\"id\":\""
        + dataCenter()
        + "\"},\"port_isolation\":true"
        + more
        + "}";
  }

  /** Creates a network through us. */
  String network(String name, boolean isolated) {
    return created(
        us.post(
            "/networks",
            "{\"name\":\""
                + name
                + "\",\"data_center\":{\"id\":\""
                + dataCenter()
                + "\"},\"port_isolation\":"
                + isolated
                + "}"));
  }

  /** Creates a network through us and attaches it to the first cluster. */
  String attachedNetwork(String name, boolean isolated) {
    String id = network(name, isolated);
    created(us.post("/clusters/" + cluster() + "/networks", "{\"id\":\"" + id + "\"}"));
    return id;
  }

  String created(Api.Answer answer) {
    assertThat(answer.status()).as(answer.toString()).isEqualTo(201);
    return answer.id();
  }

  /** The network's default profile, which an engine makes after it has answered. */
  String profileOf(String network) {
    long end = System.nanoTime() + SOON.toNanos();
    while (System.nanoTime() < end) {
      JsonNode profiles =
          engine.get("/networks/" + network + "/vnicprofiles").json().path("vnic_profile");
      if (!profiles.isEmpty()) {
        return profiles.path(0).path("id").asText();
      }
      Rig.pause(50);
    }
    throw new AssertionError("The engine made no profile for network " + network + ".");
  }

  String vm(String name) {
    return rig.engine().seeds().vm(name, CLUSTER, List.of()).toString();
  }

  static UUID uuid(String text) {
    return UUID.fromString(text);
  }

  /** All of the engine that the tests could change. */
  List<String> engineState() {
    List<String> state = new ArrayList<>();
    JsonNode clusters = engine.get("/clusters").json();
    state.add(clusters.toString());
    clusters
        .path("cluster")
        .forEach(
            c -> state.add(engine.get("/clusters/" + c.path("id").asText() + "/networks").body()));
    state.add(engine.get("/networks").body());
    state.add(engine.get("/vnicprofiles").body());
    engine
        .get("/vms")
        .json()
        .path("vm")
        .forEach(
            vm -> {
              state.add(vm.path("cluster").toString());
              state.add(engine.get("/vms/" + vm.path("id").asText() + "/nics").body());
            });
    return state;
  }

  /** Sends a request that must be refused, and change nothing anywhere. */
  void refused(int status, String detail, Supplier<Api.Answer> request) {
    assertThat(refused(status, request)).isEqualTo("[" + detail + "]");
  }

  /** The same where the engine's own words name what differs from engine to engine. */
  void refusedWith(int status, String detail, Supplier<Api.Answer> request) {
    assertThat(refused(status, request)).startsWith("[" + detail);
  }

  private String refused(int status, Supplier<Api.Answer> request) {
    untilProfilesAreMade();
    List<String> engineBefore = engineState();
    List<String> rowsBefore = rig.storedRows();
    Api.Answer answer = request.get();
    assertThat(answer.status()).as(answer.toString()).isEqualTo(status);
    assertThat(answer.json().path("reason").asText()).isEqualTo("Operation Failed");
    assertThat(rig.storedRows()).as("our store").isEqualTo(rowsBefore);
    assertThat(engineState()).as("the engine").isEqualTo(engineBefore);
    return answer.detail();
  }
}
