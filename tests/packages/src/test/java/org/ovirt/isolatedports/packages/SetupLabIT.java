// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.packages;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.ovirt.isolatedports.rig.Database;
import org.ovirt.isolatedports.rig.Ports;

/** isolated-ports-setup from answers to removal, on a real PostgreSQL. */
class SetupLabIT {

  private static final String SETUP =
      Packages.PROJECT.resolve("packaging/setup/target/isolated-ports-setup").toString();
  private static final String PROPERTY =
      ";port_isolation=^(true|isolated|promiscuous|community:[A-Za-z0-9_-]{1,32})$}}";
  private static final int RESTART = 3;

  @TempDir private Path work;
  private EnginesMachine machine;
  private Map<String, String> answers;

  @BeforeEach
  void start() throws IOException {
    machine = EnginesMachine.start(work);
    Files.writeString(work.resolve("password"), "admin\n");
    answers = new TreeMap<>();
    answers.put("engine.url", machine.engine().url() + "/ovirt-engine");
    answers.put("engine.user", "admin@internal");
    answers.put("engine.password-file", work.resolve("password").toString());
    answers.put("engine.config-command", machine.engineConfig().toString());
    answers.put("database.psql", machine.psql());
    answers.put("database.address", "127.0.0.1:" + machine.database().port());
    answers.put("server.settings-file", settings().toString());
    answers.put("server.health-url", "http://127.0.0.1:" + Ports.free() + "/health/ready");
  }

  @AfterEach
  void stop() {
    machine.close();
  }

  private Path settings() {
    return work.resolve("conf.d/50-setup.conf");
  }

  private Command setup(String... arguments) throws IOException {
    List<String> lines = new ArrayList<>();
    answers.forEach((name, value) -> lines.add(name + "=" + value));
    Files.write(work.resolve("answers"), lines);
    List<String> line = new ArrayList<>(List.of(SETUP));
    line.addAll(List.of(arguments));
    line.addAll(List.of("--record", work.resolve("record/setup.properties").toString()));
    return machine.run(line.toArray(String[]::new));
  }

  private Command setUp() throws IOException {
    return setup("--answers", work.resolve("answers").toString());
  }

  private void setUpWell() throws IOException {
    Command first = setUp();
    assertThat(first.code()).as(first.output()).isEqualTo(RESTART);
  }

  /** All that set-up may change, as it is. */
  private Map<String, String> everything() throws SQLException, IOException {
    Map<String, String> all = new TreeMap<>(machine.levels("CustomDeviceProperties"));
    all.put("gate", machine.levels("IsPortIsolationSupported").toString());
    all.put("roles", query("postgres", "SELECT string_agg(rolname, ',' ORDER BY 1) FROM pg_roles"));
    all.put(
        "databases",
        query("postgres", "SELECT string_agg(datname, ',' ORDER BY 1) FROM pg_database"));
    all.put(
        "schemas",
        query(Database.ENGINE, "SELECT string_agg(nspname, ',' ORDER BY 1) FROM pg_namespace"));
    all.put("settings", Files.exists(settings()) ? Files.readString(settings()) : "");
    return all;
  }

  private String query(String database, String sql) throws SQLException {
    try (Connection connection = machine.database().connect(database);
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      rows.next();
      return rows.getString(1);
    }
  }

  @Test
  void checkSaysWhatWouldChangeAndChangesNothing() throws IOException, SQLException {
    Map<String, String> before = everything();

    Command checked = setup("--answers", work.resolve("answers").toString(), "--check");

    assertThat(checked.code()).as(checked.output()).isZero();
    assertThat(checked.output())
        .contains(
            "Write " + settings(),
            "Create the role ovirt_isolated_ports and the database ovirt_isolated_ports.",
            "Create the role ovirt_isolated_ports_reader with one view",
            "Add port_isolation to CustomDeviceProperties of the levels 4.2, 4.3, 4.4, 4.5, 4.6, 4.7, 4.8.");
    assertThat(everything()).isEqualTo(before);
  }

  @Test
  void setsUpOnceAndASecondRunChangesNothing() throws IOException, SQLException {
    setUpWell();
    Map<String, String> after = everything();

    Command second = setUp();

    assertThat(second.output()).isEqualTo("Nothing to do.\n");
    assertThat(second.code()).isZero();
    assertThat(everything()).isEqualTo(after);
    String merged =
        EnginesMachine.SHIPPED.substring(0, EnginesMachine.SHIPPED.length() - 2) + PROPERTY;
    assertThat(machine.levels("CustomDeviceProperties").values()).hasSize(7).containsOnly(merged);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(settings())))
        .isEqualTo("rw-------");
  }

  @Test
  void removePutsBackExactlyWhatWasThere() throws IOException, SQLException {
    Map<String, String> before = everything();
    setUpWell();

    Command removed = setup("remove");

    assertThat(removed.code()).as(removed.output()).isEqualTo(RESTART);
    assertThat(everything()).isEqualTo(before);
    assertThat(work.resolve("record/setup.properties")).doesNotExist();
    assertThat(setup("remove").output()).contains("Nothing was set up from here");
  }

  @Test
  void whatOthersAddedSinceStaysAfterRemove() throws IOException, SQLException {
    setUpWell();
    String theirs =
        "{type=disk;prop={fast=^(yes|no)$}};" + machine.levels("CustomDeviceProperties").get("4.7");
    machine
        .run(
            machine.engineConfig().toString(),
            "-s",
            "CustomDeviceProperties=" + theirs,
            "--cver=4.7")
        .good();

    setup("remove");

    assertThat(machine.levels("CustomDeviceProperties"))
        .containsEntry("4.7", "{type=disk;prop={fast=^(yes|no)$}};" + EnginesMachine.SHIPPED)
        .containsEntry("4.6", EnginesMachine.SHIPPED);
  }

  @Test
  void theReaderSeesOneOptionAndNothingElse() throws IOException, SQLException {
    setUpWell();
    Map<String, String> written = new TreeMap<>();
    for (String line : Files.readAllLines(settings())) {
      if (!line.startsWith("#")) {
        written.put(line.substring(0, line.indexOf('=')), line.substring(line.indexOf('=') + 1));
      }
    }

    try (Connection connection =
            DriverManager.getConnection(
                written.get("ISOLATED_PORTS_ENGINE_DB_URL"),
                written.get("ISOLATED_PORTS_ENGINE_DB_USER"),
                written.get("ISOLATED_PORTS_ENGINE_DB_PASSWORD"));
        Statement statement = connection.createStatement()) {
      // As the server asks, by the table's own name.
      List<String> seen = new ArrayList<>();
      try (ResultSet rows =
          statement.executeQuery("SELECT DISTINCT option_name FROM vdc_options")) {
        while (rows.next()) {
          seen.add(rows.getString(1));
        }
      }
      assertThat(seen).containsExactly("IsPortIsolationSupported");
      assertThatThrownBy(() -> statement.executeQuery("SELECT * FROM public.vdc_options"))
          .hasMessageContaining("permission denied");
      assertThatThrownBy(
              () -> statement.executeUpdate("UPDATE vdc_options SET option_value = 'true'"))
          .hasMessageContaining("permission denied");
    }
    try (Connection own =
        DriverManager.getConnection(
            written.get("ISOLATED_PORTS_DB_URL"),
            written.get("ISOLATED_PORTS_DB_USER"),
            written.get("ISOLATED_PORTS_DB_PASSWORD"))) {
      assertThat(own.isValid(10)).isTrue();
    }
  }

  @Test
  void verifyNamesWhatIsMissingAndTheLineThatMendsIt() throws IOException {
    setUpWell();

    Command verified = setup("verify", "--json");

    assertThat(verified.code()).isEqualTo(1);
    Map<String, Boolean> pieces = new TreeMap<>();
    Map<String, String> cures = new TreeMap<>();
    for (JsonNode piece : new ObjectMapper().readTree(verified.output())) {
      pieces.put(piece.path("name").textValue(), piece.path("ok").booleanValue());
      cures.put(piece.path("name").textValue(), piece.path("mend").asText());
    }
    assertThat(pieces)
        .containsOnly(
            Map.entry("engine", true),
            Map.entry("settings", true),
            Map.entry("database", true),
            Map.entry("level-gate", true),
            Map.entry("property", true),
            Map.entry("server", false),
            Map.entry("httpd", false));
    assertThat(cures)
        .containsEntry("server", "systemctl start ovirt-isolated-ports")
        .containsEntry("httpd", "systemctl reload httpd");
  }

  @Test
  void wrongAnswersAreSaidInASentenceAndNothingIsDone() throws IOException, SQLException {
    Map<String, String> before = everything();
    Map<String, String> good = new TreeMap<>(answers);
    Files.writeString(work.resolve("wrong"), "wrong\n");

    refused(
        Map.of("engine.url", "engine.example.com"),
        "which is no URL of an engine: give one such as");
    refused(Map.of("engine.url", "http://127.0.0.1:1/ovirt-engine"), "Set engine.url");
    refused(
        Map.of("engine.url", "https://127.0.0.1/ovirt-engine", "engine.ca-file", "/nowhere"),
        "give the engine's CA");
    refused(
        Map.of("engine.password-file", work.resolve("wrong").toString()),
        "does not let admin@internal in");
    refused(Map.of("engine.password-file", "/nowhere"), "put the password of admin@internal");
    refused(Map.of("database.psql", "psql -h 127.0.0.1 -p 1 -U postgres"), "PostgreSQL refuses");
    refused(Map.of("database.psql", "/nowhere/psql"), "install PostgreSQL's client");
    refused(
        Map.of("engine.config-command", "/nowhere/engine-config"),
        "run this on the engine's machine");
    refused(Map.of("enigne.url", "x"), "which nobody asks for");

    answers = good;
    assertThat(everything()).isEqualTo(before);
  }

  private void refused(Map<String, String> wrong, String sentence) throws IOException {
    Map<String, String> good = new TreeMap<>(answers);
    answers.putAll(wrong);
    Command said = setUp();
    answers = good;
    assertThat(said.code()).as(said.output()).isEqualTo(1);
    assertThat(said.output()).contains(sentence).doesNotContain("\tat ");
  }
}
