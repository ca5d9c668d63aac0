// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.standin.contract;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.zip.GZIPInputStream;

/** One recorded request of a real engine with its answer. */
record Exchange(
    String name,
    String method,
    String path,
    JsonNode requestHeaders,
    String requestBody,
    int status,
    JsonNode headers,
    String body) {

  /** All recordings in the order of time. */
  static List<Exchange> all() {
    List<Exchange> all = new ArrayList<>(load("rest.jsonl.gz"));
    all.addAll(load("rest-nic-lifecycle-and-rights.jsonl.gz"));
    provideTheProviderInTime(all);
    return all;
  }

  /** The one place where the file is not in the order of time: 071 needs what 070 made. */
  private static void provideTheProviderInTime(List<Exchange> all) {
    Exchange late =
        all.stream()
            .filter(each -> each.name().equals("070-extprovider-create.xml"))
            .findFirst()
            .orElseThrow();
    all.remove(late);
    int needed = 0;
    while (!all.get(needed).name().startsWith("071-")) {
      needed++;
    }
    all.add(needed, late);
  }

  static List<Exchange> load(String resource) {
    JsonMapper json = new JsonMapper();
    List<Exchange> all = new ArrayList<>();
    try (BufferedReader in =
        new BufferedReader(
            new InputStreamReader(
                new GZIPInputStream(Exchange.class.getResourceAsStream("/recordings/" + resource)),
                StandardCharsets.UTF_8))) {
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        JsonNode node = json.readTree(line);
        JsonNode request = node.get("request");
        JsonNode response = node.get("response");
        all.add(
            new Exchange(
                node.get("name").asText(),
                request.get("method").asText(),
                request.get("path").asText(),
                request.get("headers"),
                text(request.get("body")),
                response.get("status").asInt(),
                response.get("headers"),
                text(response.get("body"))));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return all;
  }

  private static String text(JsonNode node) {
    return node == null || node.isNull() ? "" : node.asText();
  }

  Optional<String> requestHeader(String header) {
    return header(requestHeaders, header);
  }

  Optional<String> header(String header) {
    return header(headers, header);
  }

  private static Optional<String> header(JsonNode headers, String header) {
    return headers.properties().stream()
        .filter(each -> each.getKey().equalsIgnoreCase(header))
        .map(each -> each.getValue().asText())
        .findFirst();
  }

  boolean isXml() {
    return header("Content-Type").orElse("").contains("xml");
  }

  boolean isJson() {
    return header("Content-Type").orElse("").contains("json");
  }
}
