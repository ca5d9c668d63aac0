// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.http.caller;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.ws.rs.container.ContainerRequestContext;
import java.lang.reflect.Proxy;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.ovirt.isolatedports.engine.EngineException;
import org.ovirt.isolatedports.engine.EngineGate;
import org.ovirt.isolatedports.engine.EngineHttpClient;
import org.ovirt.isolatedports.engine.EngineSettings;
import org.ovirt.isolatedports.engine.SingleSignOn;
import org.ovirt.isolatedports.server.http.fault.FaultException;
import org.ovirt.isolatedports.standin.EngineStandIn;

/** Which logins count as tried, with an engine that takes its time. */
@Timeout(180)
class CallerFilterTest {

  private static final String LOGIN = "/ovirt-engine/sso/oauth/token";
  private static final int MOST = 2;

  private final EngineStandIn engine =
      EngineStandIn.builder().wrongPasswordTakes(Duration.ZERO).start();
  private final CallerFilter filter = new CallerFilter();
  private EngineGate gate;
  private EngineHttpClient http;

  @BeforeEach
  @SuppressWarnings("UnnecessaryAssignment") // what the container injects, without a container
  void start() {
    EngineSettings settings =
        new EngineSettings(
            URI.create(engine.url() + "/ovirt-engine"),
            Duration.ofMillis(500),
            Optional.empty(),
            Optional.empty(),
            Optional.empty());
    gate = new EngineGate(settings, Duration.ofMillis(100));
    http = new EngineHttpClient(settings, gate, Duration.ofMillis(600));
    filter.caller = new Caller();
    filter.logins = new BasicLogins(new SingleSignOn(http));
    filter.failed =
        new FailedLogins(
            new AccessSettings(Optional.empty(), Optional.empty(), 100, MOST, 100, List.of()));
    filter.servletRequest = with(HttpServletRequest.class, Map.of("getRemoteAddr", "192.0.2.1"));
  }

  @AfterEach
  void stop() {
    gate.close();
    http.close();
    engine.close();
  }

  private static <T> T with(Class<T> type, Map<String, Object> answers) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (proxy, method, arguments) -> answers.get(method.getName())));
  }

  private void login(String password) {
    String credentials =
        Base64.getEncoder()
            .encodeToString(("admin@internal:" + password).getBytes(StandardCharsets.UTF_8));
    filter.filter(
        with(ContainerRequestContext.class, Map.of("getHeaderString", "Basic " + credentials)));
  }

  private void timesOut(String password) {
    // A door that was just shut opens again once the engine's health has said yes.
    EngineException e = catchThrowableOfType(EngineException.class, () -> login(password));
    while (e != null && e.kind() == EngineException.Kind.NOT_ASKED) {
      e = catchThrowableOfType(EngineException.class, () -> login(password));
    }
    assertThat(e).isNotNull();
    assertThat(e.kind()).isEqualTo(EngineException.Kind.TIMEOUT);
  }

  /** The engine may still try what we have given up. */
  @Test
  void aLoginThatTakesTooLongCountsAsTried() {
    engine.faults().delay(LOGIN, Duration.ofMinutes(1));
    for (int i = 0; i < MOST; i++) {
      timesOut("wrong" + i);
    }
    engine.faults().clear();
    assertThat(catchThrowableOfType(FaultException.class, () -> login("admin")).status())
        .as("too many were tried")
        .isEqualTo(429);
  }

  @Test
  void aLoginThatNeverReachedTheEngineDoesNot() {
    engine.refuseConnections();
    for (int i = 0; i < MOST + 1; i++) {
      assertThat(catchThrowableOfType(EngineException.class, () -> login("admin")).kind())
          .isIn(EngineException.Kind.UNREACHABLE, EngineException.Kind.NOT_ASKED);
    }
    engine.acceptConnections();
    boolean in = false;
    while (!in) {
      in = catchThrowableOfType(EngineException.class, () -> login("admin")) == null;
    }
    assertThat(filter.caller.token()).isNotBlank();
  }
}
