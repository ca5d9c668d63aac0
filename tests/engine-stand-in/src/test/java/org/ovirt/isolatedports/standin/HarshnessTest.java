// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.standin;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;

/** The stand-in is as harsh as the real engine: late profiles, slow starts, slow refusals. */
class HarshnessTest {

  private static final String API = "/ovirt-engine/api";
  private static final Duration LIMIT = Duration.ofSeconds(90);
  private final HttpClient http = HttpClient.newHttpClient();

  private static EngineStandIn.Builder engine() {
    return EngineStandIn.builder().nativePortIsolation(false).workers(4);
  }

  @Test
  void theDefaultProfileComesAfterTheAnswer() {
    try (EngineStandIn engine =
        engine().defaultProfileAfter(Duration.ofMillis(300), Duration.ofMillis(301)).start()) {
      Client client = Client.bearer(engine.url(), "admin", "admin");
      String network =
          client
              .post("/networks", "{\"name\":\"blue\",\"data_center\":{\"name\":\"Default\"}}")
              .id();
      String profiles = "/networks/" + network + "/vnicprofiles";
      assertThat(client.get(profiles).body().path("vnic_profile")).isEmpty();
      await(() -> !client.get(profiles).body().path("vnic_profile").isEmpty());
    }
  }

  @Test
  void aNetworkThatIsToHaveNoProfileGetsNone() throws InterruptedException {
    try (EngineStandIn engine =
        engine().defaultProfileAfter(Duration.ofMillis(50), Duration.ofMillis(60)).start()) {
      Client client = Client.bearer(engine.url(), "admin", "admin");
      String network =
          client
              .post(
                  "/networks",
                  "{\"name\":\"blue\",\"data_center\":{\"name\":\"Default\"},"
                      + "\"profile_required\":false}")
              .id();
      await(
          () -> client.get("/events?max=5").body().toString().contains("Finished adding Network"));
      assertThat(client.get("/networks/" + network + "/vnicprofiles").body().path("vnic_profile"))
          .isEmpty();
    }
  }

  @Test
  void aWrongPasswordTakesLongToBeRefused() throws IOException, InterruptedException {
    try (EngineStandIn engine = engine().wrongPasswordTakes(Duration.ofMillis(700)).start()) {
      Instant begun = Instant.now();
      HttpRequest request =
          HttpRequest.newBuilder(
                  URI.create(
                      engine.url()
                          + "/ovirt-engine/sso/oauth/token?grant_type=password"
                          + "&scope=ovirt-app-api&username=admin@internal&password=wrong"))
              .header("Accept", "application/json")
              .build();
      assertThat(http.send(request, HttpResponse.BodyHandlers.ofString()).statusCode())
          .isEqualTo(400);
      assertThat(Duration.between(begun, Instant.now())).isGreaterThan(Duration.ofMillis(700));
    }
  }

  @Test
  void aUserWithoutRightsGetsATokenAndIsRefusedByTheApi() {
    try (EngineStandIn engine = engine().start()) {
      Client client = Client.bearer(engine.url(), "user1", "user1");
      assertThat(client.get("/networks").status()).isEqualTo(401);
      Client admin = Client.bearer(engine.url(), "admin", "admin");
      assertThat(admin.get("/events?max=1").body().toString()).contains("failed to log in");
    }
  }

  @Test
  void whileItStartsItQueuesAndThenRunsAlsoWhatWasGivenUp() throws InterruptedException {
    try (EngineStandIn engine = engine().start()) {
      String token = Client.token(engine.url(), "admin", "admin");
      engine.refuseConnections();
      engine.startSlowly();
      assertThat(givenUp(engine, token, 2)).isEqualTo(2);
      assertThat(engine.mostQueued()).isEqualTo(2);

      engine.finishStart();

      assertThat(ask(engine, token).join()).isEqualTo(200);
      assertThat(engine.hangs()).isFalse();
    }
  }

  @Test
  void asManyGivenUpAsItHasWorkersMakeItHangUntilItIsKilled() throws InterruptedException {
    try (EngineStandIn engine = engine().start()) {
      String token = Client.token(engine.url(), "admin", "admin");
      engine.refuseConnections();
      engine.startSlowly();
      assertThat(givenUp(engine, token, 4)).isEqualTo(4);

      engine.finishStart();

      await(engine::hangs);
      engine.refuseConnections();
      engine.acceptConnections();
      assertThat(ask(engine, token).join()).isEqualTo(200);
    }
  }

  /** How many requests their client gave up. */
  private int givenUp(EngineStandIn engine, String token, int number) {
    List<CompletableFuture<Integer>> answers = new ArrayList<>();
    for (int i = 0; i < number; i++) {
      answers.add(
          http.sendAsync(
                  HttpRequest.newBuilder(engine.url().resolve(API + "/networks"))
                      .header("Authorization", "Bearer " + token)
                      .timeout(Duration.ofMillis(500))
                      .build(),
                  HttpResponse.BodyHandlers.discarding())
              .handle(
                  (answer, failure) ->
                      failure != null && failure.getCause() instanceof HttpTimeoutException
                          ? 1
                          : 0));
    }
    return answers.stream().mapToInt(CompletableFuture::join).sum();
  }

  private CompletableFuture<Integer> ask(EngineStandIn engine, String token) {
    return http.sendAsync(
            HttpRequest.newBuilder(engine.url().resolve(API + "/networks"))
                .header("Authorization", "Bearer " + token)
                .timeout(LIMIT)
                .build(),
            HttpResponse.BodyHandlers.discarding())
        .thenApply(HttpResponse::statusCode);
  }

  private static void await(BooleanSupplier condition) {
    Instant end = Instant.now().plus(LIMIT);
    while (!condition.getAsBoolean()) {
      assertThat(Instant.now()).isBefore(end);
      try {
        Thread.sleep(20);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
  }
}
