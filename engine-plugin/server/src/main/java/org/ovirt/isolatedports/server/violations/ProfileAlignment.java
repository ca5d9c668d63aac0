// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.violations;

import java.time.Clock;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.ovirt.isolatedports.engine.EngineException;
import org.ovirt.isolatedports.inventory.Stated;
import org.ovirt.isolatedports.inventory.WatchedNetwork;
import org.ovirt.isolatedports.inventory.WatchedProfile;

/**
 * Gives the property to profiles of networks isolated by the hook that lack it. Called by the
 * guard's thread.
 */
final class ProfileAlignment {

  private static final Logger LOG = Logger.getLogger(ProfileAlignment.class.getName());

  private final Guard.Aligner aligner;
  private final GuardTimes times;
  private final Clock clock;
  private final Map<String, Instant> refused = new HashMap<>();

  ProfileAlignment(Guard.Aligner aligner, GuardTimes times, Clock clock) {
    this.aligner = aligner;
    this.times = times;
    this.clock = clock;
  }

  /** Whether the engine refused the property on a network's profiles when it was last tried. */
  boolean wasRefused(String networkId) {
    return refused.containsKey(networkId);
  }

  /**
   * Brings profiles in line that lack the property.
   *
   * @param leftAlone ids of networks whose profiles are left as they are for now
   * @return whether any was changed
   */
  boolean align(
      List<WatchedNetwork> watched, Collection<WatchedProfile> profiles, Set<String> leftAlone) {
    boolean changed = false;
    for (WatchedNetwork network : watched) {
      if (network.enforcedByHook()
          && !leftAlone.contains(network.id())
          && profiles.stream().anyMatch(profile -> lacksProperty(profile, network))
          && mayAlign(network.id())) {
        changed |= align(network);
      }
    }
    return changed;
  }

  private static boolean lacksProperty(WatchedProfile profile, WatchedNetwork network) {
    return profile.networkId().equals(network.id())
        && profile.passThrough() != Stated.YES
        && profile.property().isEmpty();
  }

  /** Each attempt the engine refuses is an event in its log. */
  private boolean mayAlign(String networkId) {
    Instant last = refused.get(networkId);
    return last == null || !clock.instant().isBefore(last.plus(times.retry()));
  }

  private boolean align(WatchedNetwork network) {
    try {
      aligner.align(network.id());
      refused.remove(network.id());
      return true;
    } catch (EngineException e) {
      if (e.kind() != EngineException.Kind.REFUSED) {
        throw e;
      }
      refused.put(network.id(), clock.instant());
      LOG.log(
          Level.WARNING,
          "The engine refuses the property port_isolation on profiles of network {0}: {1}",
          new Object[] {network.name(), e.getMessage()});
      return false;
    }
  }
}
