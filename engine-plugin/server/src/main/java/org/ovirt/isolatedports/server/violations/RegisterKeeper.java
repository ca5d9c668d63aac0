// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.violations;

import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.ovirt.isolatedports.inventory.Network;
import org.ovirt.isolatedports.rules.UnknownIsUnsafe;
import org.ovirt.isolatedports.server.engine.EngineReader;

/** Keeps the register in step with the networks the engine has. Called by the guard's thread. */
final class RegisterKeeper {

  private static final Logger LOG = Logger.getLogger(RegisterKeeper.class.getName());

  private final NetworkRegister register;
  private final EngineReader reader;
  private final GuardTimes times;
  private final Map<UUID, Instant> toAdopt = new HashMap<>();
  private final Map<UUID, Instant> toForget = new HashMap<>();
  private boolean everReconciled;

  RegisterKeeper(NetworkRegister register, EngineReader reader, GuardTimes times) {
    this.register = register;
    this.reader = reader;
    this.times = times;
  }

  /** All networks in the register. */
  List<NetworkRegister.Entry> entries() {
    return register.all();
  }

  /** Whether a network in the register was missing from the engine when it was last looked at. */
  boolean isLeaving(UUID id) {
    return toForget.containsKey(id);
  }

  /**
   * Takes in, renames and forgets networks.
   *
   * @param inEngine the networks the engine has, by id
   * @return when to look at the networks again, event or not
   */
  Instant reconcile(Map<UUID, Network> inEngine, Instant now) {
    Set<UUID> registered = new HashSet<>();
    for (NetworkRegister.Entry entry : register.all()) {
      registered.add(entry.id());
      Network read = inEngine.get(entry.id());
      if (read == null) {
        forgetIfGone(entry, inEngine, now);
      } else {
        toForget.remove(entry.id());
        if (!read.name().equals(entry.name())) {
          register.rename(entry.id(), read.name());
        }
      }
    }
    toForget.keySet().retainAll(registered);
    for (Network network : inEngine.values()) {
      if (UnknownIsUnsafe.engineIsolates(network.portIsolation())
          && !registered.contains(network.id())) {
        adopt(network, now);
      }
    }
    toAdopt.keySet().retainAll(inEngine.keySet());
    toAdopt.keySet().removeAll(registered);
    everReconciled = true;
    return toAdopt.isEmpty() && toForget.isEmpty() ? Instant.MAX : now.plus(times.settle());
  }

  /**
   * Takes in a network the engine isolates. At our start at once; later it may be one that our own
   * REST API is just about to register itself.
   */
  private void adopt(Network network, Instant now) {
    Instant since = toAdopt.computeIfAbsent(network.id(), id -> now);
    if (!everReconciled || !now.isBefore(since.plus(times.settle()))) {
      register.adopt(network.id(), network.dataCenterId().orElseThrow(), network.name());
      toAdopt.remove(network.id());
      LOG.log(Level.INFO, "Network {0} is isolated by the engine; taken in.", network.name());
    }
  }

  /**
   * Forgets a network that is gone. An engine that shows no network at all, or that takes a right
   * away from our account, answers just the same as one from which the network was removed; so it
   * must stay away, others must be there, and the engine must deny it when asked for it alone.
   */
  private void forgetIfGone(NetworkRegister.Entry entry, Map<UUID, Network> inEngine, Instant now) {
    Instant since = toForget.computeIfAbsent(entry.id(), id -> now);
    if (!inEngine.isEmpty()
        && !now.isBefore(since.plus(times.settle()))
        && !reader.hasNetwork(entry.id())) {
      register.remove(entry.id());
      toForget.remove(entry.id());
      LOG.log(Level.INFO, "Network {0} is gone from the engine; forgotten.", entry.name());
    }
  }
}
