// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.rest;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.ovirt.isolatedports.engine.TestAuthority;
import org.ovirt.isolatedports.rig.Database;
import org.ovirt.isolatedports.rig.PluginServer;
import org.ovirt.isolatedports.rig.Ports;
import org.ovirt.isolatedports.standin.EngineStandIn;

/**
 * What the server under test needs around it, in the JVM of the tests: a real PostgreSQL and the
 * engine's stand-in. Arquillian starts the server itself.
 */
public final class Rig implements AutoCloseable {

  private static final List<String> TABLES =
      List.of(
          "policy_pin",
          "policy_revision",
          "vm_label",
          "vnic_address",
          "vm_said",
          "emergency",
          "moving_in_vnic",
          "moving_in_profile",
          "moving_in",
          "isolated_network",
          "engine_change",
          "serving_profile",
          "network_hairpin",
          "network_uplink",
          "network_gateway");

  private final Path work;
  private final Database database;
  private final int enginePort = Ports.free();
  private final int httpPort = Ports.free();
  private final int schedulerPort = Ports.free();
  private final int hostsPort = Ports.free();

  /** The engine's certificate authority. */
  private final TestAuthority authority = new TestAuthority("engine CA");

  private EngineStandIn engine;
  private boolean nativePortIsolation;

  private Rig(Path work) {
    this.work = work;
    this.database = Database.start(work);
    this.engine = engine(false);
  }

  /** Starts it, and tells Arquillian's configuration its ports. */
  static Rig start() {
    try {
      Rig rig = new Rig(Files.createTempDirectory("isolated-ports-rest"));
      rig.configure();
      return rig;
    } catch (IOException e) {
      throw new UncheckedIOException("The rig's directory cannot be made", e);
    }
  }

  private void configure() throws IOException {
    Path home = project().resolve("engine-plugin/server/target/server");
    Path base = work.resolve("wildfly");
    copyTree(home.resolve("standalone"), base);
    Map<String, String> properties = new LinkedHashMap<>();
    properties.put("jboss.server.base.dir", base.toString());
    properties.put("jboss.management.http.port", String.valueOf(Ports.free()));
    properties.put("isolated-ports.http.port", String.valueOf(httpPort));
    properties.put("isolated-ports.scheduler.port", String.valueOf(schedulerPort));
    properties.put("isolated-ports.hosts.port", String.valueOf(hostsPort));
    properties.put("isolated-ports.hosts.address", "127.0.0.1");
    properties.put(
        "isolated-ports.hosts.ca-file",
        authority.writeAuthority(work.resolve("ca.pem")).toString());
    properties.put(
        "isolated-ports.hosts.keystore",
        authority
            .writeKeystore(work.resolve("own.p12"), authority.issue("server.example", "127.0.0.1"))
            .toString());
    properties.put("isolated-ports.hosts.keystore-password", TestAuthority.PASSWORD);
    properties.put("isolated-ports.engine.url", engineUrl().toString());
    properties.put("isolated-ports.engine.timeout-ms", "4000");
    // An engine that is exchanged under the server is to be found again soon.
    properties.put("isolated-ports.engine.longest-pause-ms", "300");
    properties.put("isolated-ports.engine.user", "admin@internal");
    properties.put("isolated-ports.engine.password", "admin");
    properties.put("isolated-ports.sso.client-id", "ovirt-isolated-ports");
    properties.put("isolated-ports.sso.client-secret", "ovirt-isolated-ports");
    properties.put("isolated-ports.limit.requests-per-second", "2000");
    properties.put("isolated-ports.limit.body-seconds", "10");
    properties.put("isolated-ports.db.url", database.url(Database.OWN));
    properties.put("isolated-ports.db.user", database.user());
    List<String> arguments = new ArrayList<>();
    properties.forEach((name, value) -> arguments.add("-D" + name + "=" + value));
    System.setProperty(PluginServer.TEST_JVM, System.getProperty(PluginServer.TEST_JVM, ""));
    System.setProperty("isolated-ports.rig.home", home.toString());
    System.setProperty("isolated-ports.rig.arguments", String.join(" ", arguments));
    System.setProperty(
        "isolated-ports.rig.management-port", properties.get("jboss.management.http.port"));
  }

  /** The project's directory. */
  static Path project() {
    return Path.of(System.getProperty("isolated-ports.project"));
  }

  private EngineStandIn engine(boolean knowsPortIsolation) {
    nativePortIsolation = knowsPortIsolation;
    return EngineStandIn.builder()
        .nativePortIsolation(knowsPortIsolation)
        .portIsolationPropertyRegistered()
        // The shorter end of what a real one takes, as hundreds of networks are made here.
        .defaultProfileAfter(Duration.ofMillis(200), Duration.ofMillis(400))
        .wrongPasswordTakes(Duration.ZERO)
        .user("user4", "U4", "user4", false)
        .user("user5", "U5", "user5", false)
        .port(enginePort)
        .start();
  }

  /** A fresh engine that knows {@code port_isolation} or does not, and an empty store. */
  void freshEngine(boolean knowsPortIsolation) {
    boolean other = nativePortIsolation != knowsPortIsolation;
    engine.close();
    TABLES.forEach(table -> database.execute(Database.OWN, "DELETE FROM " + table));
    engine = engine(knowsPortIsolation);
    // The server asks an engine for its version again after ten seconds, and looks whether an idle
    // connection still lives after a tenth of one.
    pause(other ? 11_000 : 150);
  }

  static void pause(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Interrupted while waiting", e);
    }
  }

  /** The engine as it is now. */
  EngineStandIn engine() {
    return engine;
  }

  /** The engine's URL. */
  URI engineUrl() {
    return URI.create("http://127.0.0.1:" + enginePort + "/ovirt-engine");
  }

  /** Our API. */
  URI api() {
    return URI.create("http://127.0.0.1:" + httpPort + "/ovirt-isolated-ports/api");
  }

  /** Where the engine asks our filter. */
  URI scheduler() {
    return URI.create("http://127.0.0.1:" + schedulerPort + "/");
  }

  /** Where hosts fetch their rulesets. */
  URI hosts() {
    return URI.create("https://127.0.0.1:" + hostsPort + "/hosts/v1/");
  }

  /** The engine's certificate authority, which hosts' certificates are of. */
  TestAuthority authority() {
    return authority;
  }

  /** The server's log. */
  Path serverLog() {
    return work.resolve("wildfly/log/server.log");
  }

  /** The server's database. */
  Database database() {
    return database;
  }

  /** All rows of our store, to see that nothing changed. */
  List<String> storedRows() {
    List<String> rows = new ArrayList<>();
    try (Connection connection = database.connect(Database.OWN);
        Statement statement = connection.createStatement()) {
      for (String table : TABLES) {
        try (ResultSet found =
            statement.executeQuery("SELECT t::text FROM " + table + " t ORDER BY 1")) {
          while (found.next()) {
            rows.add(table + found.getString(1));
          }
        }
      }
    } catch (SQLException e) {
      throw new IllegalStateException("The store cannot be read", e);
    }
    return rows;
  }

  private static void copyTree(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : (Iterable<Path>) files::iterator) {
        Path target = to.resolve(from.relativize(file).toString());
        if (Files.isDirectory(file)) {
          Files.createDirectories(target);
        } else {
          Files.copy(file, target, StandardCopyOption.REPLACE_EXISTING);
        }
      }
    }
  }

  @Override
  public void close() {
    engine.close();
    database.close();
    try (Stream<Path> files = Files.walk(work)) {
      for (Path file : (Iterable<Path>) files.sorted(Comparator.reverseOrder())::iterator) {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("The rig's directory cannot be removed: " + work, e);
    }
  }
}
