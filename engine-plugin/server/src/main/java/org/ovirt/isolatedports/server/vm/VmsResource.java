// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.vm;

import jakarta.inject.Inject;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.core.Response;
import org.ovirt.isolatedports.server.http.Exchange;
import org.ovirt.isolatedports.server.http.Ids;

/** {@code /vms/{id}}: a VM moves between clusters. */
@Path("vms/{id:" + Ids.UUID + "}")
public class VmsResource {

  @Inject Exchange exchange;
  @Inject Vms vms;

  @GET
  public Response get(@PathParam("id") String id) {
    return vms.get(exchange, id);
  }

  @PUT
  public Response update(@PathParam("id") String id, byte[] body) {
    return vms.update(exchange, id, body);
  }
}
