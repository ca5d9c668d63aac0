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

/** {@code /clusters/{id}/networks}: which networks the VMs of a cluster may use. */
@Path("clusters/{cluster}/networks")
public class ClusterNetworksResource {

  @Inject Exchange exchange;
  @Inject Networks networks;
  @Inject ClusterNetworks clusterNetworks;

  @GET
  public Response list() {
    return networks.list(exchange);
  }

  @POST
  public Response attach(@PathParam("cluster") String clusterId, byte[] body) {
    return clusterNetworks.attach(exchange, clusterId, body);
  }

  @GET
  @Path("{id}")
  public Response get() {
    return networks.get(exchange);
  }

  /** Changes the network's role in the cluster; the engine ignores the attribute here. */
  @PUT
  @Path("{id}")
  public Response update(byte[] body) {
    return clusterNetworks.update(exchange, body);
  }

  @DELETE
  @Path("{id}")
  public Response detach() {
    return clusterNetworks.detach(exchange);
  }
}
