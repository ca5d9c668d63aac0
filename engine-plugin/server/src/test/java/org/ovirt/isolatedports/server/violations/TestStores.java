// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.violations;

import jakarta.persistence.EntityManager;
import org.ovirt.isolatedports.server.isolation.IsolatedNetworks;
import org.ovirt.isolatedports.server.journal.Journal;

/** Stores without a container. */
public final class TestStores {

  private TestStores() {}

  /** The store of isolated networks, on an entity manager of the test's. */
  public static IsolatedNetworks isolatedNetworks(EntityManager entities) {
    return new IsolatedNetworks(entities, new Unheard<>());
  }

  /** The journal, on an entity manager of the test's. */
  public static Journal journal(EntityManager entities) {
    return new Journal(entities, isolatedNetworks(entities));
  }
}
