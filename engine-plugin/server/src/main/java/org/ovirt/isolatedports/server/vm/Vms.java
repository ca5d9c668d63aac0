// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.vm;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.ws.rs.core.Response;
import java.util.List;
import java.util.Optional;
import org.ovirt.isolatedports.body.ApiBody;
import org.ovirt.isolatedports.engine.Clusters;
import org.ovirt.isolatedports.engine.EngineLookup;
import org.ovirt.isolatedports.inventory.LogicalNetwork;
import org.ovirt.isolatedports.server.http.Answers;
import org.ovirt.isolatedports.server.http.AskedFields;
import org.ovirt.isolatedports.server.http.Changes;
import org.ovirt.isolatedports.server.http.EntityRef;
import org.ovirt.isolatedports.server.http.Exchange;
import org.ovirt.isolatedports.server.http.Kind;
import org.ovirt.isolatedports.server.isolation.ClusterGate;
import org.ovirt.isolatedports.server.isolation.Isolation;
import org.ovirt.isolatedports.server.network.Networks;

/**
 * VMs: one with vNICs on isolated networks moves only to a cluster that can isolate their ports.
 */
@ApplicationScoped
public class Vms {

  private static final String CANNOT_MOVE = "Cannot edit VM Cluster";

  private final EngineLookup lookup;
  private final Clusters clusters;
  private final ClusterGate clusterGate;
  private final Isolation isolation;
  private final Changes changes;
  private final Answers answers;

  @Inject
  public Vms(
      EngineLookup lookup,
      Clusters clusters,
      ClusterGate clusterGate,
      Isolation isolation,
      Changes changes,
      Answers answers) {
    this.lookup = lookup;
    this.clusters = clusters;
    this.clusterGate = clusterGate;
    this.isolation = isolation;
    this.changes = changes;
    this.answers = answers;
  }

  private static EntityRef ref(String id) {
    return EntityRef.of(Kind.VM, "/vms/" + id, id);
  }

  /** One VM. */
  public Response get(Exchange exchange, String id) {
    return answers.entity(exchange, ref(id), exchange.send());
  }

  /** Changes a VM. */
  public Response update(Exchange exchange, String id, byte[] body) {
    ApiBody change = exchange.asked(body, Kind.VM);
    AskedFields.unlessOf(change, "", id);
    AskedFields.unlessSeparateOfVm(change);
    return changes.update(
        exchange,
        ref(id),
        current -> {
          String now = current.child("cluster").flatMap(link -> link.text("id")).orElse("");
          change
              .child("cluster")
              .flatMap(link -> clusterId(exchange, link))
              .filter(target -> !target.equalsIgnoreCase(now))
              .ifPresent(target -> check(exchange, id, target));
          return exchange.send(change.toBytes());
        });
  }

  /** The engine takes a cluster by its id or its name; one it does not know it refuses itself. */
  private Optional<String> clusterId(Exchange exchange, ApiBody link) {
    Optional<String> id = link.text("id");
    Optional<String> named =
        link.text("name").flatMap(name -> clusters.idByName(exchange.token(), name));
    if (id.isEmpty()) {
      return named;
    }
    AskedFields.unlessIs(link, "cluster", named);
    return id.flatMap(Networks::uuid).map(Object::toString);
  }

  private void check(Exchange exchange, String vmId, String clusterId) {
    List<LogicalNetwork> isolated =
        lookup.networksOfVm(exchange.token(), vmId).stream()
            .map(isolation::logical)
            .filter(LogicalNetwork::portIsolation)
            .toList();
    // One look at the cluster serves them all: what it can do does not depend on the network.
    isolated.stream()
        .findFirst()
        .ifPresent(network -> clusterGate.check(exchange.token(), clusterId, network, CANNOT_MOVE));
  }
}
