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

/** Documents of one kind that a network has by name: the routes that all such kinds share. */
public abstract class NamedDocumentsResource {

  @Inject Exchange exchange;
  @Inject PolicyDocuments documents;
  @Inject PolicyWrites writes;

  private final DocumentKind kind;

  NamedDocumentsResource(DocumentKind kind) {
    this.kind = kind;
  }

  @GET
  public Response list(@PathParam("id") String id) {
    return documents.list(exchange, id, kind);
  }

  @GET
  @Path("{name}")
  public Response get(@PathParam("id") String id, @PathParam("name") String name) {
    return documents.get(exchange, id, kind, name);
  }

  @PUT
  @Path("{name}")
  public Response set(@PathParam("id") String id, @PathParam("name") String name, byte[] body) {
    return writes.put(exchange, id, kind, name, body);
  }

  @DELETE
  @Path("{name}")
  public Response remove(@PathParam("id") String id, @PathParam("name") String name) {
    return writes.remove(exchange, id, kind, name);
  }

  @GET
  @Path("{name}/revisions")
  public Response revisions(@PathParam("id") String id, @PathParam("name") String name) {
    return documents.revisions(exchange, id, kind, name);
  }

  @GET
  @Path("{name}/revisions/{number}")
  public Response revision(
      @PathParam("id") String id,
      @PathParam("name") String name,
      @PathParam("number") String number) {
    return documents.revision(exchange, id, kind, name, number);
  }

  @POST
  @Path("{name}/revisions/{number}/restore")
  public Response restore(
      @PathParam("id") String id,
      @PathParam("name") String name,
      @PathParam("number") String number) {
    return writes.restore(exchange, id, kind, name, number);
  }

  @GET
  @Path("{name}/diff")
  public Response diff(@PathParam("id") String id, @PathParam("name") String name) {
    return documents.diff(exchange, id, kind, name);
  }
}
