// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.setup;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Whether the server runs and is ready, by its own word. */
final class HealthCheck extends Look {

  private static final Duration LIMIT = Duration.ofSeconds(10);

  private final URI url;

  HealthCheck(String url) {
    this.url = URI.create(url);
  }

  @Override
  public String name() {
    return "server";
  }

  @Override
  public Finding look() {
    HttpResponse<String> answer;
    try {
      answer =
          HttpClient.newBuilder()
              .connectTimeout(LIMIT)
              .build()
              .send(
                  HttpRequest.newBuilder(url).timeout(LIMIT).build(),
                  HttpResponse.BodyHandlers.ofString());
    } catch (IOException e) {
      return new Finding.Missing(
          "The server does not answer at " + url + ".", "", "systemctl start ovirt-isolated-ports");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SetupException("Interrupted while asking " + url + ".");
    }
    if (answer.statusCode() == 200) {
      return new Finding.Good("The server is ready.");
    }
    return new Finding.Missing(
        "The server runs and is not ready: " + String.join("; ", down(answer.body())) + ".",
        "",
        "journalctl -u ovirt-isolated-ports");
  }

  private static List<String> down(String body) {
    List<String> down = new ArrayList<>();
    try {
      for (JsonNode check : new ObjectMapper().readTree(body).path("checks")) {
        if (!check.path("status").asText().equals("UP")) {
          String failure = check.path("data").path("failure").asText();
          down.add(check.path("name").asText() + (failure.isEmpty() ? "" : ": " + failure));
        }
      }
    } catch (IOException e) {
      down.add("its answer is no JSON");
    }
    return down;
  }
}
