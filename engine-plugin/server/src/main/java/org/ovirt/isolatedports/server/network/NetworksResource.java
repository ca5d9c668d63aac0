// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.network;

import jakarta.inject.Inject;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.core.Response;
import java.util.Optional;
import org.ovirt.isolatedports.server.http.Exchange;
import org.ovirt.isolatedports.server.http.Ids;

/** {@code /networks} and {@code /datacenters/{id}/networks}: the engine's, with the attribute. */
@Path("{parent:(datacenters/" + Ids.UUID + "/)?}networks")
public class NetworksResource {

  @Inject Exchange exchange;
  @Inject Networks networks;

  @GET
  public Response list() {
    return networks.list(exchange);
  }

  @POST
  public Response add(@PathParam("parent") String parent, byte[] body) {
    return networks.add(
        exchange,
        Optional.of(parent)
            .filter(path -> !path.isEmpty())
            .map(path -> path.substring(path.indexOf('/') + 1, path.length() - 1)),
        body);
  }

  @GET
  @Path("{id:" + Ids.UUID + "}")
  public Response get(@PathParam("id") String id) {
    return networks.get(exchange, id);
  }

  @PUT
  @Path("{id:" + Ids.UUID + "}")
  public Response update(@PathParam("id") String id, byte[] body) {
    return networks.update(exchange, id, body);
  }

  @DELETE
  @Path("{id:" + Ids.UUID + "}")
  public Response remove(@PathParam("id") String id, byte[] body) {
    return networks.remove(exchange, id, body);
  }
}
