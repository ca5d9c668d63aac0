// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.policies;

import jakarta.ws.rs.Path;
import org.ovirt.isolatedports.server.http.Ids;

/** {@code /networks/{id}/addresssets}: what {@code $name} stands for in matches. Ours alone. */
@Path("networks/{id:" + Ids.UUID + "}/addresssets")
public class AddressSetsResource extends NamedDocumentsResource {

  public AddressSetsResource() {
    super(DocumentKind.ADDRESS_SET);
  }
}
