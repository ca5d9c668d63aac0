// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.standin.http;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The engine's worker threads, as its WildFly has them.
 *
 * <p>While the engine starts, connections are accepted and requests queued. Once it is up it runs
 * them all, also those whose clients have given up long ago. An API request with a token that the
 * engine has not met since its start asks the SSO, which is another request to the same engine and
 * takes a second worker, without a limit in time: if all workers do so at once, all of them wait
 * for each other until the engine is killed (seen on a 4.5.8 after starts of 149 and 166 s).
 */
final class Workers {

  private final int size;
  private final Semaphore free;
  private final Set<String> metTokens = ConcurrentHashMap.newKeySet();
  private final AtomicInteger queued = new AtomicInteger();
  private final AtomicInteger mostQueued = new AtomicInteger();
  private volatile boolean starting;
  private volatile boolean killed;

  Workers(int size, boolean starting) {
    this.size = size;
    this.starting = starting;
    this.free = new Semaphore(starting ? 0 : size, true);
  }

  /** A request has come in; it waits for a worker. */
  void arrived() {
    mostQueued.accumulateAndGet(queued.incrementAndGet(), Math::max);
  }

  /** Waits for a worker, for as long as it takes. */
  void take() throws InterruptedException {
    free.acquire();
    queued.decrementAndGet();
    requireAlive();
  }

  private void requireAlive() throws InterruptedException {
    if (killed) {
      throw new InterruptedException("The engine was killed.");
    }
  }

  void giveBack() {
    free.release();
  }

  /** The SSO's half of an API request: nothing for a token that has a session in the engine. */
  void askSso(String token) throws InterruptedException {
    if (metTokens.contains(token)) {
      return;
    }
    free.acquire();
    free.release();
    requireAlive();
    metTokens.add(token);
  }

  /** The engine is up: what has queued is run. */
  synchronized void started() {
    if (starting) {
      starting = false;
      free.release(size);
    }
  }

  int mostQueued() {
    return mostQueued.get();
  }

  /** Whether requests wait and no worker is left that could end one. */
  boolean hangs() {
    return !starting && free.availablePermits() == 0 && free.hasQueuedThreads();
  }

  /** The engine is killed: nobody waits any more. */
  void killed() {
    killed = true;
    free.release(1_000_000);
  }
}
