// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.http.fault;

import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.ext.ExceptionMapper;
import java.time.Duration;
import java.util.Optional;
import org.ovirt.isolatedports.body.BodyFormat;

/**
 * Turns one kind of failure into a fault of the engine's form, in the format that the caller
 * accepts; no stack trace reaches a caller.
 */
abstract class FaultMapper<E extends Exception> implements ExceptionMapper<E> {

  static final String OPERATION_FAILED = "Operation Failed";

  @Context HttpHeaders headers;

  final Response fault(int status, String reason, String detail) {
    BodyFormat format = format();
    return Response.status(status)
        .header(HttpHeaders.CONTENT_TYPE, format.contentType())
        .entity(format.fault(reason, detail))
        .build();
  }

  /** Says when to try again, in whole seconds and not too early. */
  static Response later(Response answer, Optional<Duration> wait) {
    return wait.map(
            time ->
                Response.fromResponse(answer)
                    .header(HttpHeaders.RETRY_AFTER, Math.max(1, time.plusMillis(999).toSeconds()))
                    .build())
        .orElse(answer);
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
