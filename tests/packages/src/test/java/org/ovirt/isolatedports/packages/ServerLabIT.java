// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.packages;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;
import org.ovirt.isolatedports.rig.Database;
import org.ovirt.isolatedports.rig.Ports;
import org.ovirt.isolatedports.standin.EngineStandIn;

/**
 * The server as its package installs it: started as its unit says, with a real PostgreSQL, an
 * engine's stand-in and a real httpd before it.
 */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class ServerLabIT {

  private static final String UNIT = "/usr/lib/systemd/system/ovirt-isolated-ports.service";
  private static final String USER = "ovirt-isolated-ports";
  private static final Duration START_LIMIT = Duration.ofMinutes(10);
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final HttpClient HTTP = HttpClient.newHttpClient();

  @TempDir private static Path work;
  private static ScratchRoot root;
  private static Database database;
  private static EngineStandIn engine;
  private static Process server;
  private static List<String> before;
  private static final int HTTP_PORT = Ports.free();
  private static final int SCHEDULER_PORT = Ports.free();
  private static final int MANAGEMENT_PORT = Ports.free();

  @BeforeAll
  static void start() throws IOException {
    root = ScratchRoot.mount();
    Packages.installNeighbours(root, work);
    root.rpm("-i", RpmFile.named(Packages.SERVER).path().toString()).good();
    Files.copy(ServerLabIT.class.getResourceAsStream("run-unit.sh"), work.resolve("run-unit.sh"));
    Files.setPosixFilePermissions(
        work.resolve("run-unit.sh"), PosixFilePermissions.fromString("rwxr-xr-x"));
    database = Database.start(work);
    engine = EngineStandIn.builder().portIsolationPropertyRegistered().port(Ports.free()).start();
    configure();
    before = root.changes();
    server = unit("ExecStart");
  }

  @AfterAll
  static void stop() {
    if (server.isAlive()) {
      server.destroyForcibly();
    }
    engine.close();
    database.close();
    root.close();
  }

  private static void configure() throws IOException {
    Path settings = root.file("/etc/ovirt-isolated-ports/conf.d/50-setup.conf");
    Files.write(
        settings,
        List.of(
            "ISOLATED_PORTS_ENGINE_URL=" + engine.url() + "/ovirt-engine",
            "ISOLATED_PORTS_ENGINE_USER=admin@internal",
            "ISOLATED_PORTS_ENGINE_PASSWORD=admin",
            "ISOLATED_PORTS_DB_URL=" + database.url(Database.OWN),
            "ISOLATED_PORTS_DB_USER=" + database.user(),
            "ISOLATED_PORTS_HTTP_PORT=" + HTTP_PORT,
            "ISOLATED_PORTS_SCHEDULER_PORT=" + SCHEDULER_PORT,
            "ISOLATED_PORTS_MANAGEMENT_PORT=" + MANAGEMENT_PORT,
            "ISOLATED_PORTS_JAVA_HOME=" + System.getProperty("java.home")));
    Files.setPosixFilePermissions(settings, PosixFilePermissions.fromString("rw-------"));
  }

  private static Process unit(String setting) throws IOException {
    return new ProcessBuilder(
            root.inNamespace(work.resolve("run-unit.sh").toString(), root.path(), UNIT, setting))
        .redirectErrorStream(true)
        .redirectOutput(work.resolve(setting + ".log").toFile())
        .start();
  }

  private static String said(String setting) throws IOException {
    return Files.readString(work.resolve(setting + ".log"));
  }

  private static HttpResponse<String> get(int port, String path) throws IOException {
    return send(HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path)));
  }

  private static HttpResponse<String> send(HttpRequest.Builder request) throws IOException {
    try {
      return HTTP.send(
          request.timeout(Duration.ofSeconds(90)).header("Accept", "application/json").build(),
          HttpResponse.BodyHandlers.ofString());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Interrupted", e);
    }
  }

  private static int readiness() {
    try {
      return get(MANAGEMENT_PORT, "/health/ready").statusCode();
    } catch (IOException e) {
      return 0;
    }
  }

  private static String basic() {
    return "Basic "
        + Base64.getEncoder()
            .encodeToString("admin@internal:admin".getBytes(StandardCharsets.UTF_8));
  }

  @Test
  @Order(1)
  void becomesReady() throws IOException, InterruptedException {
    Instant limit = Instant.now().plus(START_LIMIT);
    while (readiness() != 200 && server.isAlive() && Instant.now().isBefore(limit)) {
      Thread.sleep(500);
    }

    HttpResponse<String> ready = get(MANAGEMENT_PORT, "/health/ready");
    assertThat(ready.statusCode()).as(ready.body() + said("ExecStart")).isEqualTo(200);
    List<String> checks = new ArrayList<>();
    for (JsonNode check : JSON.readTree(ready.body()).path("checks")) {
      checks.add(check.path("name").textValue() + " " + check.path("status").textValue());
    }
    assertThat(checks).contains("database UP", "engine UP", "guard UP", "scheduler UP");
    assertThat(get(MANAGEMENT_PORT, "/health/live").statusCode()).isEqualTo(200);
  }

  @Test
  @Order(2)
  void theEngineIsStartedOnceTheSchedulerAnswers() throws IOException, InterruptedException {
    Process wait = unit("ExecStartPost");

    assertThat(wait.waitFor(1, TimeUnit.MINUTES)).isTrue();
    assertThat(wait.exitValue()).isZero();
    assertThat(said("ExecStartPost")).isEmpty();
  }

  @Test
  @Order(3)
  void runsAsItsOwnUserWithoutPrivileges() throws IOException {
    List<String> status = Files.readAllLines(Path.of("/proc", server.pid() + "", "status"));
    String id = root.inside("id", "-u", USER).good().output().strip();

    assertThat(status)
        .anyMatch(line -> line.matches("Uid:(\\s+" + id + "){4}"))
        .contains("CapEff:\t0000000000000000", "CapBnd:\t0000000000000000", "NoNewPrivs:\t1");
  }

  @Test
  @Order(4)
  void createsAnIsolatedNetworkThroughTheEnginesHttpd() throws IOException, InterruptedException {
    int port = Ports.free();
    Process httpd = httpd(port);
    try {
      URI api = URI.create("http://127.0.0.1:" + port + "/ovirt-isolated-ports/api/networks");
      Instant limit = Instant.now().plus(START_LIMIT);
      while (!listens(api) && httpd.isAlive() && Instant.now().isBefore(limit)) {
        Thread.sleep(100);
      }
      assertThat(send(HttpRequest.newBuilder(api)).statusCode()).isEqualTo(401);

      HttpResponse<String> created =
          send(
              HttpRequest.newBuilder(api)
                  .header("Authorization", basic())
                  .header("Content-Type", "application/json")
                  .POST(
                      HttpRequest.BodyPublishers.ofString(
                          "{\"name\":\"tenants\",\"port_isolation\":true,"
                              + "\"data_center\":{\"name\":\"Default\"}}")));

      assertThat(created.statusCode()).as(created.body()).isEqualTo(201);
      assertThat(JSON.readTree(created.body()).path("port_isolation").asText()).isEqualTo("true");
    } finally {
      httpd.destroy();
      httpd.waitFor();
    }
  }

  private static boolean listens(URI uri) {
    try {
      return send(HttpRequest.newBuilder(uri)).statusCode() == 401;
    } catch (IOException e) {
      return false;
    }
  }

  /** Debian's httpd, with our drop-in as the engine's machine has it but for the port. */
  private static Process httpd(int port) throws IOException {
    Path directory = Files.createDirectories(work.resolve("httpd"));
    String dropIn = Files.readString(root.file("/etc/httpd/conf.d/z-ovirt-isolated-ports.conf"));
    assertThat(dropIn).contains("http://127.0.0.1:18780/");
    Path configuration = directory.resolve("httpd.conf");
    List<String> lines = new ArrayList<>();
    for (String module :
        List.of("mpm_event", "authn_core", "authz_core", "proxy", "proxy_http", "headers")) {
      lines.add("LoadModule " + module + "_module /usr/lib/apache2/modules/mod_" + module + ".so");
    }
    lines.addAll(
        List.of(
            "ServerName engine.example.com",
            "ServerRoot " + directory,
            "PidFile " + directory.resolve("pid"),
            "ErrorLog " + directory.resolve("error.log"),
            "DefaultRuntimeDir " + directory,
            "Mutex pthread",
            "User nobody",
            "Group nogroup",
            "Listen 127.0.0.1:" + port,
            dropIn.replace("127.0.0.1:18780", "127.0.0.1:" + HTTP_PORT)));
    Files.write(configuration, lines);
    return new ProcessBuilder("/usr/sbin/apache2", "-X", "-f", configuration.toString())
        .redirectErrorStream(true)
        .redirectOutput(directory.resolve("console.log").toFile())
        .start();
  }

  @Test
  @Order(6)
  void writesOnlyWhereItMay() throws IOException {
    List<String> written = root.changes();
    written.removeAll(before);

    assertThat(written)
        .isNotEmpty()
        .allMatch(path -> path.matches("/var/(lib|log|cache)/ovirt-isolated-ports/.*"));
    assertThat(
            root.inside(
                    "find",
                    "/var/lib/ovirt-isolated-ports",
                    "/var/log/ovirt-isolated-ports",
                    "/var/cache/ovirt-isolated-ports",
                    "-type",
                    "f",
                    "-perm",
                    "/007")
                .good()
                .output())
        .as("files that others may read")
        .isEmpty();
  }

  @Test
  @Order(7)
  void startsAgainAfterAKillAndStopsWhenAsked() throws IOException, InterruptedException {
    server.destroyForcibly().waitFor();
    server = unit("ExecStart");

    becomesReady();

    server.destroy();
    assertThat(server.waitFor(1, TimeUnit.MINUTES)).isTrue();
    assertThat(server.exitValue()).as("SuccessExitStatus of the unit").isEqualTo(143);
  }
}
