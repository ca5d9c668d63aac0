// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.rest;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Behind a real httpd: whom a request comes from is what httpd says, not what the client does. */
class ProxyIT extends ServerTest {

  private static final int FAILED_LOGINS_PER_MINUTE = 10;

  @TempDir Path work;

  ProxyIT() {
    super(false);
  }

  private int status(Httpd httpd, int from, String forwarded, String authorization) {
    try (RawRequest request = RawRequest.from(from, httpd.port())) {
      return request
          .send(
              "GET "
                  + rig.api().getPath()
                  + "/networks HTTP/1.1\r\nHost: engine.example.com\r\nX-Forwarded-For: "
                  + forwarded
                  + "\r\nAuthorization: "
                  + authorization
                  + "\r\nConnection: close\r\n\r\n")
          .status(120_000);
    }
  }

  @Test
  void aChangingForwardedForDoesNotEvadeTheLimitByAddress() {
    try (Httpd httpd = Httpd.before(rig.api(), work)) {
      int tried = 0;
      int status = 401;
      while (status == 401 && tried < 3 * FAILED_LOGINS_PER_MINUTE) {
        tried++;
        // Each is another user, so that the limit by user has no part in it.
        String wrong =
            "Basic "
                + Base64.getEncoder()
                    .encodeToString(
                        ("proxied" + tried + "@internal:wrong").getBytes(StandardCharsets.UTF_8));
        status = status(httpd, 77, "198.51.100." + tried + ", 127.0.0.1", wrong);
      }
      assertThat(status).as("after " + tried + " tries with changing addresses").isEqualTo(429);
      String token = "Bearer " + Api.token(rig.engineUrl(), "admin");
      assertThat(status(httpd, 78, "127.0.0.77", token))
          .as("a client that says it is another one is not held for that one")
          .isEqualTo(200);
    }
  }
}
