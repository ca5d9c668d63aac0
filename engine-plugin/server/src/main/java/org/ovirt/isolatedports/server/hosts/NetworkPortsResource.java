// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.hosts;

import jakarta.inject.Inject;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.core.Response;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.ovirt.isolatedports.policy.role.PortRole;
import org.ovirt.isolatedports.server.http.Exchange;
import org.ovirt.isolatedports.server.http.Sight;
import org.ovirt.isolatedports.server.inventory.LiveInventory;
import org.ovirt.isolatedports.server.inventory.Port;
import org.ovirt.isolatedports.server.network.CallersNetworks;
import org.ovirt.isolatedports.server.rulesets.RulesetKeeper;

/**
 * {@code GET /networks/{id}/ports}: the ports of a network as they are to be, and as the kernels of
 * hosts have them. Of these the ones whose VM the engine shows to the caller.
 */
@Path("networks/{id}/ports")
public class NetworkPortsResource {

  /** Hosts report each minute. */
  private static final Duration FRESH = Duration.ofMinutes(3);

  @Inject Exchange exchange;
  @Inject Sight sight;
  @Inject RulesetKeeper keeper;
  @Inject PortReports reports;

  /** The ports of a network: wanted, and as the kernels of hosts have them. */
  @GET
  public Response ports(@PathParam("id") String id) {
    return CallersNetworks.withReadable(
        exchange, id, network -> exchange.ok("ports", Map.of("port", ports(network.id()))));
  }

  private List<Map<String, Object>> ports(UUID network) {
    Optional<LiveInventory> inventory = keeper.inventory();
    if (inventory.isEmpty()) {
      return List.of();
    }
    List<Port> ports = inventory.get().ports(network.toString());
    boolean isolated =
        inventory
            .get()
            .inventory()
            .networks()
            .get(network.toString())
            .filter(each -> each.portIsolation())
            .isPresent();
    Set<String> vms =
        sight.vms(ports.stream().map(port -> port.vm().id()).collect(Collectors.toSet()));
    Map<String, List<Seen>> seen = seen();
    List<Map<String, Object>> shown = new ArrayList<>();
    ports.stream()
        .filter(port -> vms.contains(port.vm().id()))
        .map(port -> tree(port, isolated, seen.getOrDefault(port.vnic().id(), List.of())))
        .forEach(shown::add);
    return shown;
  }

  /** A port as a host has it. */
  private record Seen(String hostId, Instant reportedAt, PortReport.Observed port) {}

  private Map<String, List<Seen>> seen() {
    return reports.all().stream()
        .flatMap(
            received ->
                received.report().ports().stream()
                    .filter(port -> port.nicId().isPresent())
                    .map(port -> new Seen(received.report().hostId(), received.at(), port)))
        .collect(Collectors.groupingBy(each -> each.port().nicId().orElseThrow()));
  }

  private Map<String, Object> tree(Port port, boolean isolated, List<Seen> seen) {
    Map<String, Object> vm = new LinkedHashMap<>();
    vm.put("id", port.vm().id());
    vm.put("name", port.vm().name());
    Map<String, Object> tree = new LinkedHashMap<>();
    tree.put("id", port.vnic().id());
    tree.put("name", port.vnic().name());
    tree.put("vm", vm);
    tree.put("mac", port.vnic().mac().orElse(""));
    tree.put("plugged", String.valueOf(port.vnic().plugged()));
    tree.put("role", role(port, isolated));
    Optional<Seen> here = seen.stream().filter(each -> counts(each, port)).findFirst();
    here.ifPresent(
        each -> {
          tree.put("wanted", each.port().wanted());
          tree.put("observed", each.port().observed());
          tree.put("since", each.port().since().toString());
          tree.put("reported_at", each.reportedAt().toString());
        });
    here.map(Seen::hostId)
        .or(port.vm()::hostId)
        .filter(host -> sight.hosts().containsKey(host))
        .ifPresent(
            host -> {
              Map<String, Object> shown = new LinkedHashMap<>();
              shown.put("id", host);
              shown.put("name", sight.hosts().get(host));
              tree.put("host", shown);
            });
    return tree;
  }

  /**
   * A host speaks for the VMs that the engine has on it, also while one of them moves; for those
   * that it has nowhere any host does, as long as its report is fresh.
   */
  private static boolean counts(Seen seen, Port port) {
    return port.vm()
        .hostId()
        .map(seen.hostId()::equals)
        .orElseGet(() -> seen.reportedAt().isAfter(Instant.now().minus(FRESH)));
  }

  private static String role(Port port, boolean isolated) {
    return port.nic().role() instanceof PortRole.Promiscuous && !isolated
        ? "open"
        : port.nic().role().toString();
  }
}
