// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.policies;

import jakarta.inject.Inject;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.core.Response;
import org.ovirt.isolatedports.server.http.Exchange;
import org.ovirt.isolatedports.server.http.Ids;

/** {@code /networks/{id}/reachability}: who reaches whom. Ours alone. */
@Path("networks/{id:" + Ids.UUID + "}/reachability")
public class ReachabilityResource {

  @Inject Exchange exchange;
  @Inject NetworkReach reach;

  @GET
  public Response reachability(@PathParam("id") String id) {
    return reach.reachability(exchange, id);
  }
}
