// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.emergency;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.persistence.EntityManager;
import jakarta.transaction.Transactional;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** The isolated networks that were opened. */
@ApplicationScoped
@Transactional
public class Emergencies {

  private final EntityManager entities;

  @Inject
  public Emergencies(EntityManager entities) {
    this.entities = entities;
  }

  /** Those that are not closed, oldest first. */
  public List<Emergency> lasting() {
    return entities
        .createQuery(
            "select e from Emergency e where e.status <> 'closed' order by e.openedAt, e.id",
            Emergency.class)
        .getResultList();
  }

  /** The latest of a network. */
  public Optional<Emergency> latest(UUID networkId) {
    return entities
        .createQuery(
            "select e from Emergency e where e.networkId = :network order by e.openedAt desc",
            Emergency.class)
        .setParameter("network", networkId)
        .setMaxResults(1)
        .getResultStream()
        .findFirst();
  }

  /** Notes an opening before the engine is asked. */
  public void begin(Emergency emergency) {
    entities.persist(emergency);
  }

  /** The engine did all of it. */
  public void opened(UUID id) {
    find(id).ifPresent(Emergency::opened);
  }

  /** The engine did nothing of it. */
  public void forget(UUID id) {
    find(id).ifPresent(entities::remove);
  }

  /**
   * It is to be closed now.
   *
   * @param by who wants it; empty if its time is over
   */
  public void closing(UUID id, Optional<String> by) {
    find(id).ifPresent(emergency -> emergency.closing(by));
  }

  /** Nothing of it is left. */
  public void closed(UUID id, Instant now) {
    find(id).ifPresent(emergency -> emergency.closed(now));
  }

  private Optional<Emergency> find(UUID id) {
    return Optional.ofNullable(entities.find(Emergency.class, id));
  }
}
