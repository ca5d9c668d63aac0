// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.engine;

import java.util.Optional;
import java.util.UUID;
import org.ovirt.isolatedports.inventory.Cluster;

/** Clusters as the engine has them. */
public class Clusters {

  /**
   * A cluster and where it is.
   *
   * @param cluster what the rules need
   * @param dataCenterId its data center; a cluster may have none
   */
  public record Found(Cluster cluster, Optional<UUID> dataCenterId) {}

  private final JsonEngine engine;

  public Clusters(JsonEngine engine) {
    this.engine = engine;
  }

  /** One cluster; empty if the owner of the token sees none with this id. */
  public Optional<Found> find(String token, String id) {
    return engine
        .find(token, "/clusters/" + id)
        .map(
            cluster ->
                new Found(
                    EntityParser.cluster(cluster),
                    cluster.child("data_center").map(EntityParser::uuid)));
  }

  /** A cluster's id by its name. */
  public Optional<String> idByName(String token, String name) {
    return engine.read(token, "/clusters").items("cluster").stream()
        .filter(cluster -> cluster.text("name").filter(name::equals).isPresent())
        .map(EntityParser::id)
        .findFirst();
  }
}
