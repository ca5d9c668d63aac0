// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.twin;

import jakarta.inject.Inject;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.core.Response;
import org.ovirt.isolatedports.server.http.Exchange;
import org.ovirt.isolatedports.server.http.Ids;

/** {@code /networks/{id}/isolate}: moving the VMs of a network to an isolated twin. Ours alone. */
@Path("networks/{id:" + Ids.UUID + "}/isolate")
public class IsolateResource {

  @Inject Exchange exchange;
  @Inject NetworkTwins twins;

  @GET
  public Response get(@PathParam("id") String id) {
    return twins.get(exchange, id);
  }

  @POST
  public Response step(@PathParam("id") String id, byte[] body) {
    return twins.step(exchange, id, body);
  }

  @DELETE
  public Response remove(@PathParam("id") String id) {
    return twins.remove(exchange, id);
  }
}
