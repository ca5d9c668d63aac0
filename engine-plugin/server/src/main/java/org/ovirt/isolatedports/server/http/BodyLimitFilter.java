// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.http;

import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerRequestFilter;
import jakarta.ws.rs.ext.Provider;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import org.ovirt.isolatedports.server.http.fault.FaultException;

/** Refuses bodies over 1 MiB before anything reads them. */
@Provider
public class BodyLimitFilter implements ContainerRequestFilter {

  private static final int MAX_BYTES = 1024 * 1024;
  private static final int TOO_LARGE = 413;

  @Override
  public void filter(ContainerRequestContext request) throws IOException {
    if (request.getLength() > MAX_BYTES) {
      throw tooLarge();
    }
    if (request.hasEntity()) {
      // A chunked body says its size only by being read.
      byte[] body = request.getEntityStream().readNBytes(MAX_BYTES + 1);
      if (body.length > MAX_BYTES) {
        throw tooLarge();
      }
      request.setEntityStream(new ByteArrayInputStream(body));
    }
  }

  private static FaultException tooLarge() {
    return FaultException.operationFailed(
        TOO_LARGE, "The body is larger than " + MAX_BYTES + " bytes, which is the limit.");
  }
}
