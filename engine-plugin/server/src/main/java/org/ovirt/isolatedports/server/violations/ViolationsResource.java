// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.violations;

import jakarta.inject.Inject;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.NotFoundException;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import org.ovirt.isolatedports.body.BodyFormat;
import org.ovirt.isolatedports.body.TreeWriter;
import org.ovirt.isolatedports.engine.EngineAnswer;
import org.ovirt.isolatedports.rules.GuardViolation.Kind;
import org.ovirt.isolatedports.server.http.Exchange;
import org.ovirt.isolatedports.server.http.fault.FaultException;

/**
 * {@code GET /violations[?network=][&status=open|all][&max=]} and {@code GET /violations/{id}}.
 *
 * <p>A caller gets the violations of the networks the engine shows to that caller; those of hosts
 * only if the engine shows hosts as well. The engine's answer also judges the token.
 */
@Path("violations")
public class ViolationsResource {

  private static final int BAD_REQUEST = 400;
  private static final int MOST = 10_000;

  /** What the engine shows to the caller. */
  private record Sight(Set<String> networks, boolean hosts) {

    boolean includes(Violation violation) {
      if (violation.network().isPresent()) {
        return networks.contains(violation.network().get().id());
      }
      boolean ofHost = violation.subject().filter(item -> item.kind() == Kind.HOST).isPresent();
      return ofHost ? hosts : !networks.isEmpty();
    }
  }

  @Inject Exchange exchange;
  @Inject Violations violations;

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
    return seen(
        sight ->
            ok(
                "violations",
                Map.of(
                    "violation",
                    violations.list(Optional.ofNullable(network), open).stream()
                        .filter(sight::includes)
                        .limit(most)
                        .map(violation -> ViolationsBody.of(violation, exchange.answerFormat()))
                        .toList())));
  }

  /** One violation. */
  @GET
  @Path("{id}")
  public Response get(@PathParam("id") String id) {
    UUID uuid = uuid(id);
    return seen(
        sight ->
            violations
                .find(uuid)
                .filter(sight::includes)
                .map(
                    violation ->
                        ok("violation", ViolationsBody.of(violation, exchange.answerFormat())))
                .orElseThrow(NotFoundException::new));
  }

  private Response seen(Function<Sight, Response> answer) {
    EngineAnswer networks = ask("/networks");
    if (!networks.isSuccess()) {
      return Exchange.pass(networks);
    }
    EngineAnswer hosts = ask("/hosts?max=1");
    boolean seesHosts = hosts.isSuccess() && !items(hosts, "hosts", "host").isEmpty();
    return answer.apply(new Sight(Set.copyOf(items(networks, "networks", "network")), seesHosts));
  }

  private EngineAnswer ask(String path) {
    return exchange.read(path, exchange.answerFormat());
  }

  private static List<String> items(EngineAnswer answer, String root, String element) {
    return Exchange.parse(answer, root).items(element).stream()
        .flatMap(item -> item.text("id").stream())
        .toList();
  }

  private Response ok(String root, Map<String, Object> tree) {
    BodyFormat format = exchange.answerFormat();
    return Response.ok(TreeWriter.write(format, root, tree))
        .header(HttpHeaders.CONTENT_TYPE, format.contentType())
        .build();
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
