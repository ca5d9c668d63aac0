// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.policies;

import jakarta.ws.rs.Path;
import org.ovirt.isolatedports.server.http.Ids;

/** {@code /networks/{id}/portgroups}: what {@code @name} stands for in matches. Ours alone. */
@Path("networks/{id:" + Ids.UUID + "}/portgroups")
public class PortGroupsResource extends NamedDocumentsResource {

  public PortGroupsResource() {
    super(DocumentKind.PORT_GROUP);
  }
}
