// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.violations;

import jakarta.inject.Inject;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.NotFoundException;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.Response;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.ovirt.isolatedports.rules.GuardViolation.Item;
import org.ovirt.isolatedports.rules.GuardViolation.Kind;
import org.ovirt.isolatedports.server.http.Exchange;
import org.ovirt.isolatedports.server.http.Sight;
import org.ovirt.isolatedports.server.http.fault.FaultException;
import org.ovirt.isolatedports.server.isolation.IsolatedNetworks;

/**
 * {@code GET /violations[?network=][&status=open|all][&max=]} and {@code GET /violations/{id}}.
 *
 * <p>A caller gets the violations of which the engine shows the network and what breaks the rule;
 * those of the whole set-up go to whoever sees hosts and all isolated networks. Where a VM is, its
 * host or cluster, is told to who sees that too.
 */
@Path("violations")
public class ViolationsResource {

  private static final int BAD_REQUEST = 400;
  private static final int MOST = 10_000;

  /** How many rows are read at a time. */
  private static final int PAGE = 200;

  @Inject Exchange exchange;
  @Inject Violations violations;
  @Inject IsolatedNetworks isolated;
  @Inject Sight sight;

  /**
   * The violations, newest first.
   *
   * @param network id of a network; all of them if it is left out
   * @param status {@code open} for those that last, which is what is left out means, or {@code all}
   * @param max how many at most
   */
  @GET
  public Response list(
      @QueryParam("network") String network,
      @QueryParam("status") String status,
      @QueryParam("max") String max) {
    boolean open = isOpen(status);
    int most = most(max);
    Set<String> networks = new HashSet<>(sight.networks().keySet());
    Optional.ofNullable(network).ifPresent(only -> networks.retainAll(Set.of(only)));
    List<Map<String, Object>> shown = new ArrayList<>();
    List<Violation> page;
    for (int from = 0; shown.size() < most; from += page.size()) {
      // The first page may be all there is to read; who sees little of it reads on in large ones.
      int size = from == 0 ? Math.min(PAGE, most) : PAGE;
      page = violations.page(networks, network == null, open, from, size);
      seen(page).limit(most - shown.size()).map(this::body).forEach(shown::add);
      if (page.isEmpty()) {
        break;
      }
    }
    return exchange.ok("violations", Map.of("violation", shown));
  }

  private Map<String, Object> body(Violation violation) {
    return ViolationsBody.of(violation, seesPlace(violation), exchange.answerFormat());
  }

  private boolean seesPlace(Violation violation) {
    return violation.place(Kind.HOST).stream().allMatch(sight.hosts()::containsKey)
        && violation.place(Kind.CLUSTER).stream().allMatch(sight.clusters()::containsKey);
  }

  /** One violation. */
  @GET
  @Path("{id}")
  public Response get(@PathParam("id") String id) {
    UUID uuid = uuid(id);
    return seen(violations.find(uuid).stream().toList())
        .findFirst()
        .map(violation -> exchange.ok("violation", body(violation)))
        .orElseThrow(NotFoundException::new);
  }

  /** Those of some violations whose network and subject, which their texts name, are shown. */
  private Stream<Violation> seen(List<Violation> some) {
    Set<String> vms =
        sight.vms(
            some.stream()
                .flatMap(violation -> violation.subject().stream())
                .filter(subject -> subject.kind() == Kind.VM)
                .map(Item::id)
                .collect(Collectors.toSet()));
    return some.stream()
        .filter(
            violation ->
                violation
                    .network()
                    .filter(network -> !sight.networks().containsKey(network.id()))
                    .isEmpty())
        .filter(violation -> seesSubject(violation, vms));
  }

  private boolean seesSubject(Violation violation, Set<String> vms) {
    if (violation.subject().isEmpty()) {
      // Of a network that is shown, or of the whole set-up.
      return violation.network().isPresent() || sight.whole(isolated.ids());
    }
    String id = violation.subject().get().id();
    return switch (violation.subject().get().kind()) {
      case NETWORK -> sight.networks().containsKey(id);
      case CLUSTER -> sight.clusters().containsKey(id);
      case VNIC_PROFILE -> sight.profiles().containsKey(id);
      case VM -> vms.contains(id);
      case HOST -> sight.hosts().containsKey(id);
    };
  }

  private static boolean isOpen(String status) {
    if (status == null || status.equals("open")) {
      return true;
    }
    if (status.equals("all")) {
      return false;
    }
    throw FaultException.operationFailed(
        BAD_REQUEST, "The parameter status must be open or all, not " + status + ".");
  }

  private static int most(String max) {
    if (max == null) {
      return MOST;
    }
    if (!max.matches("[0-9]{1,9}")) {
      throw FaultException.operationFailed(
          BAD_REQUEST, "The parameter max must be a number of violations, not " + max + ".");
    }
    return Math.min(MOST, Integer.parseInt(max));
  }

  private static UUID uuid(String id) {
    try {
      return UUID.fromString(id);
    } catch (IllegalArgumentException e) {
      throw new NotFoundException(e);
    }
  }
}
