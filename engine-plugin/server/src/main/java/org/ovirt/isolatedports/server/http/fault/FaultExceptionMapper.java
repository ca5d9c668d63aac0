// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.http.fault;

import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.ext.Provider;

/** Our own refusals. */
@Provider
public class FaultExceptionMapper extends FaultMapper<FaultException> {

  @Override
  public Response toResponse(FaultException fault) {
    return later(fault(fault.status(), fault.reason(), fault.getMessage()), fault.retryAfter());
  }
}
