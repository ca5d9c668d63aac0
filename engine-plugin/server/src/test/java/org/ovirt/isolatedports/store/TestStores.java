// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.store;

import jakarta.persistence.EntityManager;

/** Stores without a container. */
public final class TestStores {

  private TestStores() {}

  /** The store of isolated networks, on an entity manager of the test's. */
  public static IsolatedNetworks isolatedNetworks(EntityManager entities) {
    IsolatedNetworks networks = new IsolatedNetworks();
    networks.entities = entities;
    return networks;
  }

  /** The journal, on an entity manager of the test's. */
  public static Journal journal(EntityManager entities) {
    Journal journal = new Journal(isolatedNetworks(entities));
    journal.entities = entities;
    return journal;
  }
}
