// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.rest;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.junit.jupiter.api.Test;

/** Bodies that are too large, and passwords that are tried out. */
class LimitsIT extends ServerTest {

  private static final int LIMIT = 1024 * 1024;
  private static final int FAILED_LOGINS_PER_MINUTE = 10;

  LimitsIT() {
    super(true);
  }

  @Test
  void aBodyOverTheLimitIsRefusedAlsoIfItDoesNotSayItsLength() {
    String large = "{\"name\":\"" + "x".repeat(LIMIT) + "\"}";
    var announced = us.post("/networks", large);
    assertThat(announced.status()).as(announced.toString()).isEqualTo(413);
    byte[] bytes = large.getBytes(StandardCharsets.UTF_8);
    var chunked =
        Api.send(
            us.request("PUT", "/networks/" + network("blue", true), new byte[0])
                .header("Content-Type", "application/json")
                .PUT(
                    HttpRequest.BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(bytes)))
                .build());
    assertThat(chunked.status()).as(chunked.toString()).isEqualTo(413);
  }

  @Test
  void passwordsCannotBeTriedOut() {
    int tried = 0;
    Api.Answer answer = login("wrong0");
    while (answer.status() == 401 && tried < 2 * FAILED_LOGINS_PER_MINUTE) {
      tried++;
      answer = login("wrong" + tried);
    }
    assertThat(answer.status()).isEqualTo(429);
    assertThat(answer.headers()).as("when to try again").containsEntry("retry-after", "60");
    assertThat(tried).isGreaterThanOrEqualTo(FAILED_LOGINS_PER_MINUTE);
    assertThat(login("admin").status())
        .as("the right one neither, or it would be told")
        .isEqualTo(429);
    assertThat(us.get("/networks").status()).as("other addresses").isEqualTo(200);
  }

  /** From an address of its own, as httpd before us says it. */
  private Api.Answer login(String password) {
    String basic =
        Base64.getEncoder()
            .encodeToString(("admin@internal:" + password).getBytes(StandardCharsets.UTF_8));
    return new Api(rig.api(), "Basic " + basic)
        .json("GET", "/networks", "", "X-Forwarded-For", "203.0.113.9");
  }
}
