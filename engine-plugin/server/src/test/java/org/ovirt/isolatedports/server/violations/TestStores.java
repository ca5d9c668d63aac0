// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.violations;

import jakarta.persistence.EntityManager;
import java.lang.reflect.Field;
import org.ovirt.isolatedports.server.isolation.IsolatedNetworks;
import org.ovirt.isolatedports.server.journal.Journal;

/** Stores without a container. */
public final class TestStores {

  private TestStores() {}

  /** The store of isolated networks, on an entity manager of the test's. */
  public static IsolatedNetworks isolatedNetworks(EntityManager entities) {
    IsolatedNetworks networks = new IsolatedNetworks();
    inject(IsolatedNetworks.class, networks, entities);
    return networks;
  }

  /** The journal, on an entity manager of the test's. */
  public static Journal journal(EntityManager entities) {
    Journal journal = new Journal(isolatedNetworks(entities));
    inject(Journal.class, journal, entities);
    return journal;
  }

  /** Does what the container does at a field for the entity manager. */
  static <T> void inject(Class<T> type, T store, EntityManager entities) {
    try {
      Field field = type.getDeclaredField("entities");
      field.setAccessible(true);
      field.set(store, entities);
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(type + " has no entity manager", e);
    }
  }
}
