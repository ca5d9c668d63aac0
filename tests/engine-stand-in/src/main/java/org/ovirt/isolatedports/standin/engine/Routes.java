// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.standin.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Stream;
import org.ovirt.engine.sdk4.types.Action;
import org.ovirt.engine.sdk4.types.Permission;
import org.ovirt.isolatedports.standin.api.Tree;
import org.ovirt.isolatedports.standin.engine.Api.Answer;
import org.ovirt.isolatedports.standin.engine.Api.Handler;
import org.ovirt.isolatedports.standin.engine.Api.Request;
import org.ovirt.isolatedports.standin.engine.Api.Route;
import org.ovirt.isolatedports.standin.engine.Model.Target;

/** How a list of routes is made. */
abstract class Routes {
  private static final Set<String> NOTHING_WHEN_EMPTY =
      Set.of("vm", "user", "role", "permission", "group");

  final Engine engine;
  final Views views;
  private final List<Route> routes = new ArrayList<>();

  Routes(Engine engine) {
    this.engine = engine;
    this.views = engine.views;
  }

  /** Those that were added, in their order. */
  List<Route> list() {
    return routes;
  }

  static boolean allContent(Request r) {
    return r.parameter("all_content").equals(Optional.of("true"));
  }

  void permissions(String path, Function<Request, Target> target) {
    getList(
        path + "/permissions",
        "permissions",
        "permission",
        r -> engine.rightsCommands.permissionsOn(r.caller(), target.apply(r)).stream());
    post(
        path + "/permissions",
        Permission.class,
        "permission",
        r -> engine.rightsCommands.addPermission(r.caller(), target.apply(r), r.body()));
    delete(
        path + "/permissions/{permission}",
        false,
        r -> engine.rightsCommands.removePermission(r.caller(), r.id("permission")));
  }

  static long max(Request r, long otherwise) {
    return r.parameter("max")
        .filter(each -> each.matches("\\d{1,9}"))
        .map(Long::parseLong)
        .orElse(otherwise);
  }

  static <T> T found(Optional<T> entity) {
    return Engine.found(entity);
  }

  static UUID existing(Store<?> store, Request r, String name) {
    UUID id = r.id(name);
    found(store.get(id));
    return id;
  }

  static Tree byId(List<Tree> trees, String id) {
    return found(
        trees.stream().filter(each -> each.text("id").equals(Optional.of(id))).findFirst());
  }

  static Tree done(boolean job) {
    Tree tree = new Tree();
    if (job) {
      tree.put("job", Views.ref("jobs", UUID.randomUUID()));
    }
    return tree.put("status", "complete");
  }

  void add(
      String method, String template, Optional<Class<?>> type, boolean action, Handler handler) {
    String service = serviceOf(template, action);
    String usage =
        "/ovirt-engine/apidoc#services/" + service + "/methods/" + verb(method, template, action);
    routes.add(new Route(method, template, type, usage, action, handler));
  }

  /** {@code networks} for a collection, {@code network} for one entity of it. */
  private static String serviceOf(String template, boolean action) {
    String[] parts = template.split("/", -1);
    int last = parts.length - (action ? 2 : 1);
    String part = parts[Math.max(last, 0)];
    return part.startsWith("{") ? part.substring(1, part.length() - 1) : part;
  }

  private static String verb(String method, String template, boolean action) {
    if (action) {
      return template.substring(template.lastIndexOf('/') + 1);
    }
    return method.equals("POST") ? "add" : "update";
  }

  void get(String template, Handler handler) {
    add("GET", template, Optional.empty(), false, handler);
  }

  void getOne(String template, String root, Function<Request, Tree> read) {
    get(template, r -> new Answer(200, root, read.apply(r), Optional.empty()));
  }

  void getList(String template, String root, String item, Function<Request, Stream<Tree>> read) {
    get(
        template,
        r -> {
          Search search = Search.parse(r.parameter("search").orElse(""));
          Stream<Tree> all =
              search.nothing()
                  ? Stream.of()
                  : read.apply(r).filter(each -> search.matches(each, this::clusterName));
          long max = max(r, Long.MAX_VALUE);
          // A page is as long as the list may be; the engine's own length where no one says is 100.
          long skipped = (search.page() - 1) * (max == Long.MAX_VALUE ? 100 : max);
          List<Tree> found = all.skip(skipped).limit(max).toList();
          Tree tree = new Tree();
          // Which empty lists are an empty object in JSON is a matter of the engine's code.
          if (!found.isEmpty() || !NOTHING_WHEN_EMPTY.contains(item)) {
            tree.put(item, found);
          }
          return new Answer(200, root, tree, Optional.empty());
        });
  }

  Optional<String> clusterName(String id) {
    return engine.clusters.get(UUID.fromString(id)).map(Model.Cluster::name);
  }

  void post(String template, Class<?> type, String root, Function<Request, Tree> create) {
    add(
        "POST",
        template,
        Optional.of(type),
        false,
        r -> {
          Tree tree = create.apply(r);
          return new Answer(201, root, tree, tree.text("href"));
        });
  }

  void put(String template, Class<?> type, String root, Function<Request, Tree> update) {
    add(
        "PUT",
        template,
        Optional.of(type),
        false,
        r -> new Answer(200, root, update.apply(r), Optional.empty()));
  }

  /** What removes an entity. */
  interface Removal {
    void remove(Request request);
  }

  void delete(String template, boolean job, Removal removal) {
    add(
        "DELETE",
        template,
        Optional.empty(),
        false,
        r -> {
          removal.remove(r);
          return new Answer(200, "action", done(job), Optional.empty());
        });
  }

  void action(String template, Function<Request, Tree> act) {
    add(
        "POST",
        template,
        Optional.of(Action.class),
        true,
        r -> new Answer(200, "action", act.apply(r), Optional.empty()));
  }
}
