// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.portrole;

import jakarta.inject.Inject;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.core.Response;
import org.ovirt.isolatedports.server.http.Exchange;
import org.ovirt.isolatedports.server.http.Ids;

/**
 * {@code /vnicprofiles/{id}/services}: whether vNICs of a profile may be routers and DHCP servers.
 * Ours alone.
 */
@Path("vnicprofiles/{id:" + Ids.UUID + "}/services")
public class ProfileServicesResource {

  @Inject Exchange exchange;
  @Inject ProfileServices services;

  @GET
  public Response get(@PathParam("id") String id) {
    return services.get(exchange, id);
  }

  @PUT
  public Response set(@PathParam("id") String id, byte[] body) {
    return services.set(exchange, id, body);
  }
}
