// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.scheduling.inventory;

import com.github.benmanes.caffeine.cache.Cache;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.ovirt.isolatedports.engine.TimedCaches;

/**
 * Brings our sentences to the engine's event log without keeping a decision waiting. The same
 * sentence is brought once a minute at most: the engine may ask twice, and retries highly available
 * VMs.
 */
public final class EventPost implements AutoCloseable {

  private static final Logger LOG = System.getLogger(EventPost.class.getName());
  private static final Duration ONCE_PER = Duration.ofMinutes(1);
  private static final int WAITING = 256;
  private static final int REMEMBERED = 4_096;
  private static final int TRIES = 3;

  private final Consumer<EngineEvent> engine;
  private final Duration pause;
  private final ThreadPoolExecutor thread;
  private final Cache<EngineEvent, Boolean> brought;

  /**
   * A post to an engine.
   *
   * @param engine takes an event, or throws
   * @param clock tells when a sentence may be repeated
   * @param pause how long to wait before trying again
   */
  public EventPost(Consumer<EngineEvent> engine, Clock clock, Duration pause) {
    this.engine = engine;
    this.brought = TimedCaches.of(ONCE_PER, REMEMBERED, clock).build();
    this.pause = pause;
    this.thread =
        new ThreadPoolExecutor(
            1,
            1,
            0,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(WAITING),
            task -> DaemonThreads.named("isolated-ports-events", task));
  }

  /** Brings an event, unless the same was brought within the last minute. Never waits. */
  public void post(EngineEvent event) {
    if (brought.asMap().putIfAbsent(event, true) != null) {
      return;
    }
    try {
      thread.execute(() -> bring(event));
    } catch (RejectedExecutionException e) {
      notBrought(event);
      LOG.log(Level.WARNING, "Too many events wait for the engine; not sent: {0}", event.text());
    }
  }

  private void bring(EngineEvent event) {
    for (int attempt = 1; ; attempt++) {
      try {
        engine.accept(event);
        return;
      } catch (RuntimeException e) {
        if (attempt == TRIES || !paused()) {
          notBrought(event);
          LOG.log(
              Level.WARNING,
              "The engine did not take an event ({0}): {1}",
              e.getMessage(),
              event.text());
          return;
        }
      }
    }
  }

  /** Whoever tries again must not go without the reason because nobody heard the first one. */
  private void notBrought(EngineEvent event) {
    brought.invalidate(event);
  }

  private boolean paused() {
    try {
      Thread.sleep(pause.toMillis());
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  @Override
  public void close() {
    thread.shutdownNow();
  }
}
