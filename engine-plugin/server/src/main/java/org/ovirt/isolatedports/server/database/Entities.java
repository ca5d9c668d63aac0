// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.database;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Produces;
import jakarta.persistence.EntityManager;
import jakarta.persistence.PersistenceContext;

/**
 * The container's entity manager, to be injected by constructors. It may be shared by all threads:
 * the container gives each transaction its own behind it.
 */
@ApplicationScoped
class Entities {

  @Produces
  @PersistenceContext(unitName = "isolated-ports")
  EntityManager entities;
}
