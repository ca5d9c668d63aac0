// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.engine;

import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.ovirt.isolatedports.inventory.Cluster;
import org.ovirt.isolatedports.inventory.CompatibilityLevel;
import org.ovirt.isolatedports.inventory.SwitchType;

/** Clusters as the engine has them. */
public class Clusters {

  /**
   * A cluster and where it is.
   *
   * @param cluster what the rules need
   * @param dataCenterId its data center; a cluster may have none
   */
  public record Found(Cluster cluster, Optional<UUID> dataCenterId) {}

  private final HardenedSdk sdk;

  public Clusters(HardenedSdk sdk) {
    this.sdk = sdk;
  }

  /** One cluster; empty if the owner of the token sees none with this id. */
  public Optional<Found> find(String token, String id) {
    return EngineLookup.visible(
            () ->
                sdk.connection(token)
                    .systemService()
                    .clustersService()
                    .clusterService(id)
                    .get()
                    .send()
                    .cluster())
        .map(Clusters::found);
  }

  private static Found found(org.ovirt.engine.sdk4.types.Cluster cluster) {
    CompatibilityLevel level =
        new CompatibilityLevel(
            cluster.version().major().intValueExact(), cluster.version().minor().intValueExact());
    SwitchType switchType =
        cluster.switchType() == org.ovirt.engine.sdk4.types.SwitchType.OVS
            ? SwitchType.OVS
            : SwitchType.LINUX_BRIDGE;
    return new Found(
        new Cluster(cluster.id(), cluster.name(), level, switchType),
        Optional.ofNullable(cluster.dataCenter()).map(dc -> UUID.fromString(dc.id())));
  }

  /** A cluster's id by its name. */
  public Optional<String> idByName(String token, String name) {
    return EngineLookup.visible(
            () -> sdk.connection(token).systemService().clustersService().list().send().clusters())
        .orElse(List.of())
        .stream()
        .filter(cluster -> name.equals(cluster.name()))
        .map(cluster -> cluster.id())
        .findFirst();
  }
}
