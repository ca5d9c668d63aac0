// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.http.fault;

import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.ext.ExceptionMapper;
import jakarta.ws.rs.ext.Provider;
import org.ovirt.isolatedports.engine.UnauthorizedException;

/** Callers whom the engine does not let in: its own answer, with its challenge. */
@Provider
public class UnauthorizedMapper implements ExceptionMapper<UnauthorizedException> {

  @Override
  public Response toResponse(UnauthorizedException exception) {
    Response.ResponseBuilder builder = Response.status(exception.answer().status());
    exception.answer().contentType().ifPresent(t -> builder.header(HttpHeaders.CONTENT_TYPE, t));
    exception
        .answer()
        .challenge()
        .ifPresent(challenge -> builder.header(HttpHeaders.WWW_AUTHENTICATE, challenge));
    return builder.entity(exception.answer().body()).build();
  }
}
