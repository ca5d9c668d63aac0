// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.rig;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;

/**
 * A real PostgreSQL of our own with two databases: {@code ovirt_isolated_ports}, which is the
 * server's, and {@code engine}, of which the server may read {@code vdc_options}.
 */
public final class Database implements AutoCloseable {

  /** The server's own database. */
  public static final String OWN = "ovirt_isolated_ports";

  /** The engine's database. */
  public static final String ENGINE = "engine";

  /** The embedded PostgreSQL's own property. */
  private static final String SHARED_PROGRAMS = "ot.epg.working-dir";

  private static final Duration START_LIMIT = Duration.ofMinutes(2);

  private static final String USER = "postgres";

  private final EmbeddedPostgres postgres;

  private Database(EmbeddedPostgres postgres) {
    this.postgres = postgres;
  }

  /**
   * Starts it.
   *
   * @param directory where its files go; gone again after {@link #close()}
   */
  public static Database start(Path directory) {
    Database database = startBare(directory);
    database.execute(USER, "CREATE DATABASE " + OWN);
    return database;
  }

  /**
   * Starts it with the engine's database alone, as it is before our set-up.
   *
   * @param directory where its files go; gone again after {@link #close()}
   */
  public static Database startBare(Path directory) {
    try {
      EmbeddedPostgres.Builder builder =
          EmbeddedPostgres.builder()
              .setDataDirectory(directory.resolve("postgresql"))
              .setPort(Ports.free())
              .setPGStartupWait(START_LIMIT)
              .setCleanDataDirectory(true);
      // Tests unpack its programs once for all of them, and say where.
      if (System.getProperty(SHARED_PROGRAMS) == null) {
        builder.setOverrideWorkingDirectory(directory.resolve("postgresql-binaries").toFile());
      }
      EmbeddedPostgres postgres = builder.start();
      Database database = new Database(postgres);
      database.execute(USER, "CREATE DATABASE " + ENGINE);
      return database;
    } catch (IOException e) {
      throw new UncheckedIOException("The embedded PostgreSQL does not start", e);
    }
  }

  /** The JDBC URL of one of the databases. */
  public String url(String name) {
    return postgres.getJdbcUrl(USER, name);
  }

  /** The port it listens on, on loopback. */
  public int port() {
    return postgres.getPort();
  }

  /** Who may connect. */
  public String user() {
    return USER;
  }

  /** Runs a statement in one of the databases. */
  public void execute(String database, String sql) {
    try (Connection connection = connect(database);
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    } catch (SQLException e) {
      throw new IllegalStateException("PostgreSQL refuses: " + sql, e);
    }
  }

  /** A connection to one of the databases, for assertions. */
  public Connection connect(String database) throws SQLException {
    return postgres.getDatabase(USER, database).getConnection();
  }

  @Override
  public void close() {
    try {
      postgres.close();
    } catch (IOException e) {
      throw new UncheckedIOException("The embedded PostgreSQL does not stop", e);
    }
  }
}
