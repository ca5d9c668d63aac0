// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.http;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.persistence.EntityManager;
import jakarta.transaction.Transactional;
import java.util.List;

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
    List<?> versions =
        entities
            .createNativeQuery(
                "SELECT version FROM entity_version WHERE entity = :entity", Long.class)
            .setParameter("entity", entity)
            .getResultList();
    return versions.stream().mapToLong(Long.class::cast).findFirst().orElse(0);
  }

  /** Counts a write. */
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
        .createNativeQuery("DELETE FROM entity_version WHERE entity = :entity")
        .setParameter("entity", entity)
        .executeUpdate();
  }
}
