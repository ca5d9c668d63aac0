// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.http.fault;

import jakarta.persistence.PersistenceException;
import jakarta.transaction.TransactionalException;
import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.ext.ExceptionMapper;
import jakarta.ws.rs.ext.Provider;
import java.sql.SQLException;
import java.util.UUID;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.ovirt.isolatedports.body.BodyFormat;
import org.ovirt.isolatedports.body.MalformedBodyException;
import org.ovirt.isolatedports.engine.EngineException;
import org.ovirt.isolatedports.engine.UnauthorizedException;

/** Turns whatever goes wrong into a fault of the engine's form; no stack trace reaches a caller. */
@Provider
public class FaultMappers implements ExceptionMapper<Exception> {

  private static final Logger LOG = Logger.getLogger(FaultMappers.class.getName());
  private static final int BAD_REQUEST = 400;
  private static final int UNAUTHORIZED = 401;
  private static final int FORBIDDEN = 403;
  private static final int SERVER_ERROR = 500;
  private static final int UNAVAILABLE = 503;

  @Context HttpHeaders headers;

  @Override
  public Response toResponse(Exception exception) {
    if (exception instanceof FaultException fault) {
      return fault(fault.status(), fault.reason(), fault.getMessage());
    }
    if (exception instanceof MalformedBodyException malformed) {
      return fault(BAD_REQUEST, malformed.reason(), malformed.getMessage());
    }
    if (exception instanceof EngineException engine && engine.engineStatus() == UNAUTHORIZED) {
      return fault(UNAUTHORIZED, "Operation Failed", "[" + engine.getMessage() + "]");
    }
    if (exception instanceof EngineException engine && engine.engineStatus() == FORBIDDEN) {
      return fault(FORBIDDEN, "Operation Failed", "[" + engine.getMessage() + "]");
    }
    if (exception instanceof EngineException engine) {
      return later(
          fault(engine.kind().httpStatus(), "Operation Failed", "[" + engine.getMessage() + "]"),
          engine);
    }
    if (exception instanceof UnauthorizedException unauthorized) {
      return unauthorized(unauthorized);
    }
    if (exception instanceof WebApplicationException web) {
      // The engine answers these with an empty body as well: 404, 405, 406, 415.
      return Response.fromResponse(web.getResponse()).entity(null).build();
    }
    if (isOfDatabase(exception)) {
      LOG.log(Level.WARNING, "The database fails: {0}", exception.getMessage());
      return fault(
          UNAVAILABLE,
          "Operation Failed",
          "[The database of Isolated Ports does not answer now. Try again.]");
    }
    String mark = UUID.randomUUID().toString();
    LOG.log(Level.SEVERE, "Failure " + mark, exception);
    return fault(
        SERVER_ERROR,
        "Operation Failed",
        "[Internal error. The server's log has it under " + mark + ".]");
  }

  private static Response later(Response answer, EngineException engine) {
    return engine
        .retryAfter()
        .map(
            wait ->
                Response.fromResponse(answer)
                    .header(HttpHeaders.RETRY_AFTER, Math.max(1, wait.toSeconds() + 1))
                    .build())
        .orElse(answer);
  }

  private static boolean isOfDatabase(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof PersistenceException
          || cause instanceof SQLException
          || cause instanceof TransactionalException) {
        return true;
      }
    }
    return false;
  }

  private static Response unauthorized(UnauthorizedException exception) {
    Response.ResponseBuilder builder = Response.status(exception.answer().status());
    exception.answer().contentType().ifPresent(t -> builder.header(HttpHeaders.CONTENT_TYPE, t));
    exception
        .answer()
        .challenge()
        .ifPresent(challenge -> builder.header(HttpHeaders.WWW_AUTHENTICATE, challenge));
    return builder.entity(exception.answer().body()).build();
  }

  private Response fault(int status, String reason, String detail) {
    BodyFormat format = format();
    return Response.status(status)
        .header(HttpHeaders.CONTENT_TYPE, format.contentType())
        .entity(format.fault(reason, detail))
        .build();
  }

  private BodyFormat format() {
    for (MediaType accepted : headers.getAcceptableMediaTypes()) {
      if (!accepted.isWildcardType()) {
        return accepted.isCompatible(MediaType.APPLICATION_JSON_TYPE)
            ? BodyFormat.JSON
            : BodyFormat.XML;
      }
    }
    return BodyFormat.XML;
  }
}
