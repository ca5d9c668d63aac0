// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.roles;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.persistence.EntityManager;
import jakarta.transaction.Transactional;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

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
    Map<UUID, Given> all = new HashMap<>();
    for (Object row :
        entities
            .createNativeQuery("SELECT vnic_id, network_id, role FROM vnic_role")
            .getResultList()) {
      Object[] role = (Object[]) row;
      all.put((UUID) role[0], new Given((UUID) role[1], (String) role[2]));
    }
    return all;
  }

  /** The role of a vNIC; empty if its profile's counts. */
  public Optional<Given> of(UUID vnic) {
    return Optional.ofNullable(all().get(vnic));
  }

  /** Gives a vNIC a role, in the place of one that it may have. */
  public void set(UUID vnic, UUID vm, Given given, String author) {
    remove(vnic);
    entities
        .createNativeQuery(
            "INSERT INTO vnic_role (vnic_id, vm_id, network_id, role, author)"
                + " VALUES (:vnic, :vm, :network, :role, :author)")
        .setParameter("vnic", vnic)
        .setParameter("vm", vm)
        .setParameter("network", given.networkId())
        .setParameter("role", given.role())
        .setParameter("author", author)
        .executeUpdate();
  }

  /** Takes a vNIC its role. */
  public void remove(UUID vnic) {
    entities
        .createNativeQuery("DELETE FROM vnic_role WHERE vnic_id = :vnic")
        .setParameter("vnic", vnic)
        .executeUpdate();
  }
}
