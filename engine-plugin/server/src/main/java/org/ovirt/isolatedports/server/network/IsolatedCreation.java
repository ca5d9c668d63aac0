// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.network;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.ovirt.isolatedports.engine.EngineException;
import org.ovirt.isolatedports.engine.EngineLookup;
import org.ovirt.isolatedports.engine.VnicProfiles;
import org.ovirt.isolatedports.server.http.Refusals;
import org.ovirt.isolatedports.server.http.fault.FaultException;
import org.ovirt.isolatedports.server.isolation.Enforcement;
import org.ovirt.isolatedports.server.isolation.IsolatedNetwork;
import org.ovirt.isolatedports.server.isolation.IsolatedNetworks;
import org.ovirt.isolatedports.server.isolation.PropertyRegistration;
import org.ovirt.isolatedports.server.journal.Journal;
import org.ovirt.isolatedports.server.journal.Recovery;
import org.ovirt.isolatedports.server.journal.Running;

/**
 * Creates an isolated network in the engine and in our store; a crash in between leaves a trace, by
 * which {@link Recovery} completes it.
 */
@ApplicationScoped
public class IsolatedCreation {

  private static final Logger LOG = Logger.getLogger(IsolatedCreation.class.getName());
  private static final String CANNOT_ADD = "Cannot add Network";

  private final VnicProfiles profiles;
  private final IsolatedNetworks store;
  private final Journal journal;
  private final Running running;
  private final EngineLookup lookup;

  @Inject
  IsolatedCreation(
      VnicProfiles profiles,
      IsolatedNetworks store,
      Journal journal,
      Running running,
      EngineLookup lookup) {
    this.profiles = profiles;
    this.store = store;
    this.journal = journal;
    this.running = running;
    this.lookup = lookup;
  }

  /** For the container's proxy only. */
  protected IsolatedCreation() {
    this(null, null, null, null, null);
  }

  /**
   * Creates a network whose name must be free: the trace of a crash is the name, so it must not
   * lead to a network that was there before.
   *
   * @param defaultProfile whether the engine makes a profile for the network, as it does unless
   *     told otherwise
   * @param ask asks the engine
   * @param made what the engine made, from its answer; empty if it refused
   * @return the engine's answer
   */
  public <T> T create(
      String token,
      UUID dataCenter,
      String name,
      Enforcement enforcement,
      boolean defaultProfile,
      Supplier<T> ask,
      Function<T, Optional<IsolatedNetwork>> made) {
    UUID change = journal.beginAdd(dataCenter, name, enforcement);
    return running.during(
        change,
        () -> {
          T answer = askJournaled(change, ask);
          Optional<IsolatedNetwork> row = made.apply(answer);
          if (row.isPresent()) {
            journal.created(change, row.get());
            if (enforcement == Enforcement.HOOK) {
              carryOnProfiles(token, change, row.get(), defaultProfile);
            }
          }
          journal.done(change);
          return answer;
        });
  }

  private <T> T askJournaled(UUID change, Supplier<T> ask) {
    try {
      return ask.get();
    } catch (EngineException e) {
      if (e.kind() == EngineException.Kind.REFUSED || e.kind() == EngineException.Kind.NOT_ASKED) {
        journal.done(change);
      }
      throw e;
    }
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
    try {
      lookup.remove(token, row.networkId());
    } catch (EngineException e) {
      LOG.log(
          Level.SEVERE,
          "Network {0} ({1}) was created in the engine but its vNIC profiles could not be given the"
              + " property port_isolation, nor could it be removed again: {2} It stays isolated on"
              + " the hosts; both are tried again.",
          new Object[] {row.name(), row.networkId(), e.getMessage()});
      return false;
    }
    store.remove(row.networkId());
    journal.done(change);
    return true;
  }
}
