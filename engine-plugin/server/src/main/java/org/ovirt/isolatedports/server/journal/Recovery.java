// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.journal;

import jakarta.annotation.PreDestroy;
import jakarta.annotation.Resource;
import jakarta.enterprise.concurrent.ManagedScheduledExecutorService;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.context.Initialized;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Inject;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.ovirt.isolatedports.engine.EngineException;
import org.ovirt.isolatedports.engine.ServiceAccount;
import org.ovirt.isolatedports.engine.VnicProfiles;
import org.ovirt.isolatedports.server.database.Schema;
import org.ovirt.isolatedports.server.isolation.Enforcement;
import org.ovirt.isolatedports.server.isolation.IsolatedNetwork;
import org.ovirt.isolatedports.server.isolation.IsolatedNetworks;
import org.ovirt.isolatedports.server.journal.MarkedNetworks.Found;

/**
 * Completes or undoes what was cut short between engine and store: by a crash of ours, or because
 * the engine did not answer.
 *
 * <p>A creation is completed where the engine has the network with its mark, as nobody can say that
 * it does not want it: it is isolated, never left open. Where the engine does not know the property
 * it is undone. Its creator asked for all of it, and the engine granted it: the mark is there only
 * because it did. Nothing is looked for, taken in or removed by its name.
 */
@ApplicationScoped
public class Recovery {

  private static final Logger LOG = Logger.getLogger(Recovery.class.getName());
  private static final long EVERY_SECONDS = 5;

  /** An engine that did not answer may still be at it. */
  private static final Duration GIVE_UP = Duration.ofMinutes(10);

  @Resource ManagedScheduledExecutorService executor;

  private final Journal journal;
  private final InFlight inFlight;
  private final IsolatedNetworks store;
  private final MarkedNetworks marks;
  private final VnicProfiles profiles;
  private final ServiceAccount account;
  private final Schema schema;
  private final AtomicReference<Optional<ScheduledFuture<?>>> task =
      new AtomicReference<>(Optional.empty());

  @Inject
  Recovery(
      Journal journal,
      InFlight inFlight,
      IsolatedNetworks store,
      MarkedNetworks marks,
      VnicProfiles profiles,
      ServiceAccount account,
      Schema schema) {
    this.journal = journal;
    this.inFlight = inFlight;
    this.store = store;
    this.marks = marks;
    this.profiles = profiles;
    this.account = account;
    this.schema = schema;
  }

  void start(@Observes @Initialized(ApplicationScoped.class) Object event) {
    task.set(
        Optional.of(
            executor.scheduleWithFixedDelay(
                this::recover, EVERY_SECONDS, EVERY_SECONDS, TimeUnit.SECONDS)));
  }

  @PreDestroy
  void stop() {
    task.get().ifPresent(scheduled -> scheduled.cancel(false));
  }

  /** One pass over the journal. Nothing gets out, or the executor would not come again. */
  void recover() {
    if (!schema.isReady()) {
      return;
    }
    try {
      for (EngineChange change : journal.open()) {
        if (!inFlight.has(change.changeId())) {
          recover(change);
        }
      }
    } catch (Exception e) {
      LOG.log(Level.WARNING, "The journal cannot be read now: {0}", e.getMessage());
    }
  }

  /**
   * Goes on with the twin of a network whose creation was cut short, with the rights of whoever
   * asks for the twin again.
   *
   * @return the twin; empty if none was begun, or the engine has not made it
   */
  public Optional<UUID> goOnWithTwin(String token, UUID origin) {
    Optional<EngineChange> begun = journal.openTwin(origin);
    if (begun.isEmpty() || inFlight.has(begun.get().changeId())) {
      return Optional.empty();
    }
    EngineChange change = begun.get();
    return inFlight.track(
        change.changeId(),
        () ->
            created(token, change)
                .filter(network -> complete(token, change, network))
                .map(Found::id));
  }

  private void recover(EngineChange change) {
    try {
      account.call(
          token -> {
            if (change.isAdd()) {
              completeAdd(token, change);
            } else {
              change.networkId().ifPresent(network -> follow(token, change, network));
            }
            return true;
          });
    } catch (Exception e) {
      LOG.log(
          Level.WARNING,
          "The change {0} of network {1} was cut short and cannot be completed yet: {2}",
          new Object[] {
            change.changeId(),
            change.name().or(() -> change.networkId().map(UUID::toString)).orElse(""),
            e.getMessage()
          });
    }
  }

  /**
   * Our row follows what came of an update or a removal. A network that the engine denies may be
   * gone, or hidden from us: the guard forgets it by its own rule.
   */
  private void follow(String token, EngineChange change, UUID network) {
    marks.byId(token, network).ifPresent(found -> store.rename(network, found.name()));
    journal.done(change.changeId());
  }

  private void completeAdd(String token, EngineChange change) {
    Optional<Found> found = created(token, change);
    if (found.isPresent()) {
      if (complete(token, change, found.get())) {
        LOG.log(Level.INFO, "What was cut short of network {0} is done.", found.get().name());
      }
    } else if (change.startedAt().isBefore(giveUp())) {
      // A row we have stays: whether its network is gone the guard decides.
      journal.done(change.changeId());
    }
  }

  /** Only the mark leads to a network whose id is not known: nothing is concluded from a name. */
  private Optional<Found> created(String token, EngineChange change) {
    if (change.networkId().isPresent()) {
      return marks.byId(token, change.networkId().get());
    }
    return change
        .mark()
        .flatMap(mark -> change.dataCenterId().flatMap(dc -> marks.marked(token, dc, mark)));
  }

  /** Completes a creation; false if it had to be undone instead. */
  private boolean complete(String token, EngineChange change, Found network) {
    Enforcement enforcement = change.enforcement().orElse(Enforcement.HOOK);
    journal.created(
        change.changeId(),
        new IsolatedNetwork(
            network.id(),
            network.dataCenter().or(change::dataCenterId).orElseThrow(),
            network.name(),
            enforcement,
            Instant.now()));
    if (enforcement == Enforcement.HOOK && !isolated(token, change, network)) {
      return false;
    }
    if (network.carries(change.mark())) {
      marks.unmark(token, network.id(), change.comment());
    }
    journal.done(change.changeId());
    return true;
  }

  /**
   * Gives the profiles the property. Where the engine does not know it the network is removed
   * again, if it is as it was created: its mark tells.
   *
   * @return whether they have it
   */
  private boolean isolated(String token, EngineChange change, Found network) {
    try {
      if (change.startedAt().isBefore(giveUp())) {
        // A network may have been made to have no profile; the journal does not say so.
        profiles.isolate(token, network.id().toString());
      } else {
        profiles.isolateNew(token, network.id().toString());
      }
      return true;
    } catch (EngineException e) {
      if (!VnicProfiles.isNotRegistered(e.getMessage()) || !network.carries(change.mark())) {
        throw e;
      }
      if (marks.remove(token, network.id())) {
        store.remove(network.id());
        journal.done(change.changeId());
        LOG.log(
            Level.WARNING,
            "Network {0} was removed again: its creation was cut short, and its vNIC profiles"
                + " cannot be given the property port_isolation: {1}",
            new Object[] {network.name(), e.getMessage()});
      }
      return false;
    }
  }

  private static Instant giveUp() {
    return Instant.now().minus(GIVE_UP);
  }
}
