// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.scheduling;

import jakarta.inject.Inject;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.Response;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.ovirt.isolatedports.server.http.Exchange;
import org.ovirt.isolatedports.server.http.Sight;
import org.ovirt.isolatedports.server.http.caller.EditRights;
import org.ovirt.isolatedports.server.http.fault.FaultException;
import org.ovirt.isolatedports.server.isolation.IsolatedNetworks;
import org.ovirt.isolatedports.server.scheduling.decision.Decision;
import org.ovirt.isolatedports.server.scheduling.inventory.SchedulerStatus;

/**
 * {@code GET /decisions[?vm=][&max=]} and {@code GET /scheduler}: why a VM may run where, and
 * whether scheduling by us is in effect. A decision is told to callers whom the engine shows the
 * VM, and of it what they see.
 */
@Path("/")
public class SchedulerResource {

  private static final int MOST = 1_000;
  private static final int BAD_REQUEST = 400;

  @Inject Exchange exchange;
  @Inject Sight sight;
  @Inject IsolatedNetworks networks;
  @Inject SchedulerServer scheduler;

  /**
   * The last decisions, newest first.
   *
   * @param vm id or name of a VM; all VMs if it is left out
   * @param max how many at most
   */
  @GET
  @Path("decisions")
  public Response decisions(@QueryParam("vm") String vm, @QueryParam("max") String max) {
    int most = most(max);
    List<Decision> all = scheduler.decisions().list(Optional.ofNullable(vm), MOST);
    List<Map<String, Object>> shown = new ArrayList<>();
    if (!sight.hosts().isEmpty() || sight.everything()) {
      Set<String> vms = sight.vms(all.stream().map(Decision::vmId).collect(Collectors.toSet()));
      boolean whole = sight.whole(networks.ids());
      all.stream()
          .filter(decision -> vms.contains(decision.vmId()))
          .limit(most)
          .map(
              decision -> DecisionsBody.of(decision, whole ? Optional.empty() : Optional.of(sight)))
          .forEach(shown::add);
    }
    return exchange.ok("decisions", Map.of("decision", shown));
  }

  /** Whether the engine calls us, and what is wrong if it does not. */
  @GET
  @Path("scheduler")
  public Response status() {
    if (!sight.whole(networks.ids())) {
      throw EditRights.forbidden();
    }
    return exchange.ok("scheduler", tree(scheduler.status(), scheduler.isListening()));
  }

  static Map<String, Object> tree(SchedulerStatus status, boolean listening) {
    Map<String, Object> tree = new LinkedHashMap<>();
    tree.put("listening", String.valueOf(listening));
    tree.put("filter", status.filter().name().toLowerCase(Locale.ROOT));
    status.lastDiscovered().ifPresent(at -> tree.put("last_discovered", at.toString()));
    status.lastAsked().ifPresent(at -> tree.put("last_asked", at.toString()));
    status.networksSeen().ifPresent(at -> tree.put("networks_seen", at.toString()));
    tree.put("hosts_known", String.valueOf(status.hostsKnown()));
    status.oldestHostSeen().ifPresent(at -> tree.put("oldest_host_seen", at.toString()));
    tree.put("problems", Map.of("problem", status.problems()));
    return tree;
  }

  private static int most(String max) {
    if (max == null) {
      return MOST;
    }
    if (!max.matches("[0-9]{1,9}")) {
      throw FaultException.operationFailed(
          BAD_REQUEST, "The parameter max must be a number of decisions, not " + max + ".");
    }
    return Math.min(MOST, Integer.parseInt(max));
  }
}
