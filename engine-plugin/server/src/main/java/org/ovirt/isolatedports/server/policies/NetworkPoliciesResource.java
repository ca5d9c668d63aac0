// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.policies;

import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.core.Response;
import org.ovirt.isolatedports.server.http.Ids;

/** {@code /networks/{id}/networkpolicies}: Kubernetes' NetworkPolicies of a network. Ours alone. */
@Path("networks/{id:" + Ids.UUID + "}/networkpolicies")
public class NetworkPoliciesResource extends NamedDocumentsResource {

  public NetworkPoliciesResource() {
    super(DocumentKind.NETWORK_POLICY);
  }

  @POST
  public Response add(@PathParam("id") String id, byte[] body) {
    return writes.add(exchange, id, body);
  }
}
