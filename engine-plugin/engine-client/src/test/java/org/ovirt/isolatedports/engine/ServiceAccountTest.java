// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.ovirt.isolatedports.standin.EngineStandIn;

class ServiceAccountTest {

  private static final String LOGIN = "/ovirt-engine/sso/oauth/token";

  private final EngineStandIn engine =
      EngineStandIn.builder().wrongPasswordTakes(Duration.ZERO).start();
  private final EngineHttpClient http =
      new EngineHttpClient(URI.create(engine.url() + "/ovirt-engine"), Duration.ofSeconds(10));
  private final TestClock clock = new TestClock();

  @AfterEach
  void stop() throws java.io.IOException {
    engine.close();
    http.close();
  }

  private ServiceAccount account(String password) {
    return account("admin", password);
  }

  private ServiceAccount account(String login, String password) {
    return new ServiceAccount(
        new SingleSignOn(http), Optional.of(login + "@internal"), Optional.of(password), clock);
  }

  private String read(String token) {
    EngineAnswer answer =
        http.send(
            new EngineRequest(
                "GET",
                "/clusters",
                Map.of("Authorization", "Bearer " + token, "Accept", "application/json"),
                new byte[0]));
    if (!answer.isSuccess()) {
      throw new EngineException(EngineException.Kind.REFUSED, answer.status(), "refused");
    }
    return token;
  }

  @Test
  void logsInOnceAndNeverSendsThePasswordToTheApi() {
    ServiceAccount account = account("admin");
    String first = account.call(this::read);
    for (int i = 0; i < 5; i++) {
      assertThat(account.<String>call(this::read)).isEqualTo(first);
    }
    assertThat(engine.calls().count("POST", LOGIN)).isOne();
    assertThat(engine.calls().list())
        .filteredOn(call -> call.path().startsWith("/ovirt-engine/api"))
        .allMatch(call -> call.credentials().equals("Bearer"));
  }

  @Test
  void logsInAgainWhenTheEngineRefusesTheToken() {
    ServiceAccount account = account("admin");
    String first = account.call(this::read);
    String second =
        account.call(
            token -> {
              if (token.equals(first)) {
                throw new EngineException(EngineException.Kind.REFUSED, 401, "expired");
              }
              return read(token);
            });
    assertThat(second).isNotEqualTo(first);
    assertThat(engine.calls().count("POST", LOGIN)).isEqualTo(2);
  }

  @Test
  void renewsTheTokenBeforeItExpires() {
    ServiceAccount account = account("admin");
    String first = account.call(this::read);
    clock.forward(Duration.ofDays(7));
    assertThat(account.<String>call(this::read)).isNotEqualTo(first);
  }

  @Test
  void repeatsARefusedLoginOnceAMinute() {
    ServiceAccount account = account("wrong");
    for (int i = 0; i < 5; i++) {
      assertThatThrownBy(() -> account.call(this::read))
          .isInstanceOf(EngineException.class)
          .hasMessageContaining("admin@internal")
          .hasMessageNotContaining("wrong");
    }
    assertThat(engine.calls().count("POST", LOGIN)).isOne();
    clock.forward(Duration.ofSeconds(61));
    assertThatThrownBy(() -> account.call(this::read)).isInstanceOf(EngineException.class);
    assertThat(engine.calls().count("POST", LOGIN)).isEqualTo(2);
    clock.forward(Duration.ofHours(-1));
    assertThatThrownBy(() -> account.call(this::read)).isInstanceOf(EngineException.class);
    assertThat(engine.calls().count("POST", LOGIN)).as("the clock was set back").isEqualTo(3);
  }

  /** Each attempt writes a failed login into the engine's event log. */
  @Test
  void countsATokenThatTheApiRefusesAsARefusedLogin() {
    ServiceAccount account = account("user1", "user1");
    for (int i = 0; i < 60; i++) {
      assertThatThrownBy(() -> account.call(this::read))
          .isInstanceOf(EngineException.class)
          .hasMessageContaining("user1@internal")
          .hasMessageContaining("the API does not let it in");
      clock.forward(Duration.ofSeconds(1));
    }
    assertThat(engine.calls().count("POST", LOGIN)).as("within a minute").isOne();
    assertThat(engine.calls().count("GET", "/ovirt-engine/api")).isOne();
    for (int i = 0; i < 60; i++) {
      clock.forward(Duration.ofMinutes(1));
      assertThatThrownBy(() -> account.call(this::read)).isInstanceOf(EngineException.class);
    }
    assertThat(engine.calls().count("POST", LOGIN)).as("within an hour").isBetween(6L, 12L);
  }

  @Test
  void anAccountThatIsLetInAgainWorksAgain() {
    ServiceAccount account = account("user1", "user1");
    assertThatThrownBy(() -> account.call(this::read)).isInstanceOf(EngineException.class);
    engine.seeds().grantOnSystem("SuperUser", "user1");
    clock.forward(Duration.ofSeconds(61));
    assertThat(account.<String>call(this::read)).isNotBlank();
  }
}
