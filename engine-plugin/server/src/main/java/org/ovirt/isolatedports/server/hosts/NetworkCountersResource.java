// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.hosts;

import jakarta.inject.Inject;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.core.Response;
import java.util.Map;
import org.ovirt.isolatedports.server.http.Exchange;
import org.ovirt.isolatedports.server.http.Ids;
import org.ovirt.isolatedports.server.http.Sight;
import org.ovirt.isolatedports.server.isolation.IsolatedNetworks;
import org.ovirt.isolatedports.server.network.CallersNetworks;
import org.ovirt.isolatedports.server.rulesets.RulesetBook;
import org.ovirt.isolatedports.server.rulesets.RulesetKeeper;

/**
 * {@code GET /networks/{id}/counters}: what the policies in audit of a network would have dropped,
 * as its hosts count.
 */
@Path("networks/{id:" + Ids.UUID + "}/counters")
public class NetworkCountersResource {

  @Inject Exchange exchange;
  @Inject Sight sight;
  @Inject IsolatedNetworks networks;
  @Inject RulesetKeeper keeper;
  @Inject PortReports reports;

  /** The counters of a network, summed up over its hosts. */
  @GET
  public Response counters(@PathParam("id") String id) {
    return CallersNetworks.withReadable(
        exchange, id, network -> exchange.ok("counters", tree(network.id().toString())));
  }

  private Map<String, Object> tree(String network) {
    Map<String, Object> tree =
        NetworkCounters.of(
                keeper.book().counted(network),
                reports.all().stream().map(PortReports.Received::report).toList())
            .tree();
    // Sentences name hosts.
    if (sight.whole(networks.ids())) {
      tree.put(
          "problems",
          Map.of(
              "problem",
              keeper.book().uncounted().stream()
                  .filter(each -> each.networkId().isEmpty() || each.networkId().equals(network))
                  .map(RulesetBook.Problem::text)
                  .distinct()
                  .toList()));
    }
    return tree;
  }
}
