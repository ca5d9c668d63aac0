// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.http.fault;

import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.ext.Provider;
import java.util.Set;
import org.ovirt.isolatedports.engine.EngineException;

/** An engine that gives no usable answer, or refuses what we asked of it for a caller. */
@Provider
public class EngineExceptionMapper extends FaultMapper<EngineException> {

  /** These the engine gives because of who the caller is, so they are the caller's answer. */
  private static final Set<Integer> OF_THE_CALLER = Set.of(401, 403);

  @Override
  public Response toResponse(EngineException engine) {
    boolean ofTheCaller = OF_THE_CALLER.contains(engine.engineStatus());
    Response answer =
        fault(
            ofTheCaller ? engine.engineStatus() : engine.kind().httpStatus(),
            OPERATION_FAILED,
            "[" + engine.getMessage() + "]");
    return ofTheCaller ? answer : later(answer, engine.retryAfter());
  }
}
