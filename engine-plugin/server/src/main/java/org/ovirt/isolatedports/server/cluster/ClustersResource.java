// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.cluster;

import jakarta.inject.Inject;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.core.Response;
import org.ovirt.isolatedports.server.http.Exchange;
import org.ovirt.isolatedports.server.http.Ids;

/** {@code /clusters}: their level and switch type decide whether ports can be isolated. */
@Path("clusters")
public class ClustersResource {

  @Inject Exchange exchange;
  @Inject ClustersOfNetworks clusters;

  @GET
  public Response list() {
    return clusters.list(exchange);
  }

  @GET
  @Path("{id:" + Ids.UUID + "}")
  public Response get(@PathParam("id") String id) {
    return clusters.get(exchange, id);
  }

  @PUT
  @Path("{id:" + Ids.UUID + "}")
  public Response update(@PathParam("id") String id, byte[] body) {
    return clusters.update(exchange, id, body);
  }
}
