// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.packages;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.ovirt.isolatedports.rig.Database;
import org.ovirt.isolatedports.rig.Ports;
import org.ovirt.isolatedports.standin.EngineStandIn;

/**
 * What set-up meets on an engine's machine: a real PostgreSQL with the engine's {@code
 * vdc_options}, the tool engine-config, and an engine's stand-in.
 */
final class EnginesMachine implements AutoCloseable {

  static final String SHIPPED =
      "{type=interface;prop={SecurityGroups=^(?:(?:[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12},"
          + " *)*[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}|)$}}";

  private final Path work;
  private final Database database;
  private final EngineStandIn engine;

  private EnginesMachine(Path work, Database database, EngineStandIn engine) {
    this.work = work;
    this.database = database;
    this.engine = engine;
  }

  static EnginesMachine start(Path work) throws IOException {
    Database database = Database.startBare(work);
    database.execute(
        Database.ENGINE,
        "CREATE TABLE vdc_options (option_id serial, option_name varchar(100) NOT NULL, option_value"
            + " varchar(4000) NOT NULL, version varchar(40) NOT NULL DEFAULT 'general', default_value"
            + " varchar(4000))");
    EngineStandIn engine = EngineStandIn.builder().port(Ports.free()).start();
    EnginesMachine machine = new EnginesMachine(work, database, engine);
    for (String level : List.of("4.2", "4.3", "4.4", "4.5", "4.6", "4.7", "4.8")) {
      machine.option("CustomDeviceProperties", SHIPPED, level);
      boolean isolation = level.compareTo("4.5") >= 0;
      machine.option("IsPortIsolationSupported", String.valueOf(isolation), level);
    }
    machine.option("AdminPassword", "secret", "general");
    Path tool = work.resolve("engine-config");
    try (InputStream in = EnginesMachine.class.getResourceAsStream("engine-config.py")) {
      Files.write(tool, in.readAllBytes());
    }
    Files.setPosixFilePermissions(tool, PosixFilePermissions.fromString("rwxr-xr-x"));
    return machine;
  }

  private void option(String name, String value, String level) {
    database.execute(
        Database.ENGINE,
        "INSERT INTO vdc_options (option_name, option_value, version) VALUES ('%s', '%s', '%s')"
            .formatted(name, value, level));
  }

  Database database() {
    return database;
  }

  EngineStandIn engine() {
    return engine;
  }

  /** How psql reaches this PostgreSQL as its administrator. */
  String psql() {
    return "psql -h 127.0.0.1 -p " + database.port() + " -U postgres";
  }

  Path engineConfig() {
    return work.resolve("engine-config");
  }

  /** Runs a command with what the tools need in its environment. */
  Command run(String... line) {
    return Command.run(Map.of("PSQL", psql() + " -d " + Database.ENGINE), List.of(line));
  }

  /** An option by level. */
  Map<String, String> levels(String name) throws SQLException {
    Map<String, String> levels = new TreeMap<>();
    try (Connection connection = database.connect(Database.ENGINE);
        Statement statement = connection.createStatement();
        ResultSet rows =
            statement.executeQuery(
                "SELECT version, option_value FROM vdc_options WHERE option_name = '"
                    + name
                    + "'")) {
      while (rows.next()) {
        levels.put(rows.getString(1), rows.getString(2));
      }
    }
    return levels;
  }

  @Override
  public void close() {
    engine.close();
    database.close();
  }
}
