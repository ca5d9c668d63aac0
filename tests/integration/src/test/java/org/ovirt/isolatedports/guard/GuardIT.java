// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.guard;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;
import org.ovirt.isolatedports.rig.Database;
import org.ovirt.isolatedports.rig.PluginServer;
import org.ovirt.isolatedports.rig.Ports;
import org.ovirt.isolatedports.standin.EngineStandIn;
import org.ovirt.isolatedports.standin.host.SimulatedHost;

/**
 * The guard in the server as it is installed: WildFly, PostgreSQL, and the engine's own table of
 * options. The order matters only in that the server's restart and a host come last.
 */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class GuardIT {

  private static final Path PROJECT = Path.of(System.getProperty("isolated-ports.project"));
  private static final HttpClient HTTP = HttpClient.newHttpClient();
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir private static Path directory;
  private static Database database;
  private static EngineStandIn engine;
  private static PluginServer server;
  private static String network;
  private static String cluster;

  @BeforeAll
  static void start() throws IOException, InterruptedException {
    database = Database.start(directory);
    database.execute(
        Database.ENGINE,
        "CREATE TABLE vdc_options (option_id serial, option_name varchar(100), option_value"
            + " varchar(4000), version varchar(40), default_value varchar(4000))");
    database.execute(
        Database.ENGINE,
        "INSERT INTO vdc_options (option_name, option_value, version) VALUES"
            + " ('IsPortIsolationSupported', 'false', '4.4'),"
            + " ('IsPortIsolationSupported', 'true', '4.7'),"
            + " ('IsPortIsolationSupported', 'true', '4.8')");
    engine = EngineStandIn.builder().port(Ports.free()).start();
    cluster = engine.seeds().cluster("Default").toString();
    network = create("before");
    server =
        new PluginServer(PROJECT, directory, database, URI.create(engine.url() + "/ovirt-engine"))
            .with("isolated-ports.engine.user", "admin@internal")
            .with("isolated-ports.engine.password", "admin")
            .with("isolated-ports.engine-db.url", database.url(Database.ENGINE))
            .with("isolated-ports.engine-db.user", database.user());
    server.start();
  }

  @AfterAll
  static void stop() {
    server.close();
    engine.close();
    database.close();
  }

  private static String create(String name) throws IOException, InterruptedException {
    String body =
        "{\"name\":\"%s\",\"port_isolation\":\"true\",\"data_center\":{\"id\":\"%s\"}}"
            .formatted(name, engine.seeds().dataCenter("Default"));
    String id = json(engine("POST", "/networks", body)).path("id").textValue();
    assertThat(
            engine("POST", "/clusters/" + cluster + "/networks", "{\"id\":\"" + id + "\"}")
                .statusCode())
        .isEqualTo(201);
    return id;
  }

  private static HttpResponse<String> send(
      URI uri, String method, String login, String accept, String body)
      throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(uri)
            .timeout(Duration.ofSeconds(90))
            .header("Accept", accept)
            .header("Content-Type", "application/json")
            .method(method, HttpRequest.BodyPublishers.ofString(body));
    if (!login.isEmpty()) {
      String credentials = login + "@internal:" + login;
      request.header(
          "Authorization",
          "Basic "
              + Base64.getEncoder().encodeToString(credentials.getBytes(StandardCharsets.UTF_8)));
    }
    return HTTP.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  private static HttpResponse<String> engine(String method, String path, String body)
      throws IOException, InterruptedException {
    return send(
        URI.create(engine.url() + "/ovirt-engine/api" + path),
        method,
        "admin",
        "application/json",
        body);
  }

  private static HttpResponse<String> ours(String path, String login, String accept)
      throws IOException, InterruptedException {
    return send(server.url().resolve("/ovirt-isolated-ports/api" + path), "GET", login, accept, "");
  }

  private static JsonNode json(HttpResponse<String> answer) throws IOException {
    return JSON.readTree(answer.body());
  }

  private static List<String> codes(String query) {
    try {
      List<String> codes = new ArrayList<>();
      json(ours("/violations" + query, "admin", "application/json"))
          .path("violation")
          .forEach(violation -> codes.add(violation.path("code").asText()));
      return codes;
    } catch (IOException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static List<String> events() {
    try {
      List<String> events = new ArrayList<>();
      json(engine("GET", "/events?search=sortby%20time%20asc&max=10000", ""))
          .path("event")
          .forEach(
              event -> {
                if (event.path("origin").asText().equals("ovirt-isolated-ports")) {
                  events.add(event.path("description").asText());
                }
              });
      return events;
    } catch (IOException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static List<String> eventsOfOvs() {
    return events().stream().filter(text -> text.contains("OVS")).toList();
  }

  /** Waits until something is so, and says how long that took. */
  private static Duration until(Duration limit, BooleanSupplier so) throws InterruptedException {
    Instant start = Instant.now();
    while (!so.getAsBoolean()) {
      if (Instant.now().isAfter(start.plus(limit))) {
        throw new AssertionError("Not so within " + limit);
      }
      Thread.sleep(100);
    }
    return Duration.between(start, Instant.now());
  }

  @Test
  @Order(1)
  void takesInAtItsFirstStartWhatTheEngineIsolates() throws InterruptedException {
    Duration unused =
        until(
            Duration.ofSeconds(90),
            () -> {
              try (var connection = database.connect(Database.OWN);
                  var statement = connection.createStatement();
                  var rows =
                      statement.executeQuery(
                          "SELECT enforcement FROM isolated_network WHERE network_id = '"
                              + network
                              + "'")) {
                return rows.next() && rows.getString(1).equals("native");
              } catch (java.sql.SQLException e) {
                throw new IllegalStateException(e);
              }
            });
  }

  @Test
  @Order(2)
  void isHealthyAndSaysHowFreshItIs() throws IOException, InterruptedException {
    Duration unused =
        until(
            Duration.ofSeconds(90),
            () -> {
              try {
                return send(
                            server.managementUrl().resolve("/health/ready"),
                            "GET",
                            "",
                            "application/json",
                            "")
                        .statusCode()
                    == 200;
              } catch (IOException | InterruptedException e) {
                throw new IllegalStateException(e);
              }
            });
    String health =
        send(server.managementUrl().resolve("/health"), "GET", "", "application/json", "").body();
    assertThat(health)
        .contains("\"database\"", "\"engine\"", "\"guard\"", "\"scheduler\"", "\"threads\"")
        .contains("age_s");
  }

  @Test
  @Order(3)
  void findsASwitchToOvsWithinFiveSecondsAndTellsOnce() throws IOException, InterruptedException {
    assertThat(engine("PUT", "/clusters/" + cluster, "{\"switch_type\":\"ovs\"}").statusCode())
        .isEqualTo(200);
    // With an allowance for a busy machine; the full pass comes after minutes.
    Duration found =
        until(
            Duration.ofSeconds(90), () -> codes("").contains("GUARD_CLUSTER_NOT_ON_LINUX_BRIDGES"));
    System.out.println("A switch to OVS was found after " + found.toMillis() + " ms.");
    assertThat(codes("?network=" + network)).contains("GUARD_CLUSTER_NOT_ON_LINUX_BRIDGES");
    assertThat(codes("?network=00000000-0000-0000-0000-000000000001")).isEmpty();

    HttpResponse<String> xml = ours("/violations?network=" + network, "admin", "application/xml");
    assertThat(xml.statusCode()).isEqualTo(200);
    assertThat(xml.body())
        .contains("<violations>", "<violation href=\"/ovirt-isolated-ports/api/violations/")
        .contains("<code>GUARD_CLUSTER_NOT_ON_LINUX_BRIDGES</code>", "<severity>error</severity>")
        .contains("<cluster href=\"/ovirt-engine/api/clusters/" + cluster + "\"");

    assertThat(engine("PUT", "/clusters/" + cluster, "{\"switch_type\":\"legacy\"}").statusCode())
        .isEqualTo(200);
    Duration unused = until(Duration.ofSeconds(90), () -> codes("?network=" + network).isEmpty());
    unused = until(Duration.ofSeconds(90), () -> eventsOfOvs().size() >= 2);
    // Told twice it would be with one of the next passes.
    Thread.sleep(3_000);
    assertThat(eventsOfOvs()).hasSize(2).last().asString().startsWith("No longer so: ");
    assertThat(codes("?status=all&network=" + network))
        .containsExactly("GUARD_CLUSTER_NOT_ON_LINUX_BRIDGES");
  }

  @Test
  @Order(4)
  void showsViolationsOnlyToThoseWhoSeeTheNetwork() throws IOException, InterruptedException {
    assertThat(ours("/violations", "", "application/json").statusCode()).isEqualTo(401);
    assertThat(ours("/violations", "user1", "application/json").statusCode()).isEqualTo(401);
    assertThat(ours("/violations?status=x", "admin", "application/json").statusCode())
        .isEqualTo(400);
    assertThat(ours("/violations/none", "admin", "application/json").statusCode()).isEqualTo(404);
  }

  @Test
  @Order(5)
  void servesTheLevelGateAndSaysWhenTheEngineLagsBehind() throws IOException, InterruptedException {
    String path = "/options/IsPortIsolationSupported";
    assertThat(ours(path, "admin", "application/xml").body())
        .contains(
            "<system_option href=\"/ovirt-isolated-ports/api/options/IsPortIsolationSupported\"",
            "<system_option_value><value>false</value><version>4.4</version>")
        .doesNotContain("restart_pending");
    assertThat(ours(path + "?version=4.9", "admin", "application/json").statusCode())
        .isEqualTo(404);
    assertThat(ours(path, "", "application/json").statusCode()).isEqualTo(401);

    database.execute(
        Database.ENGINE, "UPDATE vdc_options SET option_value = 'false' WHERE version = '4.8'");
    String one = path + "?version=4.8";
    Duration closed =
        until(Duration.ofSeconds(90), () -> value(one).path("value").asText().equals("false"));
    System.out.println("A changed level gate was seen after " + closed.toMillis() + " ms.");
    assertThat(value(one).path("restart_pending").asText()).isEqualTo("true");
    Duration unused =
        until(
            Duration.ofSeconds(90),
            () -> codes("?network=" + network).contains("GUARD_CLUSTER_LEVEL_UNSUPPORTED"));

    engine.restart();
    unused = until(Duration.ofSeconds(90), () -> !value(one).has("restart_pending"));
    database.execute(
        Database.ENGINE, "UPDATE vdc_options SET option_value = 'true' WHERE version = '4.8'");
    unused = until(Duration.ofSeconds(90), () -> value(one).has("restart_pending"));
    unused = until(Duration.ofSeconds(90), () -> codes("?network=" + network).isEmpty());
  }

  private static JsonNode value(String path) {
    try {
      return json(ours(path, "admin", "application/json"))
          .path("values")
          .path("system_option_value")
          .path(0);
    } catch (IOException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  @Order(6)
  void findsOnItsOwnWhatChangedWhileTheEngineCouldNotBeReached()
      throws IOException, InterruptedException {
    engine.refuseConnections();
    Thread.sleep(3_000);
    engine.acceptConnections();
    assertThat(engine("PUT", "/clusters/" + cluster, "{\"switch_type\":\"ovs\"}").statusCode())
        .isEqualTo(200);
    Duration unused =
        until(
            Duration.ofSeconds(90),
            () -> codes("?network=" + network).contains("GUARD_CLUSTER_NOT_ON_LINUX_BRIDGES"));
  }

  @Test
  @Order(7)
  void tellsNothingTwiceAfterItsOwnRestart() throws IOException, InterruptedException {
    Duration unused =
        until(
            Duration.ofSeconds(90),
            () -> codes("?network=" + network).contains("GUARD_CLUSTER_NOT_ON_LINUX_BRIDGES"));
    // That a violation is gone is told some seconds later than the violation itself.
    unused = until(Duration.ofSeconds(90), GuardIT::levelIsToldToBeRightAgain);
    unused = until(Duration.ofSeconds(90), () -> eventsOfOvs().size() >= 3);
    Thread.sleep(2_000);
    List<String> before = events();
    server.stop();
    server.start();
    Thread.sleep(8_000);
    assertThat(codes("?network=" + network)).contains("GUARD_CLUSTER_NOT_ON_LINUX_BRIDGES");
    assertThat(events()).isEqualTo(before);
  }

  /** Without an event a host's hooks and networks are read every three minutes. */
  @Test
  @Order(8)
  void theSchedulerHearsOfEventsToo() throws IOException, InterruptedException {
    engine.addHost("host1", "Default", new SimulatedHost());
    Duration unused = until(Duration.ofSeconds(90), () -> hostsSeen().isPresent());
    Instant before = hostsSeen().orElseThrow();
    String host = json(engine("GET", "/hosts", "")).path("host").path(0).path("id").textValue();
    assertThat(engine("POST", "/hosts/" + host + "/deactivate", "{}").statusCode()).isEqualTo(200);
    unused =
        until(
            Duration.ofSeconds(90), () -> hostsSeen().filter(at -> at.isAfter(before)).isPresent());
  }

  private static Optional<Instant> hostsSeen() {
    try {
      return Optional.ofNullable(
              json(ours("/scheduler", "admin", "application/json"))
                  .path("oldest_host_seen")
                  .textValue())
          .map(Instant::parse);
    } catch (IOException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static boolean levelIsToldToBeRightAgain() {
    return events().stream()
        .anyMatch(
            text -> text.startsWith("No longer so: ") && text.contains("compatibility level"));
  }
}
