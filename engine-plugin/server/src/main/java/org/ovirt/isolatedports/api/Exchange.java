// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.api;

import jakarta.enterprise.context.RequestScoped;
import jakarta.inject.Inject;
import jakarta.ws.rs.NotAcceptableException;
import jakarta.ws.rs.NotSupportedException;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.Variant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.ovirt.isolatedports.body.BodyFormat;
import org.ovirt.isolatedports.engine.EngineAnswer;
import org.ovirt.isolatedports.engine.EngineRequest;
import org.ovirt.isolatedports.security.Caller;

/** The request being served: what it asks for, and how it goes on to the engine. */
@RequestScoped
public class Exchange {

  private static final List<Variant> VARIANTS =
      Variant.mediaTypes(MediaType.APPLICATION_XML_TYPE, MediaType.APPLICATION_JSON_TYPE).build();

  /** What a caller may say to the engine through us. Cookies and the like stay behind. */
  private static final List<String> FORWARDED =
      List.of("Accept-Language", "All-Content", "Correlation-Id", "Filter", "Version");

  @Inject Caller caller;
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
    Variant variant = context.getRequest().selectVariant(VARIANTS);
    if (variant == null) {
      throw new NotAcceptableException();
    }
    return MediaType.APPLICATION_JSON_TYPE.isCompatible(variant.getMediaType())
        ? BodyFormat.JSON
        : BodyFormat.XML;
  }

  /**
   * The representation the caller sent.
   *
   * @throws NotSupportedException if it is neither
   */
  public BodyFormat bodyFormat() {
    MediaType type = context.getMediaType();
    if (type != null && type.isCompatible(MediaType.APPLICATION_JSON_TYPE)) {
      return BodyFormat.JSON;
    }
    if (type != null && type.isCompatible(MediaType.APPLICATION_XML_TYPE)) {
      return BodyFormat.XML;
    }
    throw new NotSupportedException();
  }

  /** The same request to the engine, without a body. */
  public EngineRequest forward() {
    return forward(new byte[0]);
  }

  /** The same request to the engine, with a body in the format the caller sent. */
  public EngineRequest forward(byte[] body) {
    Map<String, String> forwarded = new LinkedHashMap<>();
    forwarded.put("Authorization", "Bearer " + caller.token());
    forwarded.put("Accept", answerFormat().mediaType());
    if (body.length > 0) {
      forwarded.put("Content-Type", bodyFormat().mediaType());
    }
    for (String name : FORWARDED) {
      String value = context.getHeaderString(name);
      if (value != null) {
        forwarded.put(name, value);
      }
    }
    String query = context.getUriInfo().getRequestUri().getRawQuery();
    String path = "/" + context.getUriInfo().getPath(false).replaceFirst("^/+", "");
    return new EngineRequest(
        context.getMethod(), query == null ? path : path + "?" + query, forwarded, body);
  }

  /** The caller's token. */
  public String token() {
    return caller.token();
  }

  /** The engine's answer as ours. */
  public static Response pass(EngineAnswer answer) {
    return pass(answer, answer.body());
  }

  /** The engine's answer as ours, with another body. */
  public static Response pass(EngineAnswer answer, byte[] body) {
    Response.ResponseBuilder builder = Response.status(answer.status());
    answer.contentType().ifPresent(type -> builder.header(HttpHeaders.CONTENT_TYPE, type));
    answer.challenge().ifPresent(value -> builder.header(HttpHeaders.WWW_AUTHENTICATE, value));
    if (body.length > 0) {
      builder.entity(body);
    }
    return builder.build();
  }
}
