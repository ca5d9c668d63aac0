// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.setup;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The server's settings in {@code conf.d/50-setup.conf}, readable by root alone. */
public final class SettingsPiece implements Piece {

  static final String DB_PASSWORD = "ISOLATED_PORTS_DB_PASSWORD";
  static final String ENGINE_DB_PASSWORD = "ISOLATED_PORTS_ENGINE_DB_PASSWORD";

  private static final String MADE = "settings.made";
  private static final String HEAD =
      "# Written by isolated-ports-setup; settings of your own belong in 90-local.conf.\n";

  private final Path file;
  private final Map<String, String> wanted;

  /**
   * The piece.
   *
   * @param file where they go
   * @param wanted variables and their values, in the order to write them
   */
  public SettingsPiece(Path file, Map<String, String> wanted) {
    this.file = file;
    this.wanted = new LinkedHashMap<>(wanted);
  }

  /** What a settings file says; empty if there is none. */
  public static Map<String, String> read(Path file) {
    Map<String, String> settings = new LinkedHashMap<>();
    if (Files.exists(file)) {
      try {
        for (String line : Files.readAllLines(file)) {
          int equals = line.indexOf('=');
          if (equals > 0 && !line.startsWith("#")) {
            settings.put(line.substring(0, equals), line.substring(equals + 1));
          }
        }
      } catch (IOException e) {
        throw new SetupException(
            file + " cannot be read: " + e.getMessage() + ". Run this as root.");
      }
    }
    return settings;
  }

  @Override
  public String name() {
    return "settings";
  }

  @Override
  public Finding look() {
    if (read(file).equals(wanted)) {
      return new Finding.Good("The server's settings are in " + file + ".");
    }
    return new Finding.Missing(
        Files.exists(file)
            ? "The server's settings in " + file + " are not those of the answers."
            : "The server has no settings in " + file + ".",
        "Write " + file + ".",
        "isolated-ports-setup --answers FILE, then systemctl restart ovirt-isolated-ports");
  }

  @Override
  public List<String> make(SetupRecord record) {
    if (read(file).equals(wanted)) {
      return List.of();
    }
    record.keep(Map.of(MADE, file.toString()));
    StringBuilder text = new StringBuilder(HEAD);
    wanted.forEach((name, value) -> text.append(name).append('=').append(value).append('\n'));
    try {
      Files.createDirectories(file.toAbsolutePath().getParent());
      Path next =
          Files.createTempFile(
              file.toAbsolutePath().getParent(),
              ".50-setup",
              "",
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      Files.write(next, text.toString().getBytes(StandardCharsets.UTF_8));
      Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new SetupException(
          file + " cannot be written: " + e.getMessage() + ". Run this as root.");
    }
    return List.of("Wrote " + file + "; restart ovirt-isolated-ports.");
  }

  @Override
  public List<String> undo(SetupRecord record) {
    if (record.get(MADE).isEmpty()) {
      return List.of();
    }
    Path made = Path.of(record.get(MADE).orElseThrow());
    try {
      Files.deleteIfExists(made);
    } catch (IOException e) {
      throw new SetupException(made + " cannot be removed: " + e.getMessage() + ".");
    }
    record.remove(MADE);
    return List.of("Removed " + made + ".");
  }
}
