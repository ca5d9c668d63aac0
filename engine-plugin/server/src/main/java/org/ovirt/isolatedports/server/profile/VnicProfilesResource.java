// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.profile;

import jakarta.inject.Inject;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.core.Response;
import java.util.Optional;
import org.ovirt.isolatedports.server.http.Exchange;
import org.ovirt.isolatedports.server.http.Ids;

/** {@code /vnicprofiles}. */
@Path("vnicprofiles")
public class VnicProfilesResource {

  @Inject Exchange exchange;
  @Inject ProfilesOfNetworks profiles;

  @GET
  public Response list() {
    return profiles.list(exchange);
  }

  @POST
  public Response add(byte[] body) {
    return profiles.add(exchange, Optional.empty(), body);
  }

  @GET
  @Path("{id:" + Ids.UUID + "}")
  public Response get(@PathParam("id") String id) {
    return profiles.get(exchange, id);
  }

  @PUT
  @Path("{id:" + Ids.UUID + "}")
  public Response update(@PathParam("id") String id, byte[] body) {
    return profiles.update(exchange, id, body);
  }

  @DELETE
  @Path("{id:" + Ids.UUID + "}")
  public Response remove(@PathParam("id") String id, byte[] body) {
    return profiles.remove(exchange, id, body);
  }
}
