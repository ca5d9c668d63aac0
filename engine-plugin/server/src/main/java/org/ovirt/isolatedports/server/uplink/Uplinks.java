// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.uplink;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Event;
import jakarta.inject.Inject;
import jakarta.persistence.EntityManager;
import jakarta.transaction.Transactional;
import java.util.List;
import java.util.UUID;
import org.ovirt.isolatedports.server.isolation.NetworkChanged;

/** The uplinks of isolated networks. */
@ApplicationScoped
@Transactional
public class Uplinks {

  private final EntityManager entities;
  private final Event<NetworkChanged> changes;

  @Inject
  public Uplinks(EntityManager entities, Event<NetworkChanged> changes) {
    this.entities = entities;
    this.changes = changes;
  }

  /** The uplink of a network; open where nobody said otherwise. */
  public Uplink of(UUID networkId) {
    return texts("SELECT mode FROM network_uplink WHERE network_id = :network", networkId).stream()
        .findFirst()
        .map(mode -> new Uplink("gateways".equals(mode), gateways(networkId)))
        .orElse(Uplink.OPEN);
  }

  private List<String> gateways(UUID networkId) {
    return texts("SELECT mac FROM network_gateway WHERE network_id = :network", networkId);
  }

  private List<String> texts(String sql, UUID networkId) {
    List<?> rows =
        entities
            .createNativeQuery(sql, String.class)
            .setParameter("network", networkId)
            .getResultList();
    return rows.stream().map(String.class::cast).toList();
  }

  /** Sets the uplink of an isolated network. */
  public void set(UUID networkId, Uplink uplink) {
    entities
        .createNativeQuery("DELETE FROM network_uplink WHERE network_id = :network")
        .setParameter("network", networkId)
        .executeUpdate();
    entities
        .createNativeQuery("INSERT INTO network_uplink (network_id, mode) VALUES (:network, :mode)")
        .setParameter("network", networkId)
        .setParameter("mode", uplink.mode())
        .executeUpdate();
    for (String mac : uplink.gatewayMacs()) {
      entities
          .createNativeQuery(
              "INSERT INTO network_gateway (network_id, mac) VALUES (:network, :mac)")
          .setParameter("network", networkId)
          .setParameter("mac", mac)
          .executeUpdate();
    }
    changes.fire(NetworkChanged.of(networkId));
  }
}
