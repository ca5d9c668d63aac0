// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.isolation;

import static org.ovirt.isolatedports.server.http.fault.FaultException.throwIfInvalid;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.util.Optional;
import org.ovirt.isolatedports.engine.Clusters;
import org.ovirt.isolatedports.inventory.LogicalNetwork;
import org.ovirt.isolatedports.rules.PortIsolationValidator;

/** Whether the hosts of a cluster can isolate ports: its level and its switch type. */
@ApplicationScoped
public class ClusterGate {

  private static final int BAD_REQUEST = 400;

  private final Clusters clusters;
  private final Isolation isolation;

  @Inject
  public ClusterGate(Clusters clusters, Isolation isolation) {
    this.clusters = clusters;
    this.isolation = isolation;
  }

  /**
   * Throws a fault unless a network's ports can be isolated in a cluster.
   *
   * @param action what cannot be done then, such as {@code Cannot add Interface}
   */
  public void check(String token, String clusterId, LogicalNetwork network, String action) {
    Optional<Clusters.Found> cluster = clusters.find(token, clusterId);
    throwIfInvalid(
        PortIsolationValidator.clusterKnown(network, clusterId, cluster.isPresent()),
        BAD_REQUEST,
        action);
    cluster.ifPresent(found -> check(found.cluster(), network, action));
  }

  /** Throws a fault unless a network's ports can be isolated in a cluster as it is to be. */
  public void check(
      org.ovirt.isolatedports.inventory.Cluster cluster, LogicalNetwork network, String action) {
    if (network.portIsolation()) {
      throwIfInvalid(
          PortIsolationValidator.clusterLevelSupported(network, cluster, isolation.gate(action)),
          BAD_REQUEST,
          action);
      throwIfInvalid(
          PortIsolationValidator.onlyOnLinuxBridges(network, cluster), BAD_REQUEST, action);
    }
  }
}
