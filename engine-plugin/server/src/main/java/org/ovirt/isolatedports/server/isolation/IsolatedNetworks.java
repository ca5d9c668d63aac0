// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.isolation;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Event;
import jakarta.inject.Inject;
import jakarta.persistence.EntityManager;
import jakarta.transaction.Transactional;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/** The isolated networks we answer for. */
@ApplicationScoped
@Transactional
public class IsolatedNetworks {

  private final EntityManager entities;
  private final Event<NetworkChanged> changes;

  @Inject
  public IsolatedNetworks(EntityManager entities, Event<NetworkChanged> changes) {
    this.entities = entities;
    this.changes = changes;
  }

  /** All of them, by name. */
  public List<IsolatedNetwork> all() {
    return entities
        .createQuery("select n from IsolatedNetwork n order by n.name", IsolatedNetwork.class)
        .getResultList();
  }

  /** Who enforces each of them, by network id; one light query, as every list of networks asks. */
  public Map<UUID, Enforcement> enforcements() {
    Map<UUID, Enforcement> found = new HashMap<>();
    entities
        .createQuery("select n.networkId, n.enforcement from IsolatedNetwork n", Object[].class)
        .getResultStream()
        .forEach(row -> found.put((UUID) row[0], (Enforcement) row[1]));
    return found;
  }

  /** Their ids. */
  public List<String> ids() {
    return enforcements().keySet().stream().map(UUID::toString).toList();
  }

  /** One network, if it is isolated. */
  public Optional<IsolatedNetwork> find(UUID networkId) {
    return Optional.ofNullable(entities.find(IsolatedNetwork.class, networkId));
  }

  /**
   * Takes a network in, if it is not in yet. The guard adopts what the engine isolates, and may do
   * so in the very moment in which a caller's request does: whoever is second finds it done.
   */
  public void add(IsolatedNetwork network) {
    entities
        .createNativeQuery(
            "INSERT INTO isolated_network"
                + " (network_id, data_center_id, name, enforcement, created_at, version)"
                + " VALUES (:id, :dataCenter, :name, :enforcement, :createdAt, 0)"
                + " ON CONFLICT (network_id) DO NOTHING")
        .setParameter("id", network.networkId())
        .setParameter("dataCenter", network.dataCenterId())
        .setParameter("name", network.name())
        .setParameter("enforcement", network.enforcement().text())
        .setParameter("createdAt", network.createdAt())
        .executeUpdate();
    changes.fire(NetworkChanged.of(network.networkId()));
  }

  /** Follows a change of a network's name in the engine. */
  public void rename(UUID networkId, String name) {
    find(networkId).filter(n -> !n.name().equals(name)).ifPresent(n -> n.rename(name));
  }

  /** Forgets a network that is gone from the engine. */
  public void remove(UUID networkId) {
    find(networkId).ifPresent(entities::remove);
    changes.fire(NetworkChanged.of(networkId));
  }
}
