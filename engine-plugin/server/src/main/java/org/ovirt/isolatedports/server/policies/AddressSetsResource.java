// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.policies;

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

/** {@code /networks/{id}/addresssets}: what {@code $name} stands for in matches. Ours alone. */
@Path("networks/{id:" + Ids.UUID + "}/addresssets")
public class AddressSetsResource {

  @Inject Exchange exchange;
  @Inject PolicyDocuments documents;
  @Inject PolicyWrites writes;

  @GET
  public Response list(@PathParam("id") String id) {
    return documents.list(exchange, id, DocumentKind.ADDRESS_SET);
  }

  @GET
  @Path("{name}")
  public Response get(@PathParam("id") String id, @PathParam("name") String name) {
    return documents.get(exchange, id, DocumentKind.ADDRESS_SET, name);
  }

  @PUT
  @Path("{name}")
  public Response set(@PathParam("id") String id, @PathParam("name") String name, byte[] body) {
    return writes.put(exchange, id, DocumentKind.ADDRESS_SET, name, body);
  }

  @DELETE
  @Path("{name}")
  public Response remove(@PathParam("id") String id, @PathParam("name") String name) {
    return writes.remove(exchange, id, DocumentKind.ADDRESS_SET, name);
  }

  @GET
  @Path("{name}/revisions")
  public Response revisions(@PathParam("id") String id, @PathParam("name") String name) {
    return documents.revisions(exchange, id, DocumentKind.ADDRESS_SET, name);
  }

  @GET
  @Path("{name}/revisions/{number}")
  public Response revision(
      @PathParam("id") String id,
      @PathParam("name") String name,
      @PathParam("number") String number) {
    return documents.revision(exchange, id, DocumentKind.ADDRESS_SET, name, number);
  }

  @POST
  @Path("{name}/revisions/{number}/restore")
  public Response restore(
      @PathParam("id") String id,
      @PathParam("name") String name,
      @PathParam("number") String number) {
    return writes.restore(exchange, id, DocumentKind.ADDRESS_SET, name, number);
  }

  @GET
  @Path("{name}/diff")
  public Response diff(@PathParam("id") String id, @PathParam("name") String name) {
    return documents.diff(exchange, id, DocumentKind.ADDRESS_SET, name);
  }
}
