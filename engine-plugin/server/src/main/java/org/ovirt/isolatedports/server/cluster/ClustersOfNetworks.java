// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.cluster;

import static org.ovirt.isolatedports.server.http.fault.FaultException.throwIfInvalid;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.ws.rs.core.Response;
import org.ovirt.isolatedports.body.ApiBody;
import org.ovirt.isolatedports.engine.EngineLookup;
import org.ovirt.isolatedports.engine.EntityParser;
import org.ovirt.isolatedports.inventory.Cluster;
import org.ovirt.isolatedports.inventory.LogicalNetwork;
import org.ovirt.isolatedports.inventory.Network;
import org.ovirt.isolatedports.rules.PolicyPlace;
import org.ovirt.isolatedports.server.http.Answers;
import org.ovirt.isolatedports.server.http.AskedFields;
import org.ovirt.isolatedports.server.http.Changes;
import org.ovirt.isolatedports.server.http.EntityRef;
import org.ovirt.isolatedports.server.http.Exchange;
import org.ovirt.isolatedports.server.http.Kind;
import org.ovirt.isolatedports.server.isolation.ClusterGate;
import org.ovirt.isolatedports.server.isolation.Isolation;
import org.ovirt.isolatedports.server.policies.PolicySource;

/**
 * Clusters: one with isolated networks keeps a level for which the gate is open, and its Linux
 * bridge. The engine holds to the first only.
 */
@ApplicationScoped
public class ClustersOfNetworks {

  private static final int BAD_REQUEST = 400;
  private static final String CANNOT_EDIT = "Cannot edit Cluster";

  private final EngineLookup lookup;
  private final ClusterGate clusterGate;
  private final Isolation isolation;
  private final PolicySource policies;
  private final Changes changes;
  private final Answers answers;

  @Inject
  public ClustersOfNetworks(
      EngineLookup lookup,
      ClusterGate clusterGate,
      Isolation isolation,
      PolicySource policies,
      Changes changes,
      Answers answers) {
    this.lookup = lookup;
    this.clusterGate = clusterGate;
    this.isolation = isolation;
    this.policies = policies;
    this.changes = changes;
    this.answers = answers;
  }

  private static EntityRef ref(String id) {
    return EntityRef.of(Kind.CLUSTER, "/clusters/" + id, id);
  }

  /** The clusters. */
  public Response list(Exchange exchange) {
    return answers.list(exchange, Kind.CLUSTER, exchange.send());
  }

  /** One cluster. */
  public Response get(Exchange exchange, String id) {
    return answers.entity(exchange, ref(id), exchange.send());
  }

  /** Changes a cluster. */
  public Response update(Exchange exchange, String id, byte[] body) {
    ApiBody change = exchange.asked(body, Kind.CLUSTER);
    AskedFields.unlessOf(change, "", id);
    AskedFields.unlessWhole(change, EntityParser.VERSION, "major", "minor");
    return changes.update(
        exchange,
        ref(id),
        current -> {
          if (EntityParser.concernsIsolation(change)) {
            check(exchange, id, wanted(change, current));
          }
          return exchange.send(change.toBytes());
        });
  }

  private void check(Exchange exchange, String id, Cluster wanted) {
    for (Network attached : lookup.networksOfCluster(exchange.token(), id)) {
      LogicalNetwork network = isolation.logical(attached);
      clusterGate.check(wanted, network, CANNOT_EDIT);
      throwIfInvalid(
          PolicyPlace.noOtherSwitchWherePoliciesAre(
              network.name(), policies.rules(attached.id()), wanted),
          BAD_REQUEST,
          CANNOT_EDIT);
    }
  }

  private static Cluster wanted(ApiBody change, ApiBody current) {
    return EntityParser.cluster(
        change, EntityParser.cluster(current, EntityParser.UNKNOWN_CLUSTER));
  }
}
