// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.database;

import jakarta.annotation.PreDestroy;
import jakarta.annotation.Resource;
import jakarta.enterprise.concurrent.ManagedScheduledExecutorService;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.context.Initialized;
import jakarta.enterprise.event.Observes;
import java.util.Optional;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.logging.Level;
import java.util.logging.Logger;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;

/**
 * Brings the database to the version of this server, at start or as soon as the database is there.
 *
 * <p>A database that is away must not keep the server down: the scheduler answers without it.
 */
@ApplicationScoped
public class Schema {

  private static final Logger LOG = Logger.getLogger(Schema.class.getName());
  private static final long RETRY_SECONDS = 5;

  @Resource(lookup = "java:/IsolatedPortsDS")
  DataSource dataSource;

  @Resource ManagedScheduledExecutorService executor;

  private final AtomicBoolean ready = new AtomicBoolean();
  private final AtomicReference<Optional<ScheduledFuture<?>>> retry =
      new AtomicReference<>(Optional.empty());

  void start(@Observes @Initialized(ApplicationScoped.class) Object event) {
    migrate();
  }

  private void migrate() {
    try {
      Flyway.configure(Schema.class.getClassLoader()).dataSource(dataSource).load().migrate();
      ready.set(true);
    } catch (FlywayException e) {
      LOG.log(
          Level.SEVERE,
          "The database cannot be used yet, next try in {0} s: {1}",
          new Object[] {RETRY_SECONDS, e.getMessage()});
      retry.set(Optional.of(executor.schedule(this::migrate, RETRY_SECONDS, TimeUnit.SECONDS)));
    }
  }

  @PreDestroy
  void stop() {
    retry.get().ifPresent(pending -> pending.cancel(false));
  }

  /** Whether the database is there and of our version. */
  public boolean isReady() {
    return ready.get();
  }
}
