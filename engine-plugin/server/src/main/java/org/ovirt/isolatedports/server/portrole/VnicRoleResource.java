// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.portrole;

import jakarta.inject.Inject;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.core.Response;
import org.ovirt.isolatedports.server.http.Exchange;
import org.ovirt.isolatedports.server.http.Ids;

/** {@code /vms/{id}/nics/{nic}/role}: the role of one vNIC, over its profile's. Ours alone. */
@Path("vms/{id:" + Ids.UUID + "}/nics/{nic:" + Ids.UUID + "}/role")
public class VnicRoleResource {

  @Inject Exchange exchange;
  @Inject VnicRoles roles;

  @GET
  public Response get(@PathParam("id") String id, @PathParam("nic") String nic) {
    return roles.get(exchange, id, nic);
  }

  @PUT
  public Response set(@PathParam("id") String id, @PathParam("nic") String nic, byte[] body) {
    return roles.set(exchange, id, nic, body);
  }

  @DELETE
  public Response remove(@PathParam("id") String id, @PathParam("nic") String nic) {
    return roles.remove(exchange, id, nic);
  }
}
