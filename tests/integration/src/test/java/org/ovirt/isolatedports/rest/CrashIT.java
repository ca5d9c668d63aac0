// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.rest;

import static org.assertj.core.api.Assertions.assertThat;

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
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.ovirt.isolatedports.rig.Database;
import org.ovirt.isolatedports.rig.PluginServer;
import org.ovirt.isolatedports.standin.EngineStandIn;

/** {@code kill -9}: what was acknowledged is there, what was half done is completed at restart. */
class CrashIT {

  private static final Duration RECOVERY = Duration.ofSeconds(60);

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
            .with("isolated-ports.engine.password", "admin");
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
    // The engine takes its time over the profiles, and we are killed while it does.
    engine.faults().delay("/ovirt-engine/api/networks/", Duration.ofSeconds(3));
    AtomicBoolean answered = new AtomicBoolean();
    Thread caller =
        new Thread(
            () -> {
              try {
                answered.set(create("cut").status() == 201);
              } catch (UncheckedIOException e) {
                // The server was killed: that is no answer.
              }
            });
    caller.start();
    awaitOpenChange();
    server.kill();
    caller.join();
    assertThat(answered).isFalse();
    engine.faults().clear();
    server.start();
    Instant limit = Instant.now().plus(RECOVERY);
    while (rows("SELECT 1 FROM engine_change") > 0 && Instant.now().isBefore(limit)) {
      Rig.pause(500);
    }
    assertThat(rows("SELECT 1 FROM engine_change")).as("changes still open").isZero();
    for (String id : acknowledged) {
      assertThat(us().get("/networks/" + id).json().path("port_isolation").asText())
          .isEqualTo("true");
    }
    var cut = us().get("/networks?search=name%3Dcut").json().path("network");
    if (!cut.isEmpty()) {
      assertThat(cut.path(0).path("port_isolation").asText()).isEqualTo("true");
      String profiles =
          us().get("/networks/" + cut.path(0).path("id").asText() + "/vnicprofiles").body();
      assertThat(profiles).contains("\"port_isolation\"");
    }
    assertThat(rows("SELECT 1 FROM isolated_network")).isEqualTo(3 + cut.size());
  }

  private void awaitOpenChange() throws Exception {
    Instant limit = Instant.now().plusSeconds(20);
    while (rows("SELECT 1 FROM engine_change") == 0) {
      assertThat(Instant.now()).as("the change never began").isBefore(limit);
      Rig.pause(20);
    }
    // Into the middle of it.
    Rig.pause(700);
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
