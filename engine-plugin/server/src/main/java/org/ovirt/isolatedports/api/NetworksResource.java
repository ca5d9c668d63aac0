// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.api;

import jakarta.inject.Inject;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.core.Response;

/** {@code /networks} and {@code /datacenters/{id}/networks}: the engine's, with the attribute. */
@Path("{parent:(datacenters/[^/]+/)?}networks")
public class NetworksResource {

  @Inject Exchange exchange;
  @Inject Networks networks;

  @GET
  public Response list() {
    return networks.list(exchange);
  }

  @POST
  public Response add(byte[] body) {
    return networks.add(exchange, body);
  }

  @GET
  @Path("{id}")
  public Response get() {
    return networks.get(exchange);
  }

  @PUT
  @Path("{id}")
  public Response update(@PathParam("id") String id, byte[] body) {
    return networks.update(exchange, id, body);
  }

  @DELETE
  @Path("{id}")
  public Response remove(@PathParam("id") String id) {
    return networks.remove(exchange, id);
  }
}
