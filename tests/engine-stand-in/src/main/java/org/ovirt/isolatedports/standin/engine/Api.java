// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.standin.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.ovirt.isolatedports.standin.api.ApiException;
import org.ovirt.isolatedports.standin.api.Tree;

/**
 * What of REST API v4 is served: one route for each method of each path, below {@code
 * /ovirt-engine/api}. Reading {@link NetworkRoutes}, {@link MachineRoutes} and {@link SystemRoutes}
 * is reading what the stand-in can do.
 */
public final class Api {
  /** A request that was let in, with its body read and checked against the model. */
  public record Request(
      Caller caller, Map<String, String> path, Map<String, String> query, Tree body) {
    UUID id(String name) {
      String text = path.get(name);
      try {
        return UUID.fromString(text);
      } catch (IllegalArgumentException e) {
        throw ApiException.notFound();
      }
    }

    Optional<String> parameter(String name) {
      return Optional.ofNullable(query.get(name));
    }
  }

  /** What is answered; {@code location} only for what was created. */
  public record Answer(int status, String root, Tree tree, Optional<String> location) {}

  /** Carries out one kind of request. */
  public interface Handler {
    /** The answer, or an {@link ApiException}. */
    Answer handle(Request request);
  }

  /**
   * One method of one path.
   *
   * @param template with names in braces, such as {@code networks/{network}}
   * @param bodyType the SDK type of the body; empty for methods without one
   * @param usage the part of the API documentation a bad body is answered with
   * @param action whether faults come wrapped in an action
   */
  public record Route(
      String method,
      String template,
      Optional<Class<?>> bodyType,
      String usage,
      boolean action,
      Handler handler) {}

  private final List<Route> routes = new ArrayList<>();

  /** The API of an engine. */
  public Api(Engine engine) {
    routes.addAll(new NetworkRoutes(engine).list());
    routes.addAll(new MachineRoutes(engine).list());
    routes.addAll(new SystemRoutes(engine).list());
  }

  /** All routes. */
  public List<Route> routes() {
    return routes;
  }
}
