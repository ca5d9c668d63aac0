// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.api;

import static org.ovirt.isolatedports.fault.FaultException.unlessValid;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.ws.rs.core.Response;
import java.sql.SQLException;
import java.util.Optional;
import java.util.UUID;
import org.ovirt.isolatedports.body.ApiBody;
import org.ovirt.isolatedports.engine.Clusters;
import org.ovirt.isolatedports.engine.EngineHttpClient;
import org.ovirt.isolatedports.engine.EngineKnowledge;
import org.ovirt.isolatedports.fault.FaultException;
import org.ovirt.isolatedports.network.LevelGate;
import org.ovirt.isolatedports.network.LogicalNetwork;
import org.ovirt.isolatedports.network.PortIsolationValidator;
import org.ovirt.isolatedports.store.IsolatedNetwork;
import org.ovirt.isolatedports.store.IsolatedNetworks;
import org.ovirt.isolatedports.store.LevelGateStore;

/** Attaching isolated networks to clusters. */
@ApplicationScoped
public class ClusterNetworks {

  private static final String NETWORK = "network";
  private static final String CANNOT_ATTACH = "Cannot attach Network";
  private static final int BAD_REQUEST = 400;
  private static final int UNAVAILABLE = 503;

  private final EngineHttpClient engine;
  private final EngineKnowledge knowledge;
  private final Clusters clusters;
  private final IsolatedNetworks store;
  private final LevelGateStore gates;

  @Inject
  public ClusterNetworks(
      EngineHttpClient engine,
      EngineKnowledge knowledge,
      Clusters clusters,
      IsolatedNetworks store,
      LevelGateStore gates) {
    this.engine = engine;
    this.knowledge = knowledge;
    this.clusters = clusters;
    this.store = store;
    this.gates = gates;
  }

  /** For the container's proxy only. */
  protected ClusterNetworks() {
    this(null, null, null, null, null);
  }

  /** Attaches a network, an isolated one only where every host can be made to enforce it. */
  public Response attach(Exchange exchange, String clusterId, byte[] body) {
    ApiBody network = exchange.bodyFormat().read(body, NETWORK);
    network.flag(Networks.PORT_ISOLATION);
    if (knowledge.knowsPortIsolation(exchange.token())) {
      return Exchange.pass(engine.send(exchange.forward(body)));
    }
    Optional<Clusters.Found> cluster = clusters.find(exchange.token(), clusterId);
    if (cluster.isPresent()) {
      Optional<IsolatedNetwork> isolated = isolated(network, cluster.get().dataCenterId());
      isolated.ifPresent(row -> check(row, cluster.get()));
    }
    network.remove(Networks.PORT_ISOLATION);
    return Exchange.pass(engine.send(exchange.forward(network.toBytes())));
  }

  private void check(IsolatedNetwork row, Clusters.Found found) {
    LogicalNetwork network = new LogicalNetwork(row.name(), true, false, true);
    unlessValid(
        PortIsolationValidator.clusterLevelSupported(network, found.cluster(), gate()),
        BAD_REQUEST,
        CANNOT_ATTACH);
    unlessValid(
        PortIsolationValidator.onlyOnLinuxBridges(network, found.cluster()),
        BAD_REQUEST,
        CANNOT_ATTACH);
  }

  /** The engine takes a network by its id, or by its name within the cluster's data center. */
  private Optional<IsolatedNetwork> isolated(ApiBody network, Optional<UUID> dataCenterId) {
    Optional<String> id = network.text("id");
    if (id.isPresent()) {
      try {
        return store.find(UUID.fromString(id.get()));
      } catch (IllegalArgumentException e) {
        return Optional.empty();
      }
    }
    return dataCenterId.flatMap(
        dc -> network.text("name").flatMap(name -> store.findByName(dc, name)));
  }

  private LevelGate gate() {
    try {
      return gates.read();
    } catch (SQLException e) {
      throw FaultException.operationFailed(
          UNAVAILABLE,
          CANNOT_ATTACH
              + ". The option "
              + LevelGate.OPTION
              + " cannot be read from the database now; try again");
    }
  }

  /** Changes a network's role in a cluster. */
  public Response update(Exchange exchange, byte[] body) {
    ApiBody network = exchange.bodyFormat().read(body, NETWORK);
    if (!knowledge.knowsPortIsolation(exchange.token())) {
      network.remove(Networks.PORT_ISOLATION);
    }
    return Exchange.pass(engine.send(exchange.forward(network.toBytes())));
  }

  /** Detaches a network. */
  public Response detach(Exchange exchange) {
    return Exchange.pass(engine.send(exchange.forward()));
  }
}
