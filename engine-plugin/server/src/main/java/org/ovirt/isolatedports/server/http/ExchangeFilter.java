// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.http;

import jakarta.annotation.Priority;
import jakarta.inject.Inject;
import jakarta.ws.rs.Priorities;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerRequestFilter;
import jakarta.ws.rs.ext.Provider;

/** Tells the {@link Exchange} which request it stands for. */
@Provider
@Priority(Priorities.USER)
public class ExchangeFilter implements ContainerRequestFilter {

  @Inject Exchange exchange;

  @Override
  public void filter(ContainerRequestContext request) {
    exchange.begin(request);
  }
}
