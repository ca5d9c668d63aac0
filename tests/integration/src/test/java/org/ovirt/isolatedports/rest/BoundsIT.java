// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.rest;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What callers who never logged in can hold, and how often passwords can be tried. */
class BoundsIT extends ServerTest {

  private static final String SSO = "/ovirt-engine/sso/oauth/token";
  private static final int FAILED_LOGINS_PER_MINUTE = 10;

  /** More than there are places, and more than there are threads. */
  private static final int SLOW = 160;

  private static final int ADDRESSES = 4;

  /** The end of the connection, or what Undertow says of a request that breaks off at it. */
  private static final List<Integer> CUT_OFF = List.of(0, 408, 500);

  BoundsIT() {
    super(false);
  }

  @AfterEach
  void works() {
    rig.engine().faults().clear();
  }

  @Test
  void slowBodiesHoldNoPlace() {
    List<RawRequest> slow = new ArrayList<>();
    try {
      for (int i = 0; i < SLOW; i++) {
        slow.add(
            RawRequest.from(21 + i % ADDRESSES, rig.api().getPort())
                .send(
                    "POST "
                        + rig.api().getPath()
                        + "/networks HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer none\r\n"
                        + "Content-Type: application/json\r\n"
                        + (i % 3 == 0 ? "Expect: 100-continue\r\n" : "")
                        + (i % 2 == 0
                            ? "Content-Length: 90000\r\n\r\n{\"name\":"
                            : "Transfer-Encoding: chunked\r\n\r\n8\r\n{\"name\":\r\n")));
      }
      Rig.pause(1_000);
      for (int i = 0; i < 20; i++) {
        assertThat(us.get("/networks").status()).as("while slow bodies wait").isEqualTo(200);
      }
      assertThat(slow.get(1).status(120_000)).as("cut off").isIn(CUT_OFF);
      assertThat(slow.get(SLOW - 1).status(120_000)).isIn(CUT_OFF);
    } finally {
      slow.forEach(RawRequest::close);
    }
    assertThat(us.post("/networks", body("blue", "")).status()).isEqualTo(201);
  }

  @Test
  void oneAddressDoesNotHoldAllWaitingBodies() {
    List<RawRequest> slow = new ArrayList<>();
    try {
      for (int i = 0; i < 70; i++) {
        RawRequest request = RawRequest.from(31, rig.api().getPort());
        slow.add(
            request.send(
                "POST "
                    + rig.api().getPath()
                    + "/networks HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{"));
      }
      long refused = slow.stream().filter(each -> each.status(120_000) == 503).count();
      assertThat(refused).as("more than one address may have").isEqualTo(6);
    } finally {
      slow.forEach(RawRequest::close);
    }
  }

  private static String basic(String user, String password) {
    return "Basic "
        + Base64.getEncoder()
            .encodeToString((user + ":" + password).getBytes(StandardCharsets.UTF_8));
  }

  private Api.Answer login(String user, String password, String address) {
    return new Api(rig.api(), basic(user, password))
        .json("GET", "/networks", "", "X-Forwarded-For", address);
  }

  /** Counted before the engine is asked, or all of them are tried before one is counted. */
  @Test
  void manyGuessesAtOnceAreCountedAsMany() throws Exception {
    int guesses = 40;
    rig.engine().faults().delay(SSO, Duration.ofSeconds(3));
    rig.engine().calls().reset();
    ExecutorService callers = Executors.newFixedThreadPool(guesses);
    long begun = System.nanoTime();
    try {
      List<Future<Api.Answer>> answers = new ArrayList<>();
      for (int i = 0; i < guesses; i++) {
        String password = "guess" + i;
        answers.add(callers.submit(() -> login("guessed@internal", password, "203.0.113.50")));
      }
      int tried = 0;
      for (Future<Api.Answer> answer : answers) {
        tried += answer.get().status() == 429 ? 0 : 1;
      }
      long seconds = Duration.ofNanos(System.nanoTime() - begun).toSeconds();
      // A token comes back every six seconds.
      assertThat(tried)
          .as("passwords tried in %d s", seconds)
          .isLessThanOrEqualTo(FAILED_LOGINS_PER_MINUTE + (int) (seconds / 6) + 1);
    } finally {
      callers.shutdownNow();
    }
  }

  @Test
  void manyWithTheSameRightPasswordLogInOnce() throws Exception {
    rig.engine().faults().delay(SSO, Duration.ofSeconds(1));
    ExecutorService callers = Executors.newFixedThreadPool(30);
    try {
      List<Future<Api.Answer>> answers = new ArrayList<>();
      for (int i = 0; i < 30; i++) {
        answers.add(callers.submit(() -> login("admin@internal", "admin", "203.0.113.51")));
      }
      for (Future<Api.Answer> answer : answers) {
        assertThat(answer.get().status()).isEqualTo(200);
      }
    } finally {
      callers.shutdownNow();
    }
  }

  @Test
  void thePasswordOfOneUserIsNotTriedOutFromManyAddresses() {
    int tried = 0;
    Api.Answer answer = login("victim@internal", "wrong", "198.51.100.1");
    while (answer.status() == 401 && tried < 80) {
      tried++;
      answer = login("VICTIM@internal", "wrong" + tried, "198.51.100." + tried);
    }
    assertThat(answer.status()).as("after " + tried + " tries").isEqualTo(429);
  }

  /** The rig gives the engine four seconds for a request; it takes longer to refuse a password. */
  @Test
  void aSlowRefusalIsARefusal() {
    rig.engine().faults().delay(SSO, Duration.ofSeconds(6));
    assertThat(login("slow@internal", "wrong", "203.0.113.52").status()).isEqualTo(401);
    assertThat(login("admin@internal", "admin", "203.0.113.52").status()).isEqualTo(200);
  }
}
