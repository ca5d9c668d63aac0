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
 * no other, is held by {@code OpenApiTest} of the server; so whoever goes through it goes through
 * all resources.
 */
final class OpenApi {

  private static final String API = "/ovirt-isolated-ports/api";
  private static final Set<String> METHODS = Set.of("get", "post", "put", "delete");
  private static final List<Route> ROUTES = read();

  /**
   * A method of a path.
   *
   * @param method in capitals
   * @param path with parameters in braces
   * @param statuses which answers are described
   */
  record Route(String method, String path, Set<String> statuses) {

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

  /** The route that serves a request; of two the one with fewer parameters. */
  private static Optional<Route> route(String method, String asked) {
    return ROUTES.stream()
        .filter(route -> route.method().equals(method) && route.serves(asked))
        .min(
            (one, other) ->
                one.path().split("\\{", -1).length - other.path().split("\\{", -1).length);
  }

  private static List<Route> read() {
    try {
      JsonNode paths =
          new ObjectMapper()
              .readTree(
                  Rig.project()
                      .resolve("engine-plugin/server/src/main/resources/openapi.json")
                      .toFile())
              .path("paths");
      List<Route> routes = new ArrayList<>();
      paths
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
                                      statuses(method.getValue())))));
      return List.copyOf(routes);
    } catch (IOException e) {
      throw new UncheckedIOException("openapi.json cannot be read", e);
    }
  }

  private static Set<String> statuses(JsonNode method) {
    Set<String> statuses = new TreeSet<>();
    method.path("responses").fieldNames().forEachRemaining(statuses::add);
    return statuses;
  }
}
