// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.http;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.ovirt.isolatedports.server.config.Settings;
import org.ovirt.isolatedports.server.http.fault.FaultException;

/**
 * One writer at a time for each entity, from reading what the engine has to its answer: the engine
 * itself knows no {@code If-Match}.
 *
 * <p>Striped, so that their number is fixed; entities that share a stripe only wait for each other.
 */
@ApplicationScoped
public class EntityLocks {

  private static final int STRIPES = 256;
  private static final int UNAVAILABLE = 503;

  private final ReentrantLock[] locks =
      IntStream.range(0, STRIPES)
          .mapToObj(i -> new ReentrantLock(true))
          .toArray(ReentrantLock[]::new);
  private final long waitMillis;

  @Inject
  public EntityLocks(Settings settings) {
    this.waitMillis = settings.engine().timeout().toMillis();
  }

  /** Runs a change while no other one of the same entity runs. */
  public <T> T exclusively(String key, Supplier<T> change) {
    ReentrantLock lock = locks[Math.floorMod(key.hashCode(), STRIPES)];
    if (!acquired(lock)) {
      throw FaultException.operationFailed(
          UNAVAILABLE,
          "Other changes of the same object did not end within "
              + waitMillis
              + " ms. Nothing was changed; try again");
    }
    try {
      return change.get();
    } finally {
      lock.unlock();
    }
  }

  private boolean acquired(ReentrantLock lock) {
    try {
      return lock.tryLock(waitMillis, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
