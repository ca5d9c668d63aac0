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

/** {@code /vms/{id}/labels}: what administrators say of a VM. Ours alone. */
@Path("vms/{id:" + Ids.UUID + "}/labels")
public class VmLabelsResource {

  @Inject Exchange exchange;
  @Inject VmLabels labels;

  @GET
  public Response get(@PathParam("id") String id) {
    return labels.get(exchange, id, Optional.empty());
  }

  @PUT
  public Response set(@PathParam("id") String id, byte[] body) {
    return labels.set(exchange, id, Optional.empty(), body);
  }
}
