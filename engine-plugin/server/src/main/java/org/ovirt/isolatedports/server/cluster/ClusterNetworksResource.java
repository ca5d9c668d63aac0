// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.cluster;

import jakarta.inject.Inject;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.core.Response;
import org.ovirt.isolatedports.server.http.Exchange;
import org.ovirt.isolatedports.server.http.Ids;

/** {@code /clusters/{id}/networks}: which networks the VMs of a cluster may use. */
@Path("clusters/{cluster:" + Ids.UUID + "}/networks")
public class ClusterNetworksResource {

  @Inject Exchange exchange;
  @Inject ClusterNetworks networks;

  @GET
  public Response list() {
    return networks.list(exchange);
  }

  @POST
  public Response attach(@PathParam("cluster") String cluster, byte[] body) {
    return networks.attach(exchange, cluster, body);
  }

  @GET
  @Path("{id:" + Ids.UUID + "}")
  public Response get(@PathParam("cluster") String cluster, @PathParam("id") String id) {
    return networks.get(exchange, cluster, id);
  }

  /** Changes the network's role in the cluster; the engine ignores the attribute here. */
  @PUT
  @Path("{id:" + Ids.UUID + "}")
  public Response update(
      @PathParam("cluster") String cluster, @PathParam("id") String id, byte[] body) {
    return networks.update(exchange, cluster, id, body);
  }

  @DELETE
  @Path("{id:" + Ids.UUID + "}")
  public Response detach(
      @PathParam("cluster") String cluster, @PathParam("id") String id, byte[] body) {
    return networks.detach(exchange, cluster, id, body);
  }
}
