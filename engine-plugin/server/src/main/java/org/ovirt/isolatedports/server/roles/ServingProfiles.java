// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.roles;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.persistence.EntityManager;
import jakarta.transaction.Transactional;
import java.util.HashSet;
import java.util.Set;
import java.util.UUID;

/**
 * vNIC profiles whose vNICs may say what else only routers and DHCP servers may. Whoever changes
 * them fires {@link RolesChanged}.
 */
@ApplicationScoped
@Transactional
public class ServingProfiles {

  private final EntityManager entities;

  @Inject
  public ServingProfiles(EntityManager entities) {
    this.entities = entities;
  }

  /** Their ids. */
  public Set<UUID> all() {
    Set<UUID> all = new HashSet<>();
    for (Object id :
        entities.createNativeQuery("SELECT profile_id FROM serving_profile").getResultList()) {
      all.add((UUID) id);
    }
    return all;
  }

  /** Lets the vNICs of a profile serve, or keeps them from it. */
  public void set(UUID profile, boolean serves, String author) {
    entities
        .createNativeQuery("DELETE FROM serving_profile WHERE profile_id = :profile")
        .setParameter("profile", profile)
        .executeUpdate();
    if (serves) {
      entities
          .createNativeQuery(
              "INSERT INTO serving_profile (profile_id, author) VALUES (:profile, :author)")
          .setParameter("profile", profile)
          .setParameter("author", author)
          .executeUpdate();
    }
  }
}
