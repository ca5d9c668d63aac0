// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.rulesets;

import jakarta.annotation.PreDestroy;
import jakarta.annotation.Resource;
import jakarta.enterprise.concurrent.ManagedThreadFactory;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.context.Initialized;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.event.TransactionPhase;
import jakarta.enterprise.inject.Instance;
import jakarta.inject.Inject;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Collectors;
import org.ovirt.isolatedports.engine.AuditEvent;
import org.ovirt.isolatedports.engine.EventFollower;
import org.ovirt.isolatedports.engine.EventSubject;
import org.ovirt.isolatedports.engine.ServiceAccount;
import org.ovirt.isolatedports.server.database.Schema;
import org.ovirt.isolatedports.server.engine.EngineMirror;
import org.ovirt.isolatedports.server.engine.EnginePicture;
import org.ovirt.isolatedports.server.engine.EnginePicture.Part;
import org.ovirt.isolatedports.server.inventory.LiveInventories;
import org.ovirt.isolatedports.server.inventory.LiveInventory;
import org.ovirt.isolatedports.server.isolation.NetworkChanged;
import org.ovirt.isolatedports.server.labels.LabelsChanged;
import org.ovirt.isolatedports.server.policies.HostAbilities;
import org.ovirt.isolatedports.server.policies.InForce;
import org.ovirt.isolatedports.server.policies.PoliciesChanged;
import org.ovirt.isolatedports.server.policies.PolicySource;
import org.ovirt.isolatedports.server.roles.RolesChanged;

/**
 * Keeps the rulesets of all hosts up to date: it looks again when the engine tells of something,
 * when something that only we know changed, and now and then. While nothing changes nothing is
 * made.
 *
 * <p>Without an answer of engine or database what hosts are to enforce stays as it is.
 */
@ApplicationScoped
public class RulesetKeeper implements EventFollower.Listener {

  private static final Logger LOG = Logger.getLogger(RulesetKeeper.class.getName());

  private static final Duration TICK = Duration.ofMillis(250);
  private static final Duration LISTS = Duration.ofMinutes(1);

  /** How long to leave it at that where no event tells of anything. */
  private static final Duration REST = Duration.ofSeconds(15);

  /** An event may come before what it tells of can be read. */
  private static final Duration SECOND_LOOK = EngineMirror.SECOND_LOOK.plusMillis(100);

  /** Policies are read again this often though nothing said that they changed. */
  private static final Duration POLICIES = Duration.ofMinutes(5);

  private static final Duration AFTER_FAILURE = Duration.ofSeconds(2);

  /**
   * How keeping goes.
   *
   * @param last when the rulesets were last known to be up to date
   * @param failure why the last attempt failed; empty if it did not
   * @param problems why some vNICs are in no ruleset
   */
  public record Status(Optional<Instant> last, Optional<String> failure, List<String> problems) {}

  private final EngineMirror mirror;
  private final LiveInventories inventories;
  private final Instance<PolicySource> policies;
  private final ServiceAccount account;
  private final Schema schema;
  private final Clock clock = Clock.systemUTC();
  private final RulesetBook book = new RulesetBook(clock);
  private final HeldNetworks held = new HeldNetworks();

  @Resource ManagedThreadFactory threads;

  private final List<Consumer<Set<String>>> listeners = new CopyOnWriteArrayList<>();
  private final Map<String, HostAbilities> reported = new ConcurrentHashMap<>();
  private final Set<UUID> changedPolicies = ConcurrentHashMap.newKeySet();
  private final Map<UUID, InForce> inForce = new HashMap<>();

  /** Rung by whoever changes something, so that nothing waits for the next tick. */
  private final Semaphore bell = new Semaphore(0);

  private volatile boolean changed = true;
  private volatile Instant lookAgain = Instant.MAX;
  private volatile Status status = new Status(Optional.empty(), Optional.empty(), List.of());
  private volatile Optional<LiveInventory> inventory = Optional.empty();
  private volatile Thread thread;
  private volatile Instant next = Instant.MIN;
  private Instant policiesAgain = Instant.MIN;
  private RulesetInputs.Looked looked = RulesetInputs.Looked.NOTHING;

  @Inject
  public RulesetKeeper(
      EngineMirror mirror,
      LiveInventories inventories,
      Instance<PolicySource> policies,
      ServiceAccount account,
      Schema schema) {
    this.mirror = mirror;
    this.inventories = inventories;
    this.policies = policies;
    this.account = account;
    this.schema = schema;
  }

  void start(@Observes @Initialized(ApplicationScoped.class) Object event) {
    thread = threads.newThread(this::keep);
    thread.start();
  }

  private void keep() {
    while (!Thread.currentThread().isInterrupted()) {
      try {
        bell.tryAcquire(TICK.toMillis(), TimeUnit.MILLISECONDS);
        bell.drainPermits();
        tick();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  @PreDestroy
  void stop() {
    Optional.ofNullable(thread).ifPresent(Thread::interrupt);
  }

  private void tick() {
    Instant now = clock.instant();
    boolean due = changed || !now.isBefore(next) || !now.isBefore(lookAgain);
    boolean idle = !due && isLooked(mirror.picture());
    if (idle || !schema.isReady() || !account.isConfigured()) {
      return;
    }
    boolean ours = changed;
    changed = false;
    if (!now.isBefore(lookAgain)) {
      lookAgain = Instant.MAX;
    }
    try {
      if (due) {
        mirror.read(EnumSet.of(Part.NETWORKS, Part.CLUSTERS, Part.PROFILES, Part.HOSTS), LISTS);
        mirror.read(EnumSet.of(Part.VMS), mirror.restOfVms());
      }
      look(mirror.picture(), ours, now);
      next = now.plus(REST);
    } catch (Exception e) {
      changed |= ours;
      next = now.plus(AFTER_FAILURE);
      failed(e);
    }
  }

  /** The very same picture: comparing two of the largest would take longer than needed. */
  @SuppressWarnings("ReferenceEquality")
  private boolean isLooked(EnginePicture picture) {
    return picture == looked.picture();
  }

  private void failed(Exception e) {
    String why = String.valueOf(e.getMessage());
    if (!status.failure().equals(Optional.of(why))) {
      LOG.log(Level.WARNING, "The rulesets of hosts stay as they are: " + why, e);
    }
    status = new Status(status.last(), Optional.of(why), status.problems());
  }

  private void look(EnginePicture picture, boolean ours, Instant now) {
    boolean complete =
        picture
            .oldestOf(EnumSet.of(Part.NETWORKS, Part.CLUSTERS, Part.PROFILES, Part.HOSTS, Part.VMS))
            .isPresent();
    if (!complete) {
      return;
    }
    RulesetInputs.Looked seen = RulesetInputs.look(picture, Map.copyOf(reported));
    List<String> problems = status.problems();
    boolean isNew = ours || !now.isBefore(policiesAgain) || !seen.isSameAs(looked);
    if (isNew || held.isHolding()) {
      readPolicies(now);
      LiveInventory made = inventories.of(picture);
      Map<String, NetworkInput> inputs =
          held.with(
              RulesetInputs.of(picture, made, inForce),
              picture.networks().keySet().stream().map(UUID::toString).collect(Collectors.toSet()),
              picture.readAt(Part.NETWORKS).orElse(now));
      Set<String> news = book.update(inputs, seen.hosts());
      inventory = Optional.of(made);
      problems = made.problems();
      if (!news.isEmpty()) {
        listeners.forEach(listener -> listener.accept(news));
      }
    }
    looked = seen;
    status = new Status(Optional.of(now), Optional.empty(), problems);
  }

  private void readPolicies(Instant now) {
    if (!policies.isResolvable()) {
      return;
    }
    PolicySource source = policies.get();
    if (!now.isBefore(policiesAgain)) {
      Map<UUID, InForce> all = new HashMap<>();
      source.networks().forEach(id -> all.put(id, source.inForce(id)));
      inForce.clear();
      inForce.putAll(all);
      policiesAgain = now.plus(POLICIES);
    }
    for (UUID id : List.copyOf(changedPolicies)) {
      // First, so that what changes while it is read is read once more.
      changedPolicies.remove(id);
      try {
        inForce.put(id, source.inForce(id));
      } catch (Exception e) {
        changedPolicies.add(id);
        throw e;
      }
    }
  }

  /** The rulesets. */
  public RulesetBook book() {
    return book;
  }

  /** What the rulesets were made of; empty until something was. */
  public Optional<LiveInventory> inventory() {
    return inventory;
  }

  /** How keeping goes. */
  public Status status() {
    return status;
  }

  /** Has somebody told of the hosts whose ruleset is another one; on the keeper's own thread. */
  public void onChange(Consumer<Set<String>> listener) {
    listeners.add(listener);
  }

  /** What a host says itself of its kernel, which counts more than what the engine shows of it. */
  public void canDo(String hostId, HostAbilities abilities) {
    if (!abilities.equals(reported.put(hostId, abilities))) {
      ring();
    }
  }

  /** What hosts said of their kernels, by id. */
  Map<String, HostAbilities> reported() {
    return Map.copyOf(reported);
  }

  private void ring() {
    changed = true;
    bell.release();
  }

  @Override
  public void happened(List<AuditEvent> events) {
    boolean concerns =
        events.stream()
            .anyMatch(
                event -> event.hostId().isPresent() || EventSubject.of(event.code()).isPresent());
    if (concerns) {
      next = Instant.MIN;
      lookAgain = clock.instant().plus(SECOND_LOOK);
      bell.release();
    }
  }

  @Override
  public void lostTrack() {
    next = Instant.MIN;
  }

  void changed(@Observes(during = TransactionPhase.AFTER_SUCCESS) NetworkChanged event) {
    ring();
  }

  void changed(@Observes(during = TransactionPhase.AFTER_SUCCESS) LabelsChanged event) {
    ring();
  }

  void changed(@Observes(during = TransactionPhase.AFTER_SUCCESS) RolesChanged event) {
    ring();
  }

  void changed(@Observes(during = TransactionPhase.AFTER_SUCCESS) PoliciesChanged event) {
    changedPolicies.add(event.networkId());
    ring();
  }
}
