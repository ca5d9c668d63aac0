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

/** {@code /networks/{id}/acls}: the ACLs of a network, Kube-OVN's Subnet. Ours alone. */
@Path("networks/{id:" + Ids.UUID + "}/acls")
public class AclsResource {

  @Inject Exchange exchange;
  @Inject PolicyDocuments documents;
  @Inject PolicyWrites writes;

  @GET
  public Response get(@PathParam("id") String id) {
    return documents.get(exchange, id, DocumentKind.ACLS, "");
  }

  @PUT
  public Response set(@PathParam("id") String id, byte[] body) {
    return writes.put(exchange, id, DocumentKind.ACLS, "", body);
  }

  @DELETE
  public Response remove(@PathParam("id") String id) {
    return writes.remove(exchange, id, DocumentKind.ACLS, "");
  }

  @GET
  @Path("revisions")
  public Response revisions(@PathParam("id") String id) {
    return documents.revisions(exchange, id, DocumentKind.ACLS, "");
  }

  @GET
  @Path("revisions/{number}")
  public Response revision(@PathParam("id") String id, @PathParam("number") String number) {
    return documents.revision(exchange, id, DocumentKind.ACLS, "", number);
  }

  @POST
  @Path("revisions/{number}/restore")
  public Response restore(@PathParam("id") String id, @PathParam("number") String number) {
    return writes.restore(exchange, id, DocumentKind.ACLS, "", number);
  }

  @GET
  @Path("diff")
  public Response diff(@PathParam("id") String id) {
    return documents.diff(exchange, id, DocumentKind.ACLS, "");
  }
}
