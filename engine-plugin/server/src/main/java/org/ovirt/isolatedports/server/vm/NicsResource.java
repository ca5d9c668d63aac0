// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.vm;

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

/** {@code /vms/{id}/nics}: vNICs join and leave networks. */
@Path("vms/{vm:" + Ids.UUID + "}/nics")
public class NicsResource {

  @Inject Exchange exchange;
  @Inject Nics nics;

  @GET
  public Response list() {
    return nics.list(exchange);
  }

  @POST
  public Response add(@PathParam("vm") String vm, byte[] body) {
    return nics.add(exchange, vm, body);
  }

  @GET
  @Path("{id:" + Ids.UUID + "}")
  public Response get(@PathParam("vm") String vm, @PathParam("id") String id) {
    return nics.get(exchange, vm, id);
  }

  @PUT
  @Path("{id:" + Ids.UUID + "}")
  public Response update(@PathParam("vm") String vm, @PathParam("id") String id, byte[] body) {
    return nics.update(exchange, vm, id, body);
  }

  @DELETE
  @Path("{id:" + Ids.UUID + "}")
  public Response remove(@PathParam("vm") String vm, @PathParam("id") String id, byte[] body) {
    return nics.remove(exchange, vm, id, body);
  }

  @POST
  @Path("{id:" + Ids.UUID + "}/activate")
  public Response activate(@PathParam("vm") String vm, @PathParam("id") String id, byte[] body) {
    return nics.activate(exchange, vm, id, body);
  }

  @POST
  @Path("{id:" + Ids.UUID + "}/deactivate")
  public Response deactivate(byte[] body) {
    return nics.deactivate(exchange, body);
  }
}
