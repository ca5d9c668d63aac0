// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.violations;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import jakarta.persistence.EntityManager;
import jakarta.persistence.EntityManagerFactory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.hibernate.jpa.HibernatePersistenceProvider;
import org.ovirt.isolatedports.server.options.LevelGateMemory;

/**
 * A real PostgreSQL with our schema, and the stores of the guard on it. What the container does
 * around a call of a store, a transaction and an entity manager of its own, is done here.
 */
public final class TestDatabase implements AutoCloseable {

  private final EmbeddedPostgres postgres;
  private final EntityManagerFactory factory;

  public TestDatabase() {
    try {
      postgres = EmbeddedPostgres.builder().setPGStartupWait(Duration.ofMinutes(2)).start();
    } catch (IOException e) {
      throw new UncheckedIOException("The embedded PostgreSQL does not start", e);
    }
    DataSource data = postgres.getPostgresDatabase();
    Flyway.configure().dataSource(data).load().migrate();
    Map<String, Object> properties = new HashMap<>();
    properties.put("jakarta.persistence.transactionType", "RESOURCE_LOCAL");
    properties.put("jakarta.persistence.jtaDataSource", data);
    factory =
        new HibernatePersistenceProvider().createEntityManagerFactory("isolated-ports", properties);
  }

  DataSource dataSource() {
    return postgres.getPostgresDatabase();
  }

  /** What violations are stored, asked as the REST resource asks. */
  List<Violation> violations(boolean open) {
    return inTransaction(
        entities -> {
          List<String> networks =
              entities
                  .createQuery("select distinct v.networkId from Violation v", String.class)
                  .getResultList();
          return violationsOn(entities).page(networks, true, open, 0, 10_000);
        });
  }

  ViolationStore violationStore() {
    return transactional(ViolationStore.class, this::violationsOn);
  }

  NetworkRegister networkRegister() {
    return transactional(
        NetworkRegister.class,
        entities -> new StoredNetworks(TestStores.isolatedNetworks(entities)));
  }

  /** Runs a statement. */
  void execute(String sql) {
    inTransaction(entities -> entities.createNativeQuery(sql).executeUpdate());
  }

  LevelGateMemory levelGateMemory() {
    EntityManager none = factory.createEntityManager();
    none.close();
    return new LevelGateMemory(none) {
      @Override
      public java.util.Set<org.ovirt.isolatedports.inventory.CompatibilityLevel> see(
          org.ovirt.isolatedports.inventory.LevelGate gate,
          java.time.Instant now,
          java.util.Optional<java.time.Instant> engineStarted) {
        return inTransaction(manager -> new LevelGateMemory(manager).see(gate, now, engineStarted));
      }
    };
  }

  private Violations violationsOn(EntityManager entities) {
    return new Violations(entities);
  }

  /** What is done in a transaction. */
  interface Work<T> {
    T on(EntityManager entities);
  }

  <T> T inTransaction(Work<T> work) {
    EntityManager entities = factory.createEntityManager();
    try {
      entities.getTransaction().begin();
      T result = work.on(entities);
      entities.getTransaction().commit();
      return result;
    } finally {
      if (entities.getTransaction().isActive()) {
        entities.getTransaction().rollback();
      }
      entities.close();
    }
  }

  private <T> T transactional(Class<T> type, Work<T> store) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (proxy, method, arguments) ->
                inTransaction(
                    entities -> {
                      try {
                        return method.invoke(store.on(entities), arguments);
                      } catch (InvocationTargetException e) {
                        if (e.getCause() instanceof RuntimeException cause) {
                          throw cause;
                        }
                        throw new IllegalStateException(e);
                      } catch (IllegalAccessException e) {
                        throw new IllegalStateException(e);
                      }
                    })));
  }

  @Override
  public void close() {
    factory.close();
    try {
      postgres.close();
    } catch (IOException e) {
      throw new UncheckedIOException("The embedded PostgreSQL does not stop", e);
    }
  }
}
