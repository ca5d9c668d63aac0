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
import org.ovirt.isolatedports.engine.EngineLookup;
import org.ovirt.isolatedports.engine.ServiceAccount;
import org.ovirt.isolatedports.engine.VnicProfiles;
import org.ovirt.isolatedports.inventory.Network;
import org.ovirt.isolatedports.server.database.Schema;
import org.ovirt.isolatedports.server.isolation.Enforcement;
import org.ovirt.isolatedports.server.isolation.IsolatedNetwork;
import org.ovirt.isolatedports.server.isolation.IsolatedNetworks;

/**
 * Completes or undoes what was cut short between engine and store: by a crash of ours, or because
 * the engine did not answer.
 *
 * <p>A creation is completed where the engine has the network, as nobody can say that it does not
 * want it: it is isolated, never left open. Where the engine refuses the property it is undone.
 */
@ApplicationScoped
public class Recovery {

  private static final Logger LOG = Logger.getLogger(Recovery.class.getName());
  private static final long EVERY_SECONDS = 5;

  /** An engine that did not answer may still be at it. */
  private static final Duration GIVE_UP = Duration.ofMinutes(10);

  @Resource ManagedScheduledExecutorService executor;

  private final Journal journal;
  private final Running running;
  private final IsolatedNetworks store;
  private final EngineLookup lookup;
  private final VnicProfiles profiles;
  private final ServiceAccount account;
  private final Schema schema;
  private final AtomicReference<Optional<ScheduledFuture<?>>> task =
      new AtomicReference<>(Optional.empty());

  @Inject
  public Recovery(
      Journal journal,
      Running running,
      IsolatedNetworks store,
      EngineLookup lookup,
      VnicProfiles profiles,
      ServiceAccount account,
      Schema schema) {
    this.journal = journal;
    this.running = running;
    this.store = store;
    this.lookup = lookup;
    this.profiles = profiles;
    this.account = account;
    this.schema = schema;
  }

  /** For the container's proxy only. */
  protected Recovery() {
    this(null, null, null, null, null, null, null);
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
        if (!running.has(change.changeId())) {
          recover(change);
        }
      }
    } catch (RuntimeException e) {
      LOG.log(Level.WARNING, "The journal cannot be read now: {0}", e.getMessage());
    }
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
    } catch (RuntimeException e) {
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

  /** Our row follows what came of an update or a removal. */
  private void follow(String token, EngineChange change, UUID network) {
    Optional<Network> found = lookup.network(token, network.toString());
    if (found.isPresent()) {
      store.rename(network, found.get().name());
    } else {
      store.remove(network);
    }
    journal.done(change.changeId());
  }

  private void completeAdd(String token, EngineChange change) {
    Optional<Network> found = created(token, change);
    if (found.isEmpty()) {
      change.networkId().ifPresent(store::remove);
      if (change.networkId().isPresent() || change.startedAt().isBefore(giveUp())) {
        journal.done(change.changeId());
      }
      return;
    }
    Network network = found.get();
    Enforcement enforcement = change.enforcement().orElse(Enforcement.HOOK);
    journal.created(
        change.changeId(),
        new IsolatedNetwork(
            network.id(),
            network.dataCenterId().or(change::dataCenterId).orElseThrow(),
            network.name(),
            enforcement,
            Instant.now()));
    if (enforcement == Enforcement.HOOK) {
      try {
        if (change.startedAt().isBefore(giveUp())) {
          // A network may have been made to have no profile; the journal does not say so.
          profiles.isolate(token, network.id().toString());
        } else {
          profiles.isolateNew(token, network.id().toString());
        }
      } catch (EngineException e) {
        if (!VnicProfiles.isNotRegistered(e.getMessage())) {
          throw e;
        }
        lookup.remove(token, network.id());
        store.remove(network.id());
        LOG.log(
            Level.WARNING,
            "Network {0} was removed again: its creation was cut short, and its vNIC profiles"
                + " cannot be given the property port_isolation: {1}",
            new Object[] {network.name(), e.getMessage()});
      }
    }
    journal.done(change.changeId());
    LOG.log(Level.INFO, "What was cut short of network {0} is done.", network.name());
  }

  private Optional<Network> created(String token, EngineChange change) {
    return change.networkId().isPresent()
        ? lookup.network(token, change.networkId().get().toString())
        : change
            .dataCenterId()
            .flatMap(dc -> change.name().flatMap(name -> lookup.networkByName(token, dc, name)));
  }

  private static Instant giveUp() {
    return Instant.now().minus(GIVE_UP);
  }
}
