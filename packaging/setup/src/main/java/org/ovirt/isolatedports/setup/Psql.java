// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.setup;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * PostgreSQL by its own client as an administrator: on the engine's machine user postgres needs no
 * password there, which no driver in this JVM could make use of.
 */
public final class Psql {

  private static final Duration LIMIT = Duration.ofMinutes(1);

  private final List<String> command;

  /**
   * By its command, such as {@code runuser -u postgres -- psql} or {@code psql -h db.example.com -U
   * admin}.
   */
  public Psql(String command) {
    this.command = List.of(command.strip().split("\\s+"));
  }

  /**
   * Runs statements in one transaction but for those PostgreSQL lets stand only alone.
   *
   * @return the rows, columns separated by {@code |}
   * @throws SetupException if PostgreSQL cannot be reached or refuses
   */
  List<String> run(String database, String sql) {
    List<String> line = new ArrayList<>(command);
    line.addAll(
        List.of(
            "--no-psqlrc",
            "--no-password",
            "--tuples-only",
            "--no-align",
            "--quiet",
            "--set=ON_ERROR_STOP=1",
            "--dbname=" + database,
            "--file=-"));
    try {
      Path output = Files.createTempFile("psql", ".txt");
      try {
        return run(line, sql, output);
      } finally {
        Files.delete(output);
      }
    } catch (IOException e) {
      throw new SetupException(
          String.join(" ", command)
              + " cannot be run ("
              + e.getMessage()
              + "): install PostgreSQL's client, or say with database.psql how it is called.");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SetupException("Interrupted while " + String.join(" ", command) + " ran.");
    }
  }

  private List<String> run(List<String> line, String sql, Path output)
      throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(line).redirectErrorStream(true).redirectOutput(output.toFile()).start();
    // On standard input, since arguments, with the password of a new role, are seen by all.
    process.getOutputStream().write(sql.getBytes(StandardCharsets.UTF_8));
    process.getOutputStream().close();
    if (!process.waitFor(LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
      throw new SetupException(String.join(" ", command) + " does not end.");
    }
    String said = Files.readString(output);
    if (process.exitValue() != 0) {
      throw new SetupException(
          "PostgreSQL refuses ("
              + String.join(" ", command)
              + "): "
              + said.strip()
              + " Start it, or say with database.psql how an administrator of it calls psql.");
    }
    return said.lines().filter(row -> !row.isBlank()).toList();
  }

  /** A text as a literal of SQL. */
  static String literal(String text) {
    return "'" + text.replace("'", "''") + "'";
  }
}
