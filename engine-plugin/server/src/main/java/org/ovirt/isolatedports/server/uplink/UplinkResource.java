// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.uplink;

import jakarta.inject.Inject;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.core.Response;
import org.ovirt.isolatedports.server.http.Exchange;
import org.ovirt.isolatedports.server.http.Ids;

/** {@code /networks/{id}/uplink}: how an isolated network reaches the outside. Ours alone. */
@Path("networks/{id:" + Ids.UUID + "}/uplink")
public class UplinkResource {

  @Inject Exchange exchange;
  @Inject NetworkUplinks uplinks;

  @GET
  public Response get(@PathParam("id") String id) {
    return uplinks.get(exchange, id);
  }

  @PUT
  public Response set(@PathParam("id") String id, byte[] body) {
    return uplinks.set(exchange, id, body);
  }
}
