// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.http;

import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import java.io.InputStream;

/** {@code /openapi.json}: what we serve, for machines. A test holds it to the resources. */
@Path("openapi.json")
public class OpenApiResource {

  @GET
  @Produces(MediaType.APPLICATION_JSON)
  public InputStream get() {
    return OpenApiResource.class.getResourceAsStream("/openapi.json");
  }
}
