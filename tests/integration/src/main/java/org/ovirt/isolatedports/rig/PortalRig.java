// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.rig;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.ovirt.isolatedports.standin.EngineStandIn;
import org.ovirt.isolatedports.standin.host.HostCapabilities;
import org.ovirt.isolatedports.standin.host.SimulatedHost;

/**
 * What the portal plugin's browser tests need around them, driven by lines on standard input: our
 * server, and the engine stand-in with the portal's stand-in. Each line is answered by one, {@code
 * ok} with a result or {@code error} with a reason; the end of the input ends everything.
 */
public final class PortalRig implements AutoCloseable {

  private static final Logger QUIET = Logger.getLogger("");
  private static final String ADMIN = "admin@internal";

  private final Path work;
  private final Database database;
  private final PluginServer server;
  private final EngineStandIn engine;

  private PortalRig(Path project, boolean nativeEngine) throws IOException {
    work = Files.createTempDirectory("isolated-ports-portal");
    database = Database.start(work);
    database.execute(
        Database.ENGINE,
        "CREATE TABLE vdc_options (option_id serial, option_name varchar(100), option_value"
            + " varchar(4000), version varchar(40), default_value varchar(4000))");
    for (String level : List.of("4.2", "4.3", "4.4", "4.7", "4.8")) {
      database.execute(
          Database.ENGINE,
          "INSERT INTO vdc_options (option_name, option_value, version) VALUES"
              + " ('IsPortIsolationSupported', '%s', '%s')"
                  .formatted(level.compareTo("4.4") >= 0, level));
    }
    int enginePort = Ports.free();
    server =
        new PluginServer(
                project,
                work,
                database,
                URI.create("http://127.0.0.1:" + enginePort + "/ovirt-engine"))
            .with("isolated-ports.engine.user", ADMIN)
            .with("isolated-ports.engine.password", "admin")
            .with("isolated-ports.sso.client-id", "ovirt-isolated-ports")
            .with("isolated-ports.sso.client-secret", "ovirt-isolated-ports")
            .with("isolated-ports.limit.requests-per-second", "2000")
            // The engine comes after the server here, and is to be found soon.
            .with("isolated-ports.engine.longest-pause-ms", "300")
            .with("isolated-ports.engine-db.url", database.url(Database.ENGINE))
            .with("isolated-ports.engine-db.user", database.user())
            .start();
    engine =
        EngineStandIn.builder()
            .nativePortIsolation(nativeEngine)
            .portIsolationPropertyRegistered()
            .defaultProfileAfter(Duration.ZERO, Duration.ZERO)
            .port(enginePort)
            .externalScheduler(server.schedulerUrl())
            .schedulerFilterOnAllClusters()
            .portal(project.resolve("ui-extension/dist"))
            .proxy("/ovirt-isolated-ports", server.url().resolve("/ovirt-isolated-ports"))
            .start();
  }

  /** Starts with the project's directory and {@code native} or {@code hook}. */
  public static void main(String[] arguments) throws IOException {
    QUIET.setLevel(Level.WARNING);
    PrintStream answers = System.out;
    // Whatever else is written must not be taken for an answer.
    System.setOut(System.err);
    try (PortalRig rig =
            new PortalRig(
                Path.of(arguments[0]).toAbsolutePath().normalize(), arguments[1].equals("native"));
        BufferedReader lines =
            new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
      answers.println("ok " + rig.engine.url());
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        answers.println(rig.answer(line));
      }
    }
    System.exit(0);
  }

  private String answer(String line) {
    try {
      return "ok " + carryOut(line.split(" ", -1));
    } catch (RuntimeException e) {
      return "error " + String.valueOf(e.getMessage()).replace('\n', ' ');
    }
  }

  private String carryOut(String[] words) {
    switch (words[0]) {
      case "server-stop" -> server.stop();
      case "server-start" -> server.start();
      case "engine-restart" -> engine.restart();
      case "engine-delay" -> engine.faults().delay(words[1], Duration.ofMillis(millis(words[2])));
      case "engine-status" -> engine.faults().answerStatus(words[1], Integer.parseInt(words[2]));
      case "engine-well" -> engine.faults().clear();
      case "gate" ->
          database.execute(
              Database.ENGINE,
              "UPDATE vdc_options SET option_value = '%s' WHERE version = '%s'"
                  .formatted(Boolean.parseBoolean(words[2]), words[1]));
      case "host" -> addHost(words[1], words[2], words[3], words[4]);
      case "vms" -> addVms(Integer.parseInt(words[1]), words[2], words[3], words[4]);
      case "networks" -> addNetworks(Integer.parseInt(words[1]), words[2], words[3]);
      case "grant" -> engine.seeds().grant(words[1], words[2], words[3], UUID.fromString(words[4]));
      case "grant-on-system" -> engine.seeds().grantOnSystem(words[1], words[2]);
      default -> throw new IllegalArgumentException("There is no command " + words[0] + ".");
    }
    return "";
  }

  private static long millis(String text) {
    return Long.parseLong(text);
  }

  private void addHost(String name, String cluster, String kind, String networks) {
    Map<String, String> bridges = new HashMap<>(Map.of("ovirtmgmt", "ovirtmgmt"));
    for (String network : networks.split(",", -1)) {
      if (!network.isEmpty()) {
        bridges.put(network, network);
      }
    }
    HostCapabilities capabilities = HostCapabilities.el9().withNetworks(bridges);
    SimulatedHost host =
        new SimulatedHost(
            switch (kind) {
              case "fit" -> capabilities.withHooks(hooks());
              case "old" ->
                  capabilities.withHooks(hooks()).withLibvirt("libvirt-6.0.0-37.module_el8.5.0");
              case "bare" -> capabilities;
              default -> throw new IllegalArgumentException("There are no hosts of kind " + kind);
            });
    engine.addHost(name, cluster, host);
  }

  /** What a host has with our package installed. */
  private static Map<String, Map<String, String>> hooks() {
    Map<String, Map<String, String>> hooks = new HashMap<>();
    for (String event :
        List.of(
            "before_vm_start",
            "before_device_create",
            "before_nic_hotplug",
            "before_update_device")) {
      hooks.put(event, Map.of("60_isolated_ports", "ab12"));
    }
    hooks.put(
        "isolated_ports",
        Map.of("status", "version=1.0;list=ok;watch=yes;filter=yes;libvirt=9.0.0;kernel=5.14"));
    return hooks;
  }

  private void addVms(int count, String prefix, String cluster, String profile) {
    for (int i = 1; i <= count; i++) {
      UUID unused = engine.seeds().vm(prefix + i, cluster, List.of(UUID.fromString(profile)));
    }
  }

  private void addNetworks(int count, String prefix, String cluster) {
    for (int i = 1; i <= count; i++) {
      UUID unused = engine.seeds().network(prefix + i, cluster, false);
    }
  }

  @Override
  public void close() {
    engine.close();
    server.close();
    database.close();
    try (Stream<Path> files = Files.walk(work)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      // The system's own cleaning takes what is left.
      System.err.println("Left behind: " + work);
    }
  }
}
