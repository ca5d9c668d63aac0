// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.profile;

import jakarta.inject.Inject;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.core.Response;
import java.util.Optional;
import org.ovirt.isolatedports.server.http.Exchange;
import org.ovirt.isolatedports.server.http.Ids;

/** {@code /networks/{id}/vnicprofiles}, also below a data center. */
@Path("{parent:(datacenters/" + Ids.UUID + "/)?}networks/{network:" + Ids.UUID + "}/vnicprofiles")
public class NetworkProfilesResource {

  @Inject Exchange exchange;
  @Inject ProfilesOfNetworks profiles;

  @GET
  public Response list() {
    return profiles.list(exchange);
  }

  @POST
  public Response add(@PathParam("network") String network, byte[] body) {
    return profiles.add(exchange, Optional.of(network), body);
  }

  @GET
  @Path("{id:" + Ids.UUID + "}")
  public Response get(@PathParam("id") String id) {
    return profiles.get(exchange, id);
  }

  @DELETE
  @Path("{id:" + Ids.UUID + "}")
  public Response remove(@PathParam("id") String id, byte[] body) {
    return profiles.remove(exchange, id, body);
  }
}
