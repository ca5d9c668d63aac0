// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.labels;

import jakarta.inject.Inject;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.core.Response;
import java.util.Optional;
import org.ovirt.isolatedports.server.http.Exchange;
import org.ovirt.isolatedports.server.http.Ids;

/** {@code /vms/{id}/nics/{nic}/labels}: what administrators say of a vNIC. Ours alone. */
@Path("vms/{id:" + Ids.UUID + "}/nics/{nic:" + Ids.UUID + "}/labels")
public class VnicLabelsResource {

  @Inject Exchange exchange;
  @Inject VmLabels labels;

  @GET
  public Response get(@PathParam("id") String id, @PathParam("nic") String nic) {
    return labels.get(exchange, id, Optional.of(nic));
  }

  @PUT
  public Response set(@PathParam("id") String id, @PathParam("nic") String nic, byte[] body) {
    return labels.set(exchange, id, Optional.of(nic), body);
  }
}
