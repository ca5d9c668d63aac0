// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.engine;

import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.DoubleSupplier;
import java.util.function.LongSupplier;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * The one door to the engine, for everything this service asks of it.
 *
 * <p>An engine that starts accepts requests and queues them. It keeps those whose clients have
 * given up, runs them all once it is up, and each of them needs a second worker of the same engine:
 * with enough of them in the queue, all its workers wait for each other until it is killed. So
 * whoever gives up and asks again can keep an engine from ever starting.
 *
 * <p>Therefore the door is closed until the engine's health says yes, and again as soon as the
 * engine fails to answer. While it is closed one request is under way, the prober's, which waits
 * for as long as the engine takes; after a "no" the pauses grow. Whoever wants in meanwhile is told
 * so at once. Then the door opens by degrees, as a health that says yes is no proof that the rest
 * works. And at no time more is under way than an engine has workers to spare.
 */
public final class EngineGate implements AutoCloseable {

  /** Whose request it is. Together they leave workers of an engine with 16 threads alone. */
  public enum Lane {
    CALLERS(5, Duration.ofSeconds(2)),
    /** A wrong password takes the engine 5 to 10 s, and must not keep other callers waiting. */
    LOGINS(4, Duration.ofSeconds(2)),
    /** What the service account does: guard, inventory, events, recovery. */
    SERVICE(3, Duration.ofSeconds(8)),
    /** The scheduler's looks at VMs, for which the engine waits. */
    LOOKS(3, Duration.ofSeconds(1));

    private final int most;
    private final Duration turn;

    Lane(int most, Duration turn) {
      this.most = most;
      this.turn = turn;
    }

    /** How many requests may be under way at once. */
    public int most() {
      return most;
    }
  }

  /**
   * How long to wait.
   *
   * @param firstPause after the first "no"; doubled with each further one
   * @param longestPause what it is doubled to
   * @param verdict how long whoever wants in waits for a probe that has just begun
   */
  public record Pauses(Duration firstPause, Duration longestPause, Duration verdict) {

    /** Pauses as installed, up to the longest one. */
    public static Pauses upTo(Duration longest) {
      Duration first = Duration.ofSeconds(1);
      return new Pauses(
          first.compareTo(longest) < 0 ? first : longest, longest, Duration.ofMillis(300));
    }
  }

  /** A request's right to be under way. */
  public interface Pass extends AutoCloseable {

    /** The engine has answered, whatever it was. */
    void answered();

    /** The engine has not answered, or somebody else did in its place. */
    void failed(String why);

    /** The request is over. */
    @Override
    void close();
  }

  private static final Logger LOG = Logger.getLogger(EngineGate.class.getName());

  /** Jitter: this much of a pause, at least and at most, so that never a minute passes. */
  private static final double LEAST = 0.5;

  private static final double MOST = 0.8;
  private static final Duration FIRST_VERDICT = Duration.ofSeconds(2);
  private static final int MOST_DOUBLINGS = 20;
  private static final int STEEP = 3;
  private static final int ALL =
      Lane.CALLERS.most + Lane.LOGINS.most + Lane.SERVICE.most + Lane.LOOKS.most;

  private final BooleanSupplier health;
  private final AutoCloseable healthClient;
  private final Pauses pauses;
  private final DoubleSupplier jitter;
  private final LongSupplier nanos;
  private final Object lock = new Object();

  private final Map<Lane, Integer> underWay = new EnumMap<>(Lane.class);
  private int allUnderWay;
  private boolean open;
  private boolean everOpen;
  private boolean stopped;
  private boolean probing;

  /** Counts openings and closings, so that an answer of before says nothing of now. */
  private long era;

  /** How many may be under way in all, and in each lane, since it was opened. */
  private int limit;

  private int laneLimit;

  /** Failed requests and probes since the last request that was answered. */
  private int noes;

  private long probeAt;
  private long probeBegun;
  private String why = "it was not asked yet";
  private Thread prober;

  /**
   * The door to an engine.
   *
   * @param longestPause between two looks at its health
   */
  public EngineGate(EngineSettings settings, Duration longestPause) {
    this(EngineHealth.of(settings), longestPause);
  }

  private EngineGate(EngineHealth health, Duration longestPause) {
    this(health::saysYes, health, Pauses.upTo(longestPause), EngineGate::random, System::nanoTime);
  }

  /** A door to what a health speaks for. */
  public EngineGate(BooleanSupplier health, Pauses pauses) {
    this(health, () -> {}, pauses, EngineGate::random, System::nanoTime);
  }

  /**
   * A door with a clock of its own.
   *
   * @param nanos the clock, as {@code System.nanoTime}; who moves another one calls {@link #look}
   */
  EngineGate(
      BooleanSupplier health,
      AutoCloseable healthClient,
      Pauses pauses,
      DoubleSupplier jitter,
      LongSupplier nanos) {
    this.health = health;
    this.healthClient = healthClient;
    this.pauses = pauses;
    this.jitter = jitter;
    this.nanos = nanos;
    this.probeAt = nanos.getAsLong();
  }

  private static double random() {
    return ThreadLocalRandom.current().nextDouble(LEAST, MOST);
  }

  /**
   * Lets a request in, or says at once that the engine does not answer; waits a little where only a
   * turn has to be waited for.
   *
   * @throws EngineException of the kind {@code NOT_ASKED}
   */
  public Pass enter(Lane lane) {
    synchronized (lock) {
      startProber();
      long turnOver = nanos.getAsLong() + lane.turn.toNanos();
      while (!mayEnter(lane)) {
        long left = (open ? turnOver : verdictDue()) - nanos.getAsLong();
        if (left <= 0 || stopped) {
          throw open ? busy() : closed();
        }
        await(left);
      }
      allUnderWay++;
      underWay.merge(lane, 1, Integer::sum);
      return new Entered(lane, era);
    }
  }

  private boolean mayEnter(Lane lane) {
    return open
        && allUnderWay < limit
        && underWay.getOrDefault(lane, 0) < Math.min(lane.most, laneLimit);
  }

  /** A probe that has just begun is waited for; one that hangs is not. */
  private long verdictDue() {
    Duration wait = everOpen ? pauses.verdict() : FIRST_VERDICT;
    boolean soon = probing || probeAt - nanos.getAsLong() <= 0;
    return soon ? (probing ? probeBegun : nanos.getAsLong()) + wait.toNanos() : Long.MIN_VALUE / 2;
  }

  private void await(long nanos) {
    try {
      TimeUnit.NANOSECONDS.timedWait(lock, Math.max(nanos, 1_000_000));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new EngineException(
          EngineException.Kind.NOT_ASKED, "Interrupted while waiting for the oVirt engine.");
    }
  }

  private EngineException busy() {
    return EngineException.notAsked(
        "The oVirt engine answers too slowly: as many requests as it can take at once are under way"
            + " already. This one was not sent.",
        Duration.ofSeconds(1));
  }

  private EngineException closed() {
    long left = probing ? pauses.firstPause().toNanos() : probeAt - nanos.getAsLong();
    return EngineException.notAsked(
        "The oVirt engine does not answer: "
            + why
            + ". Its health is asked until it says yes, and nothing else is sent until then; nor was"
            + " this request.",
        Duration.ofNanos(Math.max(left, 0)));
  }

  /** Whether requests are let in. */
  public boolean isOpen() {
    synchronized (lock) {
      return open;
    }
  }

  /** The clock was moved: whoever waits looks at it again. */
  void look() {
    synchronized (lock) {
      lock.notifyAll();
    }
  }

  /** Whether the health is being asked, or is to be asked now. */
  boolean isProbeDue() {
    synchronized (lock) {
      return !stopped && !open && (probing || probeAt - nanos.getAsLong() <= 0);
    }
  }

  private final class Entered implements Pass {
    private final Lane lane;
    private final long since;
    private boolean over;

    Entered(Lane lane, long since) {
      this.lane = lane;
      this.since = since;
    }

    @Override
    public void answered() {
      synchronized (lock) {
        if (open && since == era) {
          noes = 0;
          limit = Math.min(ALL, limit * 2);
          laneLimit = Math.min(ALL, laneLimit * 2);
          lock.notifyAll();
        }
      }
    }

    @Override
    public void failed(String reason) {
      synchronized (lock) {
        if (open && since == era) {
          shut(reason);
        }
      }
    }

    @Override
    public void close() {
      synchronized (lock) {
        if (!over) {
          over = true;
          allUnderWay--;
          underWay.merge(lane, -1, Integer::sum);
          lock.notifyAll();
        }
      }
    }
  }

  /**
   * The first time the health is asked at once: it may be one request that was too slow. Where the
   * health says yes and the rest fails each try is two requests, so the pauses grow faster.
   */
  private void shut(String reason) {
    open = false;
    era++;
    why = reason;
    probeAt = nanos.getAsLong() + (noes == 0 ? 0 : pause(noes));
    noes += noes == 0 ? 1 : STEEP;
    LOG.log(Level.INFO, "The oVirt engine is left alone until its health says yes: {0}.", reason);
    lock.notifyAll();
  }

  private long pause(int after) {
    long doubled = pauses.firstPause().toNanos() << Math.min(after - 1, MOST_DOUBLINGS);
    return (long)
        ((double) Math.min(doubled, pauses.longestPause().toNanos()) * jitter.getAsDouble());
  }

  private void startProber() {
    if (prober == null && !stopped) {
      prober = new Thread(this::probe, "isolated-ports-engine-probe");
      prober.setDaemon(true);
      prober.start();
    }
  }

  private void probe() {
    while (true) {
      synchronized (lock) {
        while (!stopped && (open || probeAt - nanos.getAsLong() > 0)) {
          try {
            TimeUnit.NANOSECONDS.timedWait(
                lock, open ? Long.MAX_VALUE : Math.max(1_000_000, probeAt - nanos.getAsLong()));
          } catch (InterruptedException e) {
            stopped = true;
          }
        }
        if (stopped) {
          return;
        }
        probing = true;
        probeBegun = nanos.getAsLong();
        lock.notifyAll();
      }
      boolean yes = saysYes();
      synchronized (lock) {
        probing = false;
        if (yes) {
          letIn();
        } else {
          noes++;
          probeAt = nanos.getAsLong() + pause(noes);
          if (!everOpen) {
            why = "its health does not say yes";
          }
        }
        lock.notifyAll();
      }
    }
  }

  /** After one failure a request of each kind; after more, one in all. */
  private void letIn() {
    open = true;
    everOpen = true;
    era++;
    limit = noes <= 1 ? Lane.values().length : 1;
    laneLimit = 1;
    LOG.log(Level.INFO, "The oVirt engine''s health says yes.");
  }

  private boolean saysYes() {
    try {
      return health.getAsBoolean();
    } catch (RuntimeException e) {
      LOG.log(Level.FINE, "The oVirt engine's health could not be asked.", e);
      return false;
    }
  }

  @Override
  public void close() {
    synchronized (lock) {
      stopped = true;
      open = false;
      lock.notifyAll();
      if (prober != null) {
        prober.interrupt();
      }
    }
    try {
      healthClient.close();
    } catch (Exception e) {
      LOG.log(Level.FINE, "The prober's connections could not be closed.", e);
    }
  }
}
