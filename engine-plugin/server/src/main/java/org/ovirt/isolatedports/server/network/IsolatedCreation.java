// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.network;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.ovirt.isolatedports.engine.EngineException;
import org.ovirt.isolatedports.engine.EngineLookup;
import org.ovirt.isolatedports.engine.ServiceAccount;
import org.ovirt.isolatedports.engine.VnicProfiles;
import org.ovirt.isolatedports.server.http.Refusals;
import org.ovirt.isolatedports.server.http.fault.FaultException;
import org.ovirt.isolatedports.server.isolation.Enforcement;
import org.ovirt.isolatedports.server.isolation.IsolatedNetwork;
import org.ovirt.isolatedports.server.isolation.IsolatedNetworks;
import org.ovirt.isolatedports.server.isolation.PropertyRegistration;
import org.ovirt.isolatedports.server.journal.InFlight;
import org.ovirt.isolatedports.server.journal.Journal;
import org.ovirt.isolatedports.server.journal.MarkedNetworks;
import org.ovirt.isolatedports.server.journal.NetworkCreation;
import org.ovirt.isolatedports.server.journal.Recovery;

/**
 * Creates an isolated network in the engine and in our store; a crash in between leaves a trace, by
 * which {@link Recovery} completes it. What leads from the trace to the network is a mark that
 * nobody can guess, never a name.
 */
@ApplicationScoped
public class IsolatedCreation {

  private static final Logger LOG = Logger.getLogger(IsolatedCreation.class.getName());
  private static final String CANNOT_ADD = "Cannot add Network";

  /** An engine that answers these has failed and is at it no more; others come from proxies. */
  private static final Set<Integer> FAILURES = Set.of(500, 501);

  /** After these the engine has done nothing, and will not. */
  private static final Set<EngineException.Kind> ENDED =
      Set.of(EngineException.Kind.REFUSED, EngineException.Kind.NOT_ASKED);

  private final VnicProfiles profiles;
  private final IsolatedNetworks store;
  private final Journal journal;
  private final InFlight inFlight;
  private final EngineLookup lookup;
  private final MarkedNetworks marks;
  private final ServiceAccount account;

  @Inject
  IsolatedCreation(
      VnicProfiles profiles,
      IsolatedNetworks store,
      Journal journal,
      InFlight inFlight,
      EngineLookup lookup,
      MarkedNetworks marks,
      ServiceAccount account) {
    this.profiles = profiles;
    this.store = store;
    this.journal = journal;
    this.inFlight = inFlight;
    this.lookup = lookup;
    this.marks = marks;
    this.account = account;
  }

  /**
   * How a network is created.
   *
   * @param <T> the engine's answer
   */
  public interface Making<T> {

    /** Asks the engine for the network, with the mark as its comment. */
    T ask(String mark);

    /** What the engine made; empty if it refused. */
    Optional<IsolatedNetwork> made(T answer);

    /** Whether the engine makes a profile for the network, as it does unless told otherwise. */
    default boolean defaultProfile() {
      return true;
    }

    /** The answer with the comment that the caller wants in the mark's place. */
    T unmarked(T answer);
  }

  /**
   * Creates a network. Of what the engine refuses or fails with nothing is left.
   *
   * @return the engine's answer
   */
  public <T> T create(String token, NetworkCreation creation, Making<T> making) {
    UUID change = journal.beginAdd(creation);
    return inFlight.track(
        change,
        () -> {
          T answer = askJournaled(token, change, creation, making);
          Optional<IsolatedNetwork> row = making.made(answer);
          if (row.isEmpty()) {
            journal.done(change);
            return answer;
          }
          journal.created(change, row.get());
          if (creation.enforcement() == Enforcement.HOOK) {
            carryOnProfiles(token, change, row.get(), making.defaultProfile());
          }
          unmark(token, change, creation, row.get());
          return making.unmarked(answer);
        });
  }

  private <T> T askJournaled(
      String token, UUID change, NetworkCreation creation, Making<T> making) {
    try {
      return making.ask(creation.mark());
    } catch (EngineException e) {
      boolean ofItsOwn = FAILURES.contains(e.engineStatus());
      if (ofItsOwn ? madeNothing(token, creation) : ENDED.contains(e.kind())) {
        forget(change);
      }
      throw e;
    }
  }

  /**
   * An entry that stays is dropped by the recovery. A commit that fails is a checked exception
   * ({@code RollbackException}), though no method says so.
   */
  private void forget(UUID change) {
    try {
      journal.done(change);
    } catch (Exception e) {
      LOG.log(Level.WARNING, "The journal keeps a creation for now: {0}", e.getMessage());
    }
  }

  /**
   * Whether an engine that failed by itself, and so is at it no more, made nothing. Where that
   * cannot be seen now the recovery looks again.
   */
  private boolean madeNothing(String token, NetworkCreation creation) {
    try {
      return account.isConfigured()
          ? account.call(own -> isNowhere(own, creation))
          : isNowhere(token, creation);
    } catch (EngineException e) {
      return false;
    }
  }

  private boolean isNowhere(String token, NetworkCreation creation) {
    return marks.marked(token, creation.dataCenter(), creation.mark()).isEmpty();
  }

  /**
   * The network is isolated, so an engine or a database in trouble is no failure here: the recovery
   * unmarks, and drops the entry.
   */
  private void unmark(String token, UUID change, NetworkCreation creation, IsolatedNetwork row) {
    try {
      marks.unmark(token, row.networkId(), creation.comment().orElse(""));
    } catch (EngineException e) {
      LOG.log(
          Level.INFO,
          "The comment of network {0} is put in its place later: {1}",
          new Object[] {row.name(), e.getMessage()});
      return;
    }
    forget(change);
  }

  /**
   * Gives a network's profiles the property. Where the engine refuses it the network is taken away
   * again; where the engine is in trouble the journal stays, and the rest is done by the recovery.
   */
  private void carryOnProfiles(
      String token, UUID change, IsolatedNetwork row, boolean defaultProfile) {
    try {
      if (defaultProfile) {
        profiles.isolateNew(token, row.networkId().toString());
      } else {
        profiles.isolate(token, row.networkId().toString());
      }
    } catch (EngineException e) {
      if (e.kind() != EngineException.Kind.REFUSED) {
        throw new EngineException(
            e.kind(),
            e.engineStatus(),
            "Network "
                + row.name()
                + " was created, but its vNIC profiles could not be given the property"
                + " port_isolation yet: "
                + e.getMessage()
                + " That is done as soon as the engine answers; do not add the Network again.");
      }
      boolean removed = undo(token, change, row);
      if (removed) {
        PropertyRegistration.throwIfMissing(
            e, CANNOT_ADD, "Network " + row.name(), lookup.levelOf(token, row.dataCenterId()));
      }
      throw FaultException.operationFailed(
          Refusals.status(e),
          CANNOT_ADD
              + ". The engine refuses the property port_isolation on the vNIC profiles of Network "
              + row.name()
              + ": "
              + e.getMessage()
              + (removed
                  ? " The Network was removed again."
                  : " Nor could the Network be removed again: it stays isolated, and both are tried"
                      + " again."));
    }
  }

  private boolean undo(String token, UUID change, IsolatedNetwork row) {
    boolean removed;
    try {
      removed = marks.remove(token, row.networkId());
    } catch (EngineException e) {
      LOG.log(
          Level.SEVERE,
          "Network {0} ({1}) was created in the engine but its vNIC profiles could not be given the"
              + " property port_isolation, nor could it be removed again: {2} It stays isolated on"
              + " the hosts; both are tried again.",
          new Object[] {row.name(), row.networkId(), e.getMessage()});
      return false;
    }
    if (removed) {
      store.remove(row.networkId());
      journal.done(change);
    }
    return removed;
  }
}
