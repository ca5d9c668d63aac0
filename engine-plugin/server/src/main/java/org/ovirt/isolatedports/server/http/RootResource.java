// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.http;

import jakarta.inject.Inject;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.core.Response;

/** The root of API v4, which SDK clients read to see whether their connection works. */
@Path("/")
public class RootResource {

  @Inject Exchange exchange;
  @Inject Answers answers;

  @GET
  public Response get() {
    return answers.root(exchange, exchange.send());
  }
}
