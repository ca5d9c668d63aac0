// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.journal;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.persistence.EntityManager;
import jakarta.transaction.Transactional;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.ovirt.isolatedports.server.isolation.IsolatedNetwork;
import org.ovirt.isolatedports.server.isolation.IsolatedNetworks;

/**
 * What has to be completed or undone if it is cut short: an entry is committed before the engine is
 * asked, and goes away when engine and store agree.
 */
@ApplicationScoped
@Transactional
public class Journal {

  private final EntityManager entities;

  private final IsolatedNetworks networks;

  @Inject
  public Journal(EntityManager entities, IsolatedNetworks networks) {
    this.entities = entities;
    this.networks = networks;
  }

  /** Notes that an isolated network is about to be created. */
  public UUID beginAdd(NetworkCreation creation) {
    EngineChange change = EngineChange.add(creation);
    entities.persist(change);
    return change.changeId();
  }

  /** Notes that a network we have a row of is about to be changed or removed. */
  public UUID beginFollow(UUID networkId) {
    EngineChange change = EngineChange.follow(networkId);
    entities.persist(change);
    return change.changeId();
  }

  /** Takes the created network in, and notes that the rest is still to be done; one transaction. */
  public void created(UUID changeId, IsolatedNetwork network) {
    networks.add(network);
    EngineChange change = entities.find(EngineChange.class, changeId);
    if (change != null) {
      change.created(network.networkId());
      change.twinOf().ifPresent(origin -> twin(origin, network.networkId()));
    }
  }

  private void twin(UUID origin, UUID twin) {
    entities
        .createQuery("update MovingIn m set m.twinId = :twin where m.networkId = :origin")
        .setParameter("twin", twin)
        .setParameter("origin", origin)
        .executeUpdate();
  }

  /** Engine and store agree. */
  public void done(UUID changeId) {
    EngineChange change = entities.find(EngineChange.class, changeId);
    if (change != null) {
      entities.remove(change);
    }
  }

  /** The twin of a network that is being created, or was when its creation was cut short. */
  public Optional<EngineChange> openTwin(UUID origin) {
    return entities
        .createQuery(
            "select c from EngineChange c where c.twinOf = :origin order by c.startedAt desc",
            EngineChange.class)
        .setParameter("origin", origin)
        .setMaxResults(1)
        .getResultStream()
        .findFirst();
  }

  /** What has begun and is not done, oldest first. */
  public List<EngineChange> open() {
    return entities
        .createQuery("select c from EngineChange c order by c.startedAt", EngineChange.class)
        .getResultList();
  }
}
