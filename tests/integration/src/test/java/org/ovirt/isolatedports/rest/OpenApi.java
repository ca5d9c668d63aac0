// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.rest;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.http.HttpRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * What {@code openapi.json} says of our API. That it names each method of each JAX-RS resource, and
 * no other, with its parameters and the fields of its bodies, is held by {@code OpenApiTest} of the
 * server; so whoever goes through it goes through all resources. What is answered is held to it
 * here.
 */
final class OpenApi {

  private static final String API = "/ovirt-isolated-ports/api";
  private static final Set<String> METHODS = Set.of("get", "post", "put", "delete");
  private static final JsonNode DOCUMENT = document();
  private static final List<Route> ROUTES = read();

  /**
   * A method of a path.
   *
   * @param method in capitals
   * @param path with parameters in braces
   * @param responses which answers are described, by status
   */
  record Route(String method, String path, JsonNode responses) {

    /** Which answers are described. */
    Set<String> statuses() {
      Set<String> statuses = new TreeSet<>();
      responses.fieldNames().forEachRemaining(statuses::add);
      return statuses;
    }

    /** As it is written in tables: {@code GET /networks/{id}}. */
    String name() {
      return method + " " + path;
    }

    private boolean serves(String asked) {
      return Pattern.matches(path.replaceAll("\\{[^}]*}", "[^/]+"), asked);
    }
  }

  private OpenApi() {}

  /** All routes there are. */
  static List<Route> routes() {
    return ROUTES;
  }

  /**
   * Throws if our API answered with a status that the document does not have for that route. Each
   * answer that a test gets comes by here.
   */
  static void requireDocumented(HttpRequest request, int status) {
    String path = request.uri().getPath();
    if (!path.startsWith(API)) {
      return;
    }
    String asked = path.equals(API) || path.equals(API + "/") ? "/" : path.substring(API.length());
    route(request.method(), asked)
        .filter(route -> !route.statuses().contains(String.valueOf(status)))
        .ifPresent(
            route -> {
              throw new AssertionError(
                  "openapi.json does not say that " + route.name() + " can answer " + status);
            });
  }

  /**
   * The fields of a successful answer in JSON, and the words for them, that the document does not
   * have; empty where it has no schema for it.
   *
   * @param path below {@code /api}
   */
  static List<String> undescribed(String method, String path, Api.Answer answer) {
    Optional<Route> route = route(method, path.replaceFirst("\\?.*", ""));
    boolean json =
        answer
            .header("Content-Type")
            .filter(type -> type.startsWith("application/json"))
            .isPresent();
    // Faults are the engine's as often as ours, and an action's stands in the action.
    if (route.isEmpty() || answer.status() >= 300 || !json || answer.body().isEmpty()) {
      return List.of();
    }
    JsonNode schema =
        resolved(route.get().responses().path(String.valueOf(answer.status())))
            .path("content")
            .path("application/json")
            .path("schema");
    List<String> undescribed = new ArrayList<>();
    if (!schema.isMissingNode()) {
      compare("", answer.json(), schema, undescribed);
    }
    return undescribed;
  }

  /** Adds what an answer has and its schema has not. */
  private static void compare(String where, JsonNode found, JsonNode schema, List<String> more) {
    JsonNode described = resolved(schema);
    if (described.has("oneOf")) {
      List<List<String>> each = new ArrayList<>();
      for (JsonNode one : described.path("oneOf")) {
        List<String> ofOne = new ArrayList<>();
        compare(where, found, one, ofOne);
        each.add(ofOne);
      }
      if (each.stream().noneMatch(List::isEmpty)) {
        each.forEach(more::addAll);
      }
      return;
    }
    if (found.isArray()) {
      if (!described.path("type").asText().equals("array")) {
        more.add(where + " is a list");
        return;
      }
      for (JsonNode each : found) {
        compare(where + "[]", each, described.path("items"), more);
      }
    } else if (found.isObject()) {
      if (!described.path("type").asText().equals("object")) {
        more.add(where + " is an object");
        return;
      }
      JsonNode properties = described.path("properties");
      // Bodies without any fields are described by their documentation alone.
      boolean open =
          described.path("additionalProperties").asBoolean(false) || properties.isEmpty();
      found
          .properties()
          .forEach(
              field -> {
                if (properties.has(field.getKey())) {
                  compare(
                      where + "." + field.getKey(),
                      field.getValue(),
                      properties.path(field.getKey()),
                      more);
                } else if (!open) {
                  more.add(where + "." + field.getKey());
                }
              });
    } else if (described.has("enum")) {
      for (JsonNode word : described.path("enum")) {
        if (word.asText().equals(found.asText())) {
          return;
        }
      }
      more.add(where + " is " + found);
    }
  }

  private static JsonNode resolved(JsonNode node) {
    // A reference that says more of itself, such as that it is only read.
    JsonNode plain = node.has("allOf") ? node.path("allOf").path(0) : node;
    return plain.has("$ref") ? DOCUMENT.at(plain.path("$ref").asText().substring(1)) : plain;
  }

  /** The route that serves a request; of two the one with fewer parameters. */
  private static Optional<Route> route(String method, String asked) {
    return ROUTES.stream()
        .filter(route -> route.method().equals(method) && route.serves(asked))
        .min(
            (one, other) ->
                one.path().split("\\{", -1).length - other.path().split("\\{", -1).length);
  }

  private static JsonNode document() {
    try {
      return new ObjectMapper()
          .readTree(
              Rig.project()
                  .resolve("engine-plugin/server/src/main/resources/openapi.json")
                  .toFile());
    } catch (IOException e) {
      throw new UncheckedIOException("openapi.json cannot be read", e);
    }
  }

  private static List<Route> read() {
    List<Route> routes = new ArrayList<>();
    DOCUMENT
        .path("paths")
        .properties()
        .forEach(
            path ->
                path.getValue().properties().stream()
                    .filter(method -> METHODS.contains(method.getKey()))
                    .forEach(
                        method ->
                            routes.add(
                                new Route(
                                    method.getKey().toUpperCase(Locale.ROOT),
                                    path.getKey(),
                                    method.getValue().path("responses")))));
    return List.copyOf(routes);
  }
}
