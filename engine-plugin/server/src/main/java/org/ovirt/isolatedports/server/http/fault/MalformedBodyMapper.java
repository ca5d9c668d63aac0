// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.http.fault;

import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.ext.Provider;
import org.ovirt.isolatedports.body.MalformedBodyException;

/** Bodies that cannot be read. */
@Provider
public class MalformedBodyMapper extends FaultMapper<MalformedBodyException> {

  @Override
  public Response toResponse(MalformedBodyException malformed) {
    return fault(
        Response.Status.BAD_REQUEST.getStatusCode(), malformed.reason(), malformed.getMessage());
  }
}
