// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.rest;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.ovirt.isolatedports.rig.Database;
import org.ovirt.isolatedports.rig.PluginServer;
import org.ovirt.isolatedports.standin.EngineStandIn;

/** {@code kill -9}: what was acknowledged is there, what was half done is completed at restart. */
class CrashIT {

  private static final Duration SOON = Duration.ofSeconds(90);
  private static final String ROW_OF = "SELECT 1 FROM isolated_network WHERE name = ";

  @TempDir Path work;

  private Database database;
  private EngineStandIn engine;
  private PluginServer server;

  @BeforeEach
  void start() {
    database = Database.start(work);
    engine =
        EngineStandIn.builder()
            .nativePortIsolation(false)
            .portIsolationPropertyRegistered()
            .start();
    server =
        new PluginServer(Rig.project(), work, database, engineUrl())
            .with("isolated-ports.engine.user", "admin@internal")
            .with("isolated-ports.engine.password", "admin")
            .with("isolated-ports.engine.timeout-ms", "60000");
    server.start();
  }

  @AfterEach
  void stop() {
    server.close();
    engine.close();
    database.close();
  }

  private URI engineUrl() {
    return URI.create("http://127.0.0.1:" + engine.url().getPort() + "/ovirt-engine");
  }

  private Api us() {
    return new Api(
        server.url().resolve("/ovirt-isolated-ports/api"),
        "Bearer " + Api.token(engineUrl(), "admin"));
  }

  private Api.Answer create(String name) {
    return us().post(
            "/networks",
            "{\"name\":\""
                + name
                + "\",\"port_isolation\":true,\"data_center\":{\"id\":\""
                + engine.seeds().dataCenter("Default")
                + "\"}}");
  }

  @Test
  void nothingAcknowledgedIsLostAndNothingHalfDoneStaysOpen() throws Exception {
    List<String> acknowledged = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      Api.Answer answer = create("done" + i);
      assertThat(answer.status()).as(answer.toString()).isEqualTo(201);
      acknowledged.add(answer.id());
    }
    // The engine has the network and takes its time over its profiles; and it has not made the
    // other one yet when we are killed: only the name leads to that.
    engine.faults().delay("/ovirt-engine/api/networks/", Duration.ofMinutes(2));
    CompletableFuture<Boolean> cut = cutShort("cut");
    await("cut is in our store", () -> rows(ROW_OF + "'cut'") == 1);
    engine.faults().delay("/ovirt-engine/api/networks", Duration.ofSeconds(10));
    engine.calls().reset();
    CompletableFuture<Boolean> unborn = cutShort("unborn");
    await("unborn is in the journal", () -> rows("SELECT 1 FROM engine_change") == 2);
    // The journal comes before the request.
    await(
        "the engine is asked for unborn",
        () -> engine.calls().count("POST", "/ovirt-engine/api/networks") > 0);
    server.kill();
    assertThat(cut.join()).isFalse();
    assertThat(unborn.join()).isFalse();
    assertThat(rows(ROW_OF + "'unborn'")).as("killed before the engine answered").isZero();
    engine.faults().clear();
    Api atEngine =
        new Api(URI.create(engineUrl() + "/api"), "Bearer " + Api.token(engineUrl(), "admin"));
    await("the engine goes on with unborn", () -> named(atEngine, "unborn").size() == 1);

    server.start();

    await("no change is open", () -> rows("SELECT 1 FROM engine_change") == 0);
    for (String id : acknowledged) {
      assertThat(us().get("/networks/" + id).json().path("port_isolation").asText())
          .isEqualTo("true");
    }
    for (String name : List.of("cut", "unborn")) {
      JsonNode found = named(us(), name);
      assertThat(found).as("completed, not undone").hasSize(1);
      assertThat(found.path(0).path("port_isolation").asText()).isEqualTo("true");
      assertThat(
              atEngine
                  .get("/networks/" + found.path(0).path("id").asText() + "/vnicprofiles")
                  .body())
          .contains("\"port_isolation\"");
    }
    assertThat(rows("SELECT 1 FROM isolated_network")).isEqualTo(5);
  }

  private static JsonNode named(Api by, String name) {
    return by.get("/networks?search=name%3D" + name).json().path("network");
  }

  /** Sends what the server is not to live to answer. */
  private CompletableFuture<Boolean> cutShort(String name) {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            return create(name).status() < 300;
          } catch (UncheckedIOException e) {
            return false;
          }
        });
  }

  private static void await(String what, Callable<Boolean> condition) throws Exception {
    Instant limit = Instant.now().plus(SOON);
    while (!condition.call()) {
      assertThat(Instant.now()).as(what).isBefore(limit);
      Rig.pause(20);
    }
  }

  private int rows(String sql) throws SQLException, IOException {
    try (Connection connection = database.connect(Database.OWN);
        Statement statement = connection.createStatement();
        ResultSet found = statement.executeQuery(sql)) {
      int count = 0;
      while (found.next()) {
        count++;
      }
      return count;
    }
  }
}
