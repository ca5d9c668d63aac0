// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.standin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The engine broken in each way, and the engine's httpd in front of another server. */
class FaultsAndProxyTest {
  private static final String API = "/ovirt-engine/api";

  private EngineStandIn engine;
  private Client client;

  @BeforeEach
  void start() {
    engine = EngineStandIn.builder().start();
    client = Client.bearer(engine.url(), "admin", "admin");
    engine.calls().reset();
  }

  @AfterEach
  void stop() {
    engine.close();
  }

  @Test
  void countsWhatIsAskedAndWithWhichCredentials() {
    client.get("/networks?max=1");
    client.get("/networks");
    assertThat(engine.calls().total()).isEqualTo(2);
    assertThat(engine.calls().count("GET", API + "/networks")).isEqualTo(2);
    assertThat(engine.calls().list().get(0).path()).isEqualTo(API + "/networks?max=1");
    assertThat(engine.calls().list().get(0).credentials()).isEqualTo("Bearer");
  }

  @Test
  void isSlowOnlyBelowThePrefix() {
    engine.faults().delay(API + "/networks", Duration.ofMillis(300));
    long begun = System.nanoTime();
    assertThat(client.get("/networks").status()).isEqualTo(200);
    assertThat(Duration.ofNanos(System.nanoTime() - begun)).isGreaterThan(Duration.ofMillis(300));
    engine.faults().clear();
    engine.faults().delay(API + "/networks", Duration.ofSeconds(60));
    assertThat(client.get("/clusters").status()).isEqualTo(200);
  }

  @Test
  void answersPagesNoiseAndBareStatuses() {
    engine.faults().answerHtml(API + "/networks", 503);
    assertThat(client.get("/networks").body().asText()).startsWith("<!DOCTYPE html>");
    engine.faults().answerStatus(API + "/networks", 502);
    assertThat(client.get("/networks").status()).isEqualTo(502);
    engine.faults().answerGarbage(API + "/networks");
    assertThatThrownBy(() -> client.get("/networks")).isInstanceOf(UncheckedIOException.class);
    engine.faults().clear();
    assertThat(client.get("/networks").status()).isEqualTo(200);
  }

  @Test
  void dropsAndRefusesConnectionsAndComesBackOnTheSamePort() {
    engine.faults().reset(API + "/networks");
    assertThatThrownBy(() -> client.get("/networks")).isInstanceOf(UncheckedIOException.class);
    engine.faults().clear();
    engine.refuseConnections();
    assertThatThrownBy(() -> client.get("/networks")).isInstanceOf(UncheckedIOException.class);
    engine.acceptConnections();
    assertThat(client.get("/networks").status()).isEqualTo(200);
  }

  @Test
  void handsAPrefixToAnotherServerThatMayComeUpLater() throws Exception {
    HttpServer target =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    URI uri = URI.create("http://127.0.0.1:" + target.getAddress().getPort() + "/plugin");
    engine.proxy("/ovirt-isolated-ports", uri);
    target.createContext(
        "/",
        exchange -> {
          byte[] answer =
              (exchange.getRequestMethod() + " " + exchange.getRequestURI())
                  .getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(200, answer.length);
          exchange.getResponseBody().write(answer);
          exchange.close();
        });
    target.start();
    try {
      HttpResponse<String> reply =
          HttpClient.newHttpClient()
              .send(
                  HttpRequest.newBuilder(
                          engine.url().resolve("/ovirt-isolated-ports/api/networks?max=1"))
                      .build(),
                  HttpResponse.BodyHandlers.ofString());
      assertThat(reply.body()).isEqualTo("GET /plugin/api/networks?max=1");
    } finally {
      target.stop(0);
    }
  }

  @Test
  void aProxyWhoseTargetIsDownAnswers503() throws IOException, InterruptedException {
    engine.proxy("/ovirt-isolated-ports", URI.create("http://127.0.0.1:1/"));
    HttpResponse<String> reply =
        HttpClient.newHttpClient()
            .send(
                HttpRequest.newBuilder(engine.url().resolve("/ovirt-isolated-ports/x")).build(),
                HttpResponse.BodyHandlers.ofString());
    assertThat(reply.statusCode()).isEqualTo(503);
  }
}
