// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.http;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.persistence.EntityManager;
import jakarta.transaction.Transactional;

/**
 * Counts the writes through us by entity, such as {@code network:07de34ef-...}.
 *
 * <p>It is the part of an {@code ETag} that the engine's representation cannot give: after two
 * writes of the same content the representation is the same, yet the second did not win.
 */
@ApplicationScoped
@Transactional
public class EntityVersions {

  private final EntityManager entities;

  @Inject
  public EntityVersions(EntityManager entities) {
    this.entities = entities;
  }

  /** How often an entity was written; 0 for one that never was. */
  public long read(String entity) {
    return entities
        .createQuery("select v.version from EntityVersion v where v.entity = :entity", Long.class)
        .setParameter("entity", entity)
        .getResultStream()
        .findFirst()
        .orElse(0L);
  }

  /** Counts a write; native, as two may be first at once (ON CONFLICT). */
  public void count(String entity) {
    entities
        .createNativeQuery(
            "INSERT INTO entity_version (entity, version) VALUES (:entity, 1)"
                + " ON CONFLICT (entity) DO UPDATE SET version = entity_version.version + 1")
        .setParameter("entity", entity)
        .executeUpdate();
  }

  /** Forgets an entity that is gone. */
  public void forget(String entity) {
    entities
        .createQuery("delete from EntityVersion v where v.entity = :entity")
        .setParameter("entity", entity)
        .executeUpdate();
  }
}
