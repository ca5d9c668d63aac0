// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.setup;

import java.io.IOException;
import java.io.Reader;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** What set-up has to be told: a file of lines {@code name=value}. */
public final class Answers {

  static final String KEPT = "answers.";

  /** All names, with what is taken where the file says nothing; empty where it has to. */
  private static final Map<String, String> DEFAULTS = new TreeMap<>();

  static {
    DEFAULTS.put("engine.url", "");
    DEFAULTS.put("engine.ca-file", "/etc/pki/ovirt-engine/ca.pem");
    DEFAULTS.put("engine.user", "");
    DEFAULTS.put("engine.password-file", "");
    DEFAULTS.put("engine.config-command", "engine-config");
    DEFAULTS.put("engine.database", "engine");
    DEFAULTS.put("database.psql", "runuser -u postgres -- psql");
    DEFAULTS.put("database.address", "127.0.0.1:5432");
    DEFAULTS.put("server.settings-file", "/etc/ovirt-isolated-ports/conf.d/50-setup.conf");
    DEFAULTS.put("server.health-url", "http://127.0.0.1:18783/health/ready");
    DEFAULTS.put("hosts.port", "18782");
    DEFAULTS.put("hosts.ca-file", "/etc/pki/ovirt-engine/ca.pem");
    DEFAULTS.put("hosts.keystore", "");
    DEFAULTS.put("hosts.keystore-password-file", "");
  }

  /** Without these the server runs all the same, and hosts cannot ask it. */
  private static final Set<String> OPTIONAL =
      Set.of("hosts.keystore", "hosts.keystore-password-file");

  private final Map<String, String> values;

  private Answers(Map<String, String> values) {
    this.values = values;
  }

  /**
   * Reads a file.
   *
   * @throws SetupException if it cannot be read, has a name nobody asks for, or lacks one
   */
  public static Answers read(Path file) {
    Properties properties = new Properties();
    try (Reader in = Files.newBufferedReader(file)) {
      properties.load(in);
    } catch (IOException | IllegalArgumentException e) {
      throw new SetupException("The answers " + file + " cannot be read: " + e.getMessage() + ".");
    }
    Map<String, String> given = new TreeMap<>();
    properties.stringPropertyNames().forEach(name -> given.put(name, properties.getProperty(name)));
    return checked(given, file.toString());
  }

  /** Those of the last set-up. */
  public static Answers kept(SetupRecord record) {
    Map<String, String> given = record.under(KEPT);
    if (given.isEmpty()) {
      throw new SetupException(
          "Nothing was set up from here: give the answers of the set-up with --answers FILE.");
    }
    return checked(given, "the record of the set-up");
  }

  private static Answers checked(Map<String, String> given, String where) {
    TreeSet<String> unknown = new TreeSet<>(given.keySet());
    unknown.removeAll(DEFAULTS.keySet());
    if (!unknown.isEmpty()) {
      throw new SetupException(
          "The answers "
              + where
              + " have "
              + String.join(", ", unknown)
              + ", which nobody asks for. The names are: "
              + String.join(", ", DEFAULTS.keySet())
              + ".");
    }
    Map<String, String> values = new TreeMap<>(DEFAULTS);
    values.putAll(given);
    TreeSet<String> missing = new TreeSet<>();
    values.forEach(
        (name, value) -> {
          if (value.isBlank() && DEFAULTS.get(name).isEmpty() && !OPTIONAL.contains(name)) {
            missing.add(name);
          }
        });
    if (!missing.isEmpty()) {
      throw new SetupException(
          "The answers " + where + " lack " + String.join(", ", missing) + ": add them.");
    }
    return new Answers(values);
  }

  String get(String name) {
    return values.get(name);
  }

  Path file(String name) {
    return Path.of(values.get(name));
  }

  /** The engine's URL. */
  public URI engineUrl() {
    try {
      URI url = URI.create(get("engine.url"));
      if (url.getHost() != null && url.getScheme().matches("https?")) {
        return url;
      }
    } catch (IllegalArgumentException e) {
      // Said below.
    }
    throw new SetupException(
        "engine.url is \""
            + get("engine.url")
            + "\", which is no URL of an engine: give one such as"
            + " https://engine.example.com/ovirt-engine.");
  }

  /** Certificates that vouch for the engine's; empty where the engine is asked without TLS. */
  public Optional<Path> engineCa() {
    if (engineUrl().getScheme().equals("http")) {
      return Optional.empty();
    }
    Path file = file("engine.ca-file");
    if (!Files.isReadable(file)) {
      throw new SetupException(
          "engine.ca-file is "
              + file
              + ", which cannot be read: give the engine's CA, which it"
              + " keeps in /etc/pki/ovirt-engine/ca.pem.");
    }
    return Optional.of(file);
  }

  /** The server's account at the engine. */
  public String user() {
    return get("engine.user");
  }

  /** Its password. */
  public String password() {
    Path file = file("engine.password-file");
    try {
      return Files.readAllLines(file).stream().findFirst().orElse("");
    } catch (IOException e) {
      throw new SetupException(
          "engine.password-file is "
              + file
              + ", which cannot be read: put the password of "
              + user()
              + " into its first line.");
    }
  }

  /** The settings of the server that follow from these answers. */
  Map<String, String> settings(Secrets secrets) {
    Map<String, String> settings = new LinkedHashMap<>();
    settings.put("ISOLATED_PORTS_ENGINE_URL", engineUrl().toString());
    engineCa().ifPresent(file -> settings.put("ISOLATED_PORTS_ENGINE_CA_FILE", file.toString()));
    settings.put("ISOLATED_PORTS_ENGINE_USER", user());
    settings.put("ISOLATED_PORTS_ENGINE_PASSWORD", password());
    String server = "jdbc:postgresql://" + get("database.address") + "/";
    settings.put("ISOLATED_PORTS_DB_URL", server + DatabasePiece.NAME);
    settings.put("ISOLATED_PORTS_DB_USER", DatabasePiece.NAME);
    settings.put(SettingsPiece.DB_PASSWORD, secrets.database());
    settings.put("ISOLATED_PORTS_ENGINE_DB_URL", server + get("engine.database"));
    settings.put("ISOLATED_PORTS_ENGINE_DB_USER", LevelGatePiece.ROLE);
    settings.put(SettingsPiece.ENGINE_DB_PASSWORD, secrets.engineDatabase());
    HostListener.of(this).ifPresent(listener -> settings.putAll(listener.settings()));
    return settings;
  }

  /** To be kept for verify and remove. */
  Map<String, String> toKeep() {
    Map<String, String> kept = new TreeMap<>();
    values.forEach((name, value) -> kept.put(KEPT + name, value));
    return kept;
  }
}
