// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.http;

import jakarta.enterprise.context.RequestScoped;
import jakarta.inject.Inject;
import jakarta.ws.rs.NotAcceptableException;
import jakarta.ws.rs.NotSupportedException;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import org.ovirt.isolatedports.body.ApiBody;
import org.ovirt.isolatedports.body.BodyFormat;
import org.ovirt.isolatedports.body.MalformedBodyException;
import org.ovirt.isolatedports.body.TreeWriter;
import org.ovirt.isolatedports.engine.EngineAnswer;
import org.ovirt.isolatedports.engine.EngineException;
import org.ovirt.isolatedports.engine.EngineHttpClient;
import org.ovirt.isolatedports.engine.EngineRequest;
import org.ovirt.isolatedports.engine.UnauthorizedException;
import org.ovirt.isolatedports.server.http.caller.Caller;
import org.ovirt.isolatedports.server.http.fault.FaultException;

/** The request being served: what it asks for, and how it goes on to the engine. */
@RequestScoped
public class Exchange {

  /** What a caller may say to the engine through us. Cookies and the like stay behind. */
  private static final List<String> FORWARDED =
      List.of("Accept-Language", "All-Content", "Correlation-Id", "Filter", "Version");

  /** What YAML is called: its own name, and those that are older. */
  private static final Set<String> YAML =
      Set.of("application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml");

  private static final byte[] NO_BODY = {};
  private static final int BAD_REQUEST = 400;
  private static final int UNAUTHORIZED = 401;
  private static final int FORBIDDEN = 403;
  private static final int NOT_FOUND = 404;
  private static final int SERVER_ERROR = 500;

  @Inject Caller caller;
  @Inject EngineHttpClient engine;
  private ContainerRequestContext context;

  /** Called once a request, before any resource. */
  void begin(ContainerRequestContext request) {
    this.context = request;
  }

  /**
   * The representation the caller wants; XML where it does not say, as the engine does.
   *
   * @throws NotAcceptableException if it wants neither
   */
  public BodyFormat answerFormat() {
    // Not by RESTEasy's variants: the engine takes application/json;charset=UTF-8 as well.
    for (MediaType accepted : context.getAcceptableMediaTypes()) {
      if (accepted.isCompatible(MediaType.APPLICATION_XML_TYPE)) {
        return BodyFormat.XML;
      }
      if (accepted.isCompatible(MediaType.APPLICATION_JSON_TYPE)) {
        return BodyFormat.JSON;
      }
    }
    throw new NotAcceptableException();
  }

  /** The same, or XML for whom only wants what the engine does not speak. */
  public BodyFormat faultFormat() {
    try {
      return answerFormat();
    } catch (NotAcceptableException e) {
      return BodyFormat.XML;
    }
  }

  /** Whether the caller would rather have a text in YAML (RFC 9512) than XML or JSON. */
  public boolean prefersYaml() {
    for (MediaType accepted : context.getAcceptableMediaTypes()) {
      if (isYaml(accepted)) {
        return true;
      }
      if (accepted.isCompatible(MediaType.APPLICATION_XML_TYPE)
          || accepted.isCompatible(MediaType.APPLICATION_JSON_TYPE)) {
        return false;
      }
    }
    return false;
  }

  /**
   * Whether the caller sent YAML.
   *
   * @throws NotSupportedException if it did, in another encoding than UTF-8
   */
  public boolean sentYaml() {
    MediaType type = context.getMediaType();
    if (type == null || !isYaml(type)) {
      return false;
    }
    if (!isUtf8(type)) {
      throw new NotSupportedException();
    }
    return true;
  }

  private static boolean isYaml(MediaType type) {
    return YAML.contains((type.getType() + "/" + type.getSubtype()).toLowerCase(Locale.ROOT));
  }

  /**
   * A parameter of the query; empty if it is not there.
   *
   * @throws FaultException if it is there twice
   */
  public Optional<String> parameter(String name) {
    List<String> values = context.getUriInfo().getQueryParameters().getOrDefault(name, List.of());
    if (values.size() > 1) {
      throw FaultException.operationFailed(
          BAD_REQUEST, "The parameter " + name + " is there twice. Send it once.");
    }
    return values.stream().findFirst();
  }

  /**
   * Whether the caller only wants to see what would come of a write.
   *
   * @throws FaultException if the parameter {@code dry_run} is neither true nor false
   */
  public boolean isDryRun() {
    return switch (parameter("dry_run").orElse("false")) {
      case "true" -> true;
      case "false" -> false;
      default ->
          throw FaultException.operationFailed(
              BAD_REQUEST, "The parameter dry_run must be true or false.");
    };
  }

  /**
   * Refuses parameters of the query that are not known: who misspells one would not get what is
   * meant.
   */
  public void onlyParameters(Set<String> known) {
    Set<String> unknown = new TreeSet<>(context.getUriInfo().getQueryParameters().keySet());
    unknown.removeAll(known);
    if (!unknown.isEmpty()) {
      throw FaultException.operationFailed(
          BAD_REQUEST,
          "The parameter "
              + unknown.iterator().next()
              + " is not known; there are "
              + String.join(", ", new TreeSet<>(known))
              + ".");
    }
  }

  /**
   * The representation the caller sent.
   *
   * @throws NotSupportedException if it is neither, or in another encoding than UTF-8
   */
  public BodyFormat bodyFormat() {
    MediaType type = context.getMediaType();
    if (type != null && !isUtf8(type)) {
      throw new NotSupportedException();
    }
    if (type != null && type.isCompatible(MediaType.APPLICATION_JSON_TYPE)) {
      return BodyFormat.JSON;
    }
    if (type != null && type.isCompatible(MediaType.APPLICATION_XML_TYPE)) {
      return BodyFormat.XML;
    }
    throw new NotSupportedException();
  }

  private static boolean isUtf8(MediaType type) {
    String charset = type.getParameters().get(MediaType.CHARSET_PARAMETER);
    return charset == null || charset.equalsIgnoreCase(StandardCharsets.UTF_8.name());
  }

  /**
   * Reads what the caller asks for.
   *
   * @throws MalformedBodyException unless what we judge of it can be understood in one way only
   */
  public ApiBody asked(byte[] body, Kind kind) {
    return bodyFormat().readAsked(body, kind.element(), AskedFields.of(kind));
  }

  /** Sends the same request to the engine, without a body. */
  public EngineAnswer send() {
    return send(NO_BODY);
  }

  /** Sends the same request to the engine, with a body in the format the caller sent. */
  public EngineAnswer send(byte[] body) {
    String query = context.getUriInfo().getRequestUri().getRawQuery();
    // What asks for the head alone needs the body here: its length and tag are made from it.
    String method = context.getMethod().equals("HEAD") ? "GET" : context.getMethod();
    return send(method, query == null ? path() : path() + "?" + query, body, answerFormat());
  }

  /** Reads something else from the engine, as the same caller. */
  public EngineAnswer read(String path, BodyFormat format) {
    return send("GET", path, NO_BODY, format);
  }

  /**
   * Reads something else from the engine in JSON, as the same caller.
   *
   * @throws UnauthorizedException if the engine refuses the token, which is the caller's answer
   */
  EngineAnswer readAuthorized(String path) {
    EngineAnswer answer = read(path, BodyFormat.JSON);
    if (answer.status() == UNAUTHORIZED) {
      throw new UnauthorizedException(answer);
    }
    return answer;
  }

  /**
   * An entity as the caller reads it, filtered where the caller asked for that; empty if the engine
   * shows the caller none.
   *
   * @throws UnauthorizedException if the engine refuses the token
   */
  public Optional<ApiBody> find(String path, Kind kind) {
    EngineAnswer answer = readAuthorized(path);
    if (answer.isSuccess()) {
      return Optional.of(parse(answer, kind.element()));
    }
    if (answer.status() == FORBIDDEN || answer.status() == NOT_FOUND) {
      return Optional.empty();
    }
    throw new EngineException(
        EngineException.Kind.REFUSED,
        answer.status(),
        "The oVirt engine does not answer " + path + " (status " + answer.status() + ").");
  }

  /** Answers with what is ours and no entity, so without a tag, in the format the caller wants. */
  public Response ok(String root, Map<String, Object> tree) {
    return ok(answerFormat(), root, tree);
  }

  /** The same in a format that is chosen already. */
  public static Response ok(BodyFormat format, String root, Map<String, Object> tree) {
    return Response.ok(TreeWriter.write(format, root, tree))
        .header(HttpHeaders.CONTENT_TYPE, format.contentType())
        .build();
  }

  /** Answers what is asked of an entity that the caller may read; else as the engine does. */
  public Response withReadable(String path, Kind kind, Function<ApiBody, Response> answer) {
    EngineAnswer read = read(path, BodyFormat.JSON);
    if (!read.isSuccess()) {
      // The engine's own words, in the format the caller wants.
      return pass(read(path, faultFormat()));
    }
    return answer.apply(parse(read, kind.element()));
  }

  /**
   * Asks the engine something as the caller.
   *
   * <p>What is no answer of API v4 does not come back: an engine that fails is a 502, 503 or 504 of
   * ours.
   */
  public EngineAnswer send(String method, String path, byte[] body, BodyFormat accept) {
    EngineAnswer answer = engine.send(request(method, path, body, accept));
    if (answer.status() == UNAUTHORIZED && caller.loginAgain()) {
      // The engine did nothing with the first one: it did not know the token any more.
      answer = engine.send(request(method, path, body, accept));
    }
    return usable(answer);
  }

  private EngineRequest request(String method, String path, byte[] body, BodyFormat accept) {
    Map<String, String> headers = new LinkedHashMap<>();
    headers.put("Authorization", "Bearer " + caller.token());
    headers.put("Accept", accept.mediaType());
    if (body.length > 0) {
      headers.put("Content-Type", bodyFormat().mediaType());
    }
    for (String name : FORWARDED) {
      header(name).ifPresent(value -> headers.put(name, value));
    }
    return new EngineRequest(method, path, headers, body);
  }

  private static EngineAnswer usable(EngineAnswer answer) {
    if (answer.status() >= SERVER_ERROR) {
      throw EngineException.failed(answer.status());
    }
    if (answer.status() < 200 || (answer.status() >= 300 && answer.status() < 400)) {
      throw notApi(answer);
    }
    if (answer.isSuccess() && answer.body().length > 0 && format(answer).isEmpty()) {
      throw notApi(answer);
    }
    return answer;
  }

  private static EngineException notApi(EngineAnswer answer) {
    return new EngineException(
        EngineException.Kind.GARBAGE,
        "The oVirt engine answered with status "
            + answer.status()
            + " and something that is not API v4 ("
            + answer.contentType().orElse("no Content-Type")
            + ").");
  }

  private static Optional<BodyFormat> format(EngineAnswer answer) {
    String type = answer.contentType().orElse("").toLowerCase(Locale.ROOT);
    if (type.startsWith(BodyFormat.XML.mediaType())) {
      return Optional.of(BodyFormat.XML);
    }
    return type.startsWith(BodyFormat.JSON.mediaType())
        ? Optional.of(BodyFormat.JSON)
        : Optional.empty();
  }

  /**
   * Reads the body of a successful answer.
   *
   * @throws EngineException if it is not what API v4 answers
   */
  public static ApiBody parse(EngineAnswer answer, String root) {
    BodyFormat format = format(answer).orElseThrow(() -> notApi(answer));
    try {
      return format.read(answer.body(), root);
    } catch (MalformedBodyException e) {
      throw new EngineException(
          EngineException.Kind.GARBAGE,
          "The oVirt engine's answer is not a " + root + " of API v4: " + e.getMessage());
    }
  }

  /** Whether more than the plain entity was asked for, such as {@code follow=vnic_profiles}. */
  public boolean wantsMore() {
    return context.getUriInfo().getRequestUri().getRawQuery() != null
        || header("All-Content").isPresent();
  }

  /** The caller's token. */
  public String token() {
    return caller.token();
  }

  /** A header of the request. */
  public Optional<String> header(String name) {
    return Optional.ofNullable(context.getHeaderString(name));
  }

  /** The path below {@code /api} as it came, such as {@code /networks/123}. */
  public String path() {
    return "/" + context.getUriInfo().getPath(false).replaceFirst("^/+", "");
  }

  /** The path of our API on this server, such as {@code /ovirt-isolated-ports/api/}. */
  public String base() {
    return context.getUriInfo().getBaseUri().getRawPath();
  }

  /** The engine's answer as ours. */
  public static Response pass(EngineAnswer answer) {
    return pass(answer, answer.body()).build();
  }

  /** The engine's answer as ours, with another body. */
  static Response.ResponseBuilder pass(EngineAnswer answer, byte[] body) {
    Response.ResponseBuilder builder = Response.status(answer.status());
    answer.contentType().ifPresent(type -> builder.header(HttpHeaders.CONTENT_TYPE, type));
    answer.challenge().ifPresent(value -> builder.header(HttpHeaders.WWW_AUTHENTICATE, value));
    if (body.length > 0) {
      builder.entity(body);
    }
    return builder;
  }
}
