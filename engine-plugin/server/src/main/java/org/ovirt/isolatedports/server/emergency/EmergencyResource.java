// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.emergency;

import jakarta.inject.Inject;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.core.Response;
import org.ovirt.isolatedports.server.http.Exchange;
import org.ovirt.isolatedports.server.http.Ids;

/** {@code /networks/{id}/emergency}: an isolated network that is opened for a while. Ours alone. */
@Path("networks/{id:" + Ids.UUID + "}/emergency")
public class EmergencyResource {

  @Inject Exchange exchange;
  @Inject NetworkEmergencies emergencies;

  @GET
  public Response get(@PathParam("id") String id) {
    return emergencies.get(exchange, id);
  }

  @POST
  public Response open(@PathParam("id") String id, byte[] body) {
    return emergencies.open(exchange, id, body);
  }

  @DELETE
  public Response close(@PathParam("id") String id) {
    return emergencies.close(exchange, id);
  }
}
