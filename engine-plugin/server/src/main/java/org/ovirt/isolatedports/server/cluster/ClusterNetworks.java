// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.cluster;

import static org.ovirt.isolatedports.server.http.fault.FaultException.throwIfInvalid;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.ws.rs.core.Response;
import java.util.Optional;
import org.ovirt.isolatedports.body.ApiBody;
import org.ovirt.isolatedports.engine.Clusters;
import org.ovirt.isolatedports.engine.EngineAnswer;
import org.ovirt.isolatedports.engine.EngineFeatures;
import org.ovirt.isolatedports.engine.EngineLookup;
import org.ovirt.isolatedports.engine.EntityParser;
import org.ovirt.isolatedports.inventory.LogicalNetwork;
import org.ovirt.isolatedports.inventory.Network;
import org.ovirt.isolatedports.rules.PolicyPlace;
import org.ovirt.isolatedports.rules.PortIsolationValidator;
import org.ovirt.isolatedports.server.http.Answers;
import org.ovirt.isolatedports.server.http.AskedFields;
import org.ovirt.isolatedports.server.http.Changes;
import org.ovirt.isolatedports.server.http.EntityRef;
import org.ovirt.isolatedports.server.http.Exchange;
import org.ovirt.isolatedports.server.http.Kind;
import org.ovirt.isolatedports.server.isolation.ClusterGate;
import org.ovirt.isolatedports.server.isolation.Isolation;
import org.ovirt.isolatedports.server.network.Networks;
import org.ovirt.isolatedports.server.policies.PolicySource;

/**
 * Attaching networks to clusters: isolated ones only where every host can be made to enforce it.
 */
@ApplicationScoped
public class ClusterNetworks {

  private static final String CANNOT_ATTACH = "Cannot attach Network";
  private static final String CANNOT_EDIT = "Cannot edit Network";
  private static final int BAD_REQUEST = 400;

  private final EngineFeatures knowledge;
  private final EngineLookup lookup;
  private final Clusters clusters;
  private final ClusterGate clusterGate;
  private final Isolation isolation;
  private final PolicySource policies;
  private final Changes changes;
  private final Answers answers;

  @Inject
  public ClusterNetworks(
      EngineFeatures knowledge,
      EngineLookup lookup,
      Clusters clusters,
      ClusterGate clusterGate,
      Isolation isolation,
      PolicySource policies,
      Changes changes,
      Answers answers) {
    this.knowledge = knowledge;
    this.lookup = lookup;
    this.clusters = clusters;
    this.clusterGate = clusterGate;
    this.isolation = isolation;
    this.policies = policies;
    this.changes = changes;
    this.answers = answers;
  }

  private static EntityRef ref(Exchange exchange, String clusterId, String id) {
    return EntityRef.of(Kind.CLUSTER_NETWORK, exchange.path(), clusterId, id);
  }

  /** The networks of a cluster. */
  public Response list(Exchange exchange) {
    return answers.list(exchange, Kind.CLUSTER_NETWORK, exchange.send());
  }

  /** One network of a cluster. */
  public Response get(Exchange exchange, String clusterId, String id) {
    return answers.entity(exchange, ref(exchange, clusterId, id), exchange.send());
  }

  /** Attaches a network. */
  public Response attach(Exchange exchange, String clusterId, byte[] body) {
    ApiBody network = exchange.asked(body, Kind.CLUSTER_NETWORK);
    AskedFields.unlessOf(network, "cluster", clusterId);
    network.flag(Isolation.PORT_ISOLATION);
    Optional<Clusters.Found> cluster = clusters.find(exchange.token(), clusterId);
    if (cluster.isPresent()) {
      network(exchange, network, cluster.get())
          .ifPresent(found -> check(found, network, cluster.get()));
    }
    Networks.withoutOurs(network, knowledge.knowsPortIsolation(exchange.token()));
    EngineAnswer answer = exchange.send(network.toBytes());
    return answers.entity(exchange, ref(exchange, clusterId, id(answer)), answer);
  }

  private static String id(EngineAnswer answer) {
    return answer.isSuccess()
        ? Exchange.parse(answer, Kind.CLUSTER_NETWORK.element()).text("id").orElse("")
        : "";
  }

  private void check(Network attached, ApiBody asked, Clusters.Found found) {
    LogicalNetwork network = isolation.logical(attached);
    boolean ruled = policies.rules(attached.id());
    throwIfInvalid(
        PolicyPlace.noOtherSwitchWherePoliciesAre(network.name(), ruled, found.cluster()),
        BAD_REQUEST,
        CANNOT_ATTACH);
    throwIfInvalid(
        PolicyPlace.noRoleWherePoliciesAre(network.name(), ruled, EntityParser.usages(asked)),
        BAD_REQUEST,
        CANNOT_ATTACH);
    clusterGate.check(found.cluster(), network, CANNOT_ATTACH);
    throwIfInvalid(
        PortIsolationValidator.withoutInfrastructureRole(network, EntityParser.usages(asked)),
        BAD_REQUEST,
        CANNOT_ATTACH);
  }

  /** The engine takes a network by its id, or by its name within the cluster's data center. */
  private Optional<Network> network(Exchange exchange, ApiBody network, Clusters.Found cluster) {
    Optional<String> id = network.text("id");
    if (id.isPresent()) {
      Optional<Network> found =
          id.flatMap(Networks::uuid)
              .flatMap(uuid -> lookup.network(exchange.token(), uuid.toString()));
      found.ifPresent(
          known ->
              AskedFields.unlessIs(
                  network,
                  "Network",
                  network
                      .text("name")
                      .filter(known.name()::equals)
                      .map(name -> known.id().toString())));
      return found;
    }
    return cluster
        .dataCenterId()
        .flatMap(
            dc ->
                network
                    .text("name")
                    .flatMap(name -> lookup.networkByName(exchange.token(), dc, name)));
  }

  /** Changes a network's role in a cluster; the engine ignores the attribute here. */
  public Response update(Exchange exchange, String clusterId, String id, byte[] body) {
    ApiBody change = exchange.asked(body, Kind.CLUSTER_NETWORK);
    AskedFields.unlessOf(change, "", id);
    AskedFields.unlessOf(change, "cluster", clusterId);
    change.flag(Isolation.PORT_ISOLATION);
    return changes.update(
        exchange,
        ref(exchange, clusterId, id),
        current -> {
          boolean inEngine = current.flag(Isolation.PORT_ISOLATION).orElse(false);
          boolean isolated =
              Networks.uuid(id).flatMap(network -> isolation.of(network, inEngine)).isPresent();
          throwIfInvalid(
              PortIsolationValidator.withoutInfrastructureRole(
                  new LogicalNetwork(current.text("name").orElse(""), true, false, isolated),
                  EntityParser.usages(change)),
              BAD_REQUEST,
              CANNOT_EDIT);
          throwIfInvalid(
              PolicyPlace.noRoleWherePoliciesAre(
                  current.text("name").orElse(""),
                  Networks.uuid(id).filter(policies::rules).isPresent(),
                  EntityParser.usages(change)),
              BAD_REQUEST,
              CANNOT_EDIT);
          Networks.withoutOurs(change, knowledge.knowsPortIsolation(exchange.token()));
          return exchange.send(change.toBytes());
        });
  }

  /** Detaches a network. */
  public Response detach(Exchange exchange, String clusterId, String id, byte[] body) {
    return changes.remove(exchange, ref(exchange, clusterId, id), current -> exchange.send(body));
  }
}
