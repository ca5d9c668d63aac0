// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.roles;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.persistence.EntityManager;
import jakarta.transaction.Transactional;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;

/** The roles of single vNICs in the database. */
@ApplicationScoped
@Transactional
public class RoleStore implements Roles {

  private final EntityManager entities;

  @Inject
  public RoleStore(EntityManager entities) {
    this.entities = entities;
  }

  @Override
  public Map<UUID, Given> all() {
    return entities
        .createQuery("select r from GivenRole r", GivenRole.class)
        .getResultStream()
        .collect(Collectors.toMap(GivenRole::vnicId, GivenRole::given));
  }

  /** The role of a vNIC; empty if its profile's counts. */
  public Optional<Given> of(UUID vnic) {
    return Optional.ofNullable(entities.find(GivenRole.class, vnic)).map(GivenRole::given);
  }

  /** Gives a vNIC a role, in the place of one that it may have. */
  public void set(UUID vnic, UUID vm, Given given, String author) {
    GivenRole row = entities.find(GivenRole.class, vnic);
    if (row == null) {
      row = new GivenRole(vnic);
      row.become(vm, given, author, Instant.now());
      entities.persist(row);
    } else {
      row.become(vm, given, author, Instant.now());
    }
  }

  /** Takes a vNIC its role. */
  public void remove(UUID vnic) {
    entities
        .createQuery("delete from GivenRole r where r.vnicId = :vnic")
        .setParameter("vnic", vnic)
        .executeUpdate();
  }
}
