// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.setup;

import java.io.IOException;
import java.net.URI;
import java.util.List;

/** Whether the engine's httpd passes {@code /ovirt-isolated-ports/} on. */
final class FrontCheck extends Look {

  private static final int SECONDS = 10;

  private final URI url;

  FrontCheck(URI engine) {
    this.url = engine.resolve("/ovirt-isolated-ports/api");
  }

  @Override
  public String name() {
    return "httpd";
  }

  /**
   * By curl, which the server's package requires: whom the certificate is from is another check.
   */
  @Override
  public Finding look() {
    String status = status();
    // Without credentials we ask for some; httpd alone would not find the path.
    if (status.equals("401")) {
      return new Finding.Good("The engine's httpd passes " + url + " on to the server.");
    }
    return new Finding.Missing(
        "At " + url + " the server does not answer (status " + status + ").",
        "",
        "systemctl reload httpd");
  }

  private String status() {
    try {
      Process curl =
          new ProcessBuilder(
                  List.of(
                      "curl",
                      "-sk",
                      "-o",
                      "/dev/null",
                      "-w",
                      "%{http_code}",
                      "--max-time",
                      String.valueOf(SECONDS),
                      url.toString()))
              .redirectErrorStream(true)
              .start();
      curl.getOutputStream().close();
      String status =
          new String(
              curl.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.US_ASCII);
      int unused = curl.waitFor();
      return status.strip();
    } catch (IOException e) {
      throw new SetupException("curl cannot be run (" + e.getMessage() + "): install it.");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SetupException("Interrupted while asking " + url + ".");
    }
  }
}
