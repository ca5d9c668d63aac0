// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.standin.http;

import io.undertow.server.HttpServerExchange;
import io.undertow.server.handlers.CookieImpl;
import io.undertow.util.Headers;
import io.undertow.util.HttpString;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.ovirt.isolatedports.standin.api.ApiException;
import org.ovirt.isolatedports.standin.api.BadSyntaxException;
import org.ovirt.isolatedports.standin.api.JsonFormat;
import org.ovirt.isolatedports.standin.api.Schema;
import org.ovirt.isolatedports.standin.api.Schema.Syntax;
import org.ovirt.isolatedports.standin.api.Tree;
import org.ovirt.isolatedports.standin.api.XmlFormat;
import org.ovirt.isolatedports.standin.engine.Api;
import org.ovirt.isolatedports.standin.engine.Api.Answer;
import org.ovirt.isolatedports.standin.engine.Api.Request;
import org.ovirt.isolatedports.standin.engine.Api.Route;
import org.ovirt.isolatedports.standin.engine.Caller;
import org.ovirt.isolatedports.standin.engine.Engine;

/** REST API v4 over HTTP: who calls, which route, which representation, and how it refuses. */
final class ApiHandler {
  static final String PREFIX = "/ovirt-engine/api";
  private static final String HTML = "text/html;charset=UTF-8";
  private static final String XML = "application/xml;charset=UTF-8";
  private static final HttpString HEAD = HttpString.tryFromString("HEAD");
  private static final String SESSION_COOKIE = "JSESSIONID";

  /** A refusal before anything else: the page of a 401. */
  private static final class UnauthorizedException extends Exception {
    private static final long serialVersionUID = 1L;

    UnauthorizedException(String message) {
      super(message);
    }
  }

  /** A route with the values its template took from a path. */
  private record Match(Route route, Map<String, String> path) {}

  private record Prepared(Route route, List<String> segments) {}

  private final Engine engine;
  private final Sessions sessions;
  private final Sso sso;
  private final Schema schema;
  private final Map<Integer, List<Prepared>> routes = new HashMap<>();

  ApiHandler(Engine engine, Sessions sessions, Sso sso) {
    this.engine = engine;
    this.sessions = sessions;
    this.sso = sso;
    this.schema = new Schema(engine.knowsPortIsolation());
    for (Route route : new Api(engine).routes()) {
      List<String> segments = split(route.template());
      routes
          .computeIfAbsent(segments.size(), size -> new ArrayList<>())
          .add(new Prepared(route, segments));
    }
  }

  static boolean serves(String path) {
    return path.equals(PREFIX) || path.startsWith(PREFIX + "/") || path.startsWith(PREFIX + ";");
  }

  private static List<String> split(String path) {
    return path.isEmpty() ? List.of() : List.of(path.split("/", -1));
  }

  void handle(HttpServerExchange exchange) throws IOException {
    String correlation =
        Exchanges.header(exchange, "Correlation-Id").orElseGet(() -> UUID.randomUUID().toString());
    Exchanges.header(exchange, "Correlation-Id")
        .ifPresent(
            value ->
                exchange
                    .getResponseHeaders()
                    .put(HttpString.tryFromString("Correlation-Id"), value));
    Optional<Syntax> accepted = accepted(Exchanges.header(exchange, "Accept").orElse("*/*"));
    boolean action = false;
    try {
      Caller caller = authenticate(exchange, correlation);
      if (accepted.isEmpty()) {
        Exchanges.send(exchange, 406, HTML, new byte[0]);
        return;
      }
      Map<String, String> query = query(exchange);
      String path = pathOf(exchange, query);
      String method = exchange.getRequestMethod().toString();
      if (method.equals("OPTIONS")) {
        options(exchange, path);
        return;
      }
      Match match = match(method.equals("HEAD") ? "GET" : method, path, exchange);
      action = match.route().action();
      Tree body = body(exchange, match.route());
      Answer answer =
          match.route().handler().handle(new Request(caller, match.path(), query, body));
      if (query.containsKey("follow")) {
        follow(answer, query.get("follow"), caller);
      }
      if (path.isEmpty()) {
        linkHeader(exchange, answer.tree());
      }
      send(exchange, accepted.get(), answer);
    } catch (UnauthorizedException e) {
      exchange.getResponseHeaders().put(Headers.WWW_AUTHENTICATE, "Basic realm=\"RESTAPI\"");
      Exchanges.send(
          exchange,
          401,
          HTML,
          "<html><head><title>Error</title></head><body>" + e.getMessage() + "</body></html>");
    } catch (ApiException e) {
      refuse(exchange, accepted.orElse(Syntax.XML), e, action);
    }
  }

  // --- who ---

  private Caller authenticate(HttpServerExchange exchange, String correlation)
      throws UnauthorizedException {
    Optional<Boolean> filter =
        Exchanges.header(exchange, "Filter").map(value -> value.equalsIgnoreCase("true"));
    boolean persistent =
        Exchanges.header(exchange, "Prefer").orElse("").contains("persistent-auth");
    Optional<String> bearer = Exchanges.bearer(exchange);
    Optional<Exchanges.Credentials> basic = Exchanges.basic(exchange);
    if (bearer.isPresent()) {
      Sessions.Session session =
          sessions
              .get(bearer.get())
              .orElseThrow(() -> new UnauthorizedException("invalid_grant: " + Sso.EXPIRED));
      if (!session.mayUseApi()) {
        throw new UnauthorizedException("The required scope ovirt-app-api is not granted.");
      }
      return caller(session.login(), filter, correlation);
    }
    if (basic.isPresent()) {
      try {
        String login = sso.authenticate(basic.get().user(), basic.get().password());
        Caller caller = caller(login, filter, correlation);
        String session = sessions.secret();
        engine.logLogin(caller, session);
        if (persistent) {
          exchange.setResponseCookie(
              new CookieImpl(SESSION_COOKIE, sessions.remember(login)).setPath(PREFIX));
        } else {
          exchange.addExchangeCompleteListener(
              (done, next) -> {
                engine.logLogout(caller, session);
                next.proceed();
              });
        }
        return caller;
      } catch (Sso.RefusedException e) {
        throw new UnauthorizedException(e.code() + ": " + e.getMessage());
      }
    }
    Optional<String> cookie =
        Optional.ofNullable(exchange.getRequestCookie(SESSION_COOKIE)).map(each -> each.getValue());
    if (cookie.isPresent()) {
      Optional<String> login = sessions.remembered(cookie.get());
      if (persistent && login.isPresent()) {
        return caller(login.get(), filter, correlation);
      }
      if (login.isPresent()) {
        sessions.forget(cookie.get());
        exchange.setResponseCookie(new CookieImpl(SESSION_COOKIE, "").setPath(PREFIX).setMaxAge(0));
      }
    }
    throw new UnauthorizedException("Unauthorized");
  }

  private Caller caller(String login, Optional<Boolean> filter, String correlation)
      throws UnauthorizedException {
    return engine
        .caller(login, filter, correlation)
        .orElseThrow(
            () ->
                new UnauthorizedException(
                    "The user "
                        + login
                        + "@internal-authz with profile [internal] is not authorized to perform"
                        + " login"));
  }

  // --- which route ---

  private static Map<String, String> query(HttpServerExchange exchange) {
    Map<String, String> query = new LinkedHashMap<>();
    for (Map.Entry<String, Deque<String>> each : exchange.getQueryParameters().entrySet()) {
      query.put(each.getKey(), each.getValue().getFirst());
    }
    // A few parameters may come as headers too.
    if (Exchanges.header(exchange, "All-Content").orElse("").equalsIgnoreCase("true")) {
      query.put("all_content", "true");
    }
    return query;
  }

  /** The path below the API's root, without version; matrix parameters become parameters. */
  private static String pathOf(HttpServerExchange exchange, Map<String, String> query) {
    String path = exchange.getRequestURI().substring(PREFIX.length());
    int matrix = path.indexOf(';');
    if (matrix >= 0) {
      for (String pair : path.substring(matrix + 1).split(";", -1)) {
        int equals = pair.indexOf('=');
        if (equals > 0) {
          query.putIfAbsent(pair.substring(0, equals), pair.substring(equals + 1));
        }
      }
      path = path.substring(0, matrix);
    }
    path = path.replaceFirst("^/", "").replaceFirst("/$", "");
    return path.equals("v4") ? "" : path.replaceFirst("^v4/", "");
  }

  private Match match(String method, String path, HttpServerExchange exchange) {
    List<Match> all = matches(path);
    if (all.isEmpty()) {
      throw ApiException.html(
          404,
          "RESTEASY003210: Could not find resource for full path: "
              + exchange.getRequestScheme()
              + "://"
              + exchange.getHostAndPort()
              + PREFIX
              + "/v4/"
              + path);
    }
    return all.stream()
        .filter(each -> each.route().method().equals(method))
        .findFirst()
        .orElseThrow(
            () -> {
              allow(exchange, all);
              return ApiException.html(
                  405,
                  "RESTEASY003650: No resource method found for "
                      + method
                      + ", return 405 with Allow header");
            });
  }

  private List<Match> matches(String path) {
    List<String> segments = split(path);
    List<Match> all = new ArrayList<>();
    for (Prepared each : routes.getOrDefault(segments.size(), List.of())) {
      Map<String, String> values = new HashMap<>();
      boolean same = true;
      for (int i = 0; same && i < segments.size(); i++) {
        String segment = each.segments().get(i);
        if (segment.startsWith("{")) {
          values.put(segment.substring(1, segment.length() - 1), segments.get(i));
        } else {
          same = segment.equals(segments.get(i));
        }
      }
      if (same) {
        all.add(new Match(each.route(), values));
      }
    }
    return all;
  }

  private static String allow(HttpServerExchange exchange, List<Match> all) {
    Set<String> methods = new LinkedHashSet<>();
    for (Match each : all) {
      if (each.route().method().equals("GET")) {
        methods.add("HEAD");
      }
      methods.add(each.route().method());
    }
    methods.add("OPTIONS");
    String allowed = String.join(", ", methods);
    exchange.getResponseHeaders().put(Headers.ALLOW, allowed);
    return allowed;
  }

  private void options(HttpServerExchange exchange, String path) {
    List<Match> all = matches(path);
    if (all.isEmpty()) {
      throw ApiException.notFound();
    }
    Exchanges.send(exchange, 200, "text/plain;charset=UTF-8", allow(exchange, all));
  }

  // --- bodies ---

  private static Optional<Syntax> accepted(String accept) {
    Optional<Syntax> best = Optional.empty();
    double bestQuality = 0;
    for (String each : accept.split(",", -1)) {
      String[] parts = each.split(";", -1);
      double quality = 1;
      for (String parameter : parts) {
        if (parameter.trim().matches("q=[0-9.]{1,5}")) {
          quality = Double.parseDouble(parameter.trim().substring(2));
        }
      }
      Optional<Syntax> syntax =
          switch (parts[0].trim().toLowerCase(Locale.ROOT)) {
            case "*/*", "application/*", "application/xml" -> Optional.of(Syntax.XML);
            case "application/json" -> Optional.of(Syntax.JSON);
            default -> Optional.empty();
          };
      if (syntax.isPresent() && quality > bestQuality) {
        best = syntax;
        bestQuality = quality;
      }
    }
    return best;
  }

  private Tree body(HttpServerExchange exchange, Route route) throws IOException {
    if (route.bodyType().isEmpty()) {
      return new Tree();
    }
    String type = Exchanges.header(exchange, "Content-Type").orElse("").split(";", -1)[0].trim();
    Syntax syntax =
        switch (type.toLowerCase(Locale.ROOT)) {
          case "application/xml" -> Syntax.XML;
          case "application/json" -> Syntax.JSON;
          default -> throw ApiException.empty(415);
        };
    byte[] bytes = Exchanges.body(exchange);
    if (bytes.length == 0 && route.action()) {
      return new Tree();
    }
    String usage = exchange.getRequestScheme() + "://" + exchange.getHostAndPort() + route.usage();
    try {
      Tree tree = syntax == Syntax.XML ? XmlFormat.read(bytes) : JsonFormat.read(bytes);
      schema.check(tree, route.bodyType().get(), syntax, usage);
      return tree;
    } catch (BadSyntaxException e) {
      throw Schema.syntacticallyIncorrect(usage);
    }
  }

  private static void linkHeader(HttpServerExchange exchange, Tree root) {
    String base = exchange.getRequestScheme() + "://" + exchange.getHostAndPort();
    List<String> links = new ArrayList<>();
    for (Tree link : root.children("link")) {
      links.add(
          "<"
              + base
              + link.text("href").orElseThrow()
              + ">; rel="
              + link.text("rel").orElseThrow());
    }
    exchange.getResponseHeaders().put(HttpString.tryFromString("Link"), String.join(",", links));
  }

  private static void send(HttpServerExchange exchange, Syntax syntax, Answer answer) {
    String base = exchange.getRequestScheme() + "://" + exchange.getHostAndPort();
    // The engine puts the whole href behind the version again, so that the path is doubled.
    answer
        .location()
        .ifPresent(
            href ->
                exchange.getResponseHeaders().put(Headers.LOCATION, base + PREFIX + "/v4" + href));
    boolean versionedPath = exchange.getRequestURI().matches(PREFIX + "/v4(/.*)?");
    if (syntax == Syntax.JSON && !versionedPath && !exchange.getRequestMethod().equals(HEAD)) {
      // In pieces, as the engine sends JSON too: a list can have a hundred megabytes.
      exchange.setStatusCode(answer.status());
      exchange.getResponseHeaders().put(Headers.CONTENT_TYPE, contentType(syntax));
      JsonFormat.write(answer.tree(), exchange.getOutputStream());
      return;
    }
    byte[] body =
        syntax == Syntax.JSON
            ? JsonFormat.write(answer.tree())
            : XmlFormat.write(answer.root(), answer.tree()).getBytes(StandardCharsets.UTF_8);
    if (versionedPath) {
      String versioned =
          new String(body, StandardCharsets.UTF_8).replace(PREFIX + "/", PREFIX + "/v4/");
      body = versioned.getBytes(StandardCharsets.UTF_8);
    }
    Exchanges.send(exchange, answer.status(), contentType(syntax), body);
  }

  private static String contentType(Syntax syntax) {
    return syntax == Syntax.JSON ? "application/json" : XML;
  }

  private static void refuse(
      HttpServerExchange exchange, Syntax syntax, ApiException e, boolean action) {
    ApiException.Body body = e.body();
    if (body instanceof ApiException.Body.Html html) {
      Exchanges.send(exchange, e.status(), HTML, html.text());
    } else if (body instanceof ApiException.Body.FaultBody fault) {
      Tree tree = new Tree().putIfPresent("detail", fault.detail()).put("reason", fault.reason());
      String root = "fault";
      if (action) {
        tree = new Tree().put("fault", tree).put("status", "failed");
        root = "action";
      }
      byte[] bytes =
          syntax == Syntax.JSON
              ? JsonFormat.write(tree)
              : XmlFormat.write(root, tree).getBytes(StandardCharsets.UTF_8);
      Exchanges.send(exchange, e.status(), contentType(syntax), bytes);
    } else {
      Exchanges.send(exchange, e.status(), HTML, new byte[0]);
    }
  }

  // --- follow ---

  /**
   * Fills in what {@code follow} names: a reference is replaced by the entity, a link's collection
   * is put beside the links ({@code vnic_profiles} for the link {@code vnicprofiles}).
   */
  private void follow(Answer answer, String paths, Caller caller) {
    for (String path : paths.split(",", -1)) {
      List<Tree> level = new ArrayList<>();
      if (answer.tree().has("id")) {
        level.add(answer.tree());
      } else {
        answer
            .tree()
            .members()
            .keySet()
            .forEach(name -> level.addAll(answer.tree().children(name)));
      }
      Map<String, Tree> read = new HashMap<>();
      List<Tree> now = level;
      for (String name : path.trim().split("\\.", -1)) {
        List<Tree> next = new ArrayList<>();
        now.forEach(tree -> next.addAll(followOne(tree, name, caller, read)));
        now = next;
      }
    }
  }

  private List<Tree> followOne(Tree tree, String name, Caller caller, Map<String, Tree> read) {
    Optional<Tree> child = tree.child(name);
    if (child.isPresent()) {
      Optional<String> href = child.get().text("href");
      if (href.isEmpty()) {
        return List.of();
      }
      Optional<Tree> entity = read(href.get(), caller, read);
      entity.ifPresent(each -> tree.put(name, each.copy()));
      return tree.child(name).stream().toList();
    }
    for (Tree link : tree.children("link")) {
      if (link.text("rel").equals(Optional.of(name.replace("_", "")))) {
        Optional<Tree> collection = read(link.text("href").orElseThrow(), caller, read);
        if (collection.isPresent()) {
          Tree own = collection.get().copy();
          tree.put(name, own);
          List<Tree> items = new ArrayList<>();
          own.members().keySet().forEach(item -> items.addAll(own.children(item)));
          return items;
        }
      }
    }
    return List.of();
  }

  private Optional<Tree> read(String href, Caller caller, Map<String, Tree> read) {
    if (!read.containsKey(href)) {
      String path = href.substring(PREFIX.length() + 1);
      Optional<Match> match =
          matches(path).stream().filter(each -> each.route().method().equals("GET")).findFirst();
      if (match.isEmpty()) {
        return Optional.empty();
      }
      try {
        Request request = new Request(caller, match.get().path(), Map.of(), new Tree());
        read.put(href, match.get().route().handler().handle(request).tree());
      } catch (ApiException e) {
        return Optional.empty();
      }
    }
    return Optional.of(read.get(href));
  }
}
