// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.store;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.persistence.EntityManager;
import jakarta.persistence.PersistenceContext;
import jakarta.transaction.Transactional;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/** The isolated networks we answer for. */
@ApplicationScoped
@Transactional
public class IsolatedNetworks {

  @PersistenceContext(unitName = "isolated-ports")
  EntityManager entities;

  /** All of them, by name. */
  public List<IsolatedNetwork> all() {
    return entities
        .createQuery("select n from IsolatedNetwork n order by n.name", IsolatedNetwork.class)
        .getResultList();
  }

  /** The ids of all of them. */
  public Set<UUID> ids() {
    return new HashSet<>(
        entities
            .createQuery("select n.networkId from IsolatedNetwork n", UUID.class)
            .getResultList());
  }

  /** One network, if it is isolated. */
  public Optional<IsolatedNetwork> find(UUID networkId) {
    return Optional.ofNullable(entities.find(IsolatedNetwork.class, networkId));
  }

  /** An isolated network of a data center by its name. */
  public Optional<IsolatedNetwork> findByName(UUID dataCenterId, String name) {
    return entities
        .createQuery(
            "select n from IsolatedNetwork n where n.dataCenterId = :dataCenter and n.name = :name",
            IsolatedNetwork.class)
        .setParameter("dataCenter", dataCenterId)
        .setParameter("name", name)
        .getResultStream()
        .findFirst();
  }

  /** Takes a network in. */
  public void add(IsolatedNetwork network) {
    entities.persist(network);
  }

  /** Follows a change of a network's name in the engine. */
  public void rename(UUID networkId, String name) {
    find(networkId).filter(n -> !n.name().equals(name)).ifPresent(n -> n.rename(name));
  }

  /** Forgets a network that is gone from the engine. */
  public void remove(UUID networkId) {
    find(networkId).ifPresent(entities::remove);
  }
}
