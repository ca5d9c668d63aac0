// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.options;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.persistence.EntityManager;
import jakarta.transaction.Transactional;
import java.time.Instant;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.ovirt.isolatedports.inventory.CompatibilityLevel;
import org.ovirt.isolatedports.inventory.LevelGate;

/** Remembers since when the level gate is as it is, also over our own restart. */
@ApplicationScoped
@Transactional
public class LevelGateMemory {

  private final EntityManager entities;

  @Inject
  public LevelGateMemory(EntityManager entities) {
    this.entities = entities;
  }

  /**
   * Notes the gate as it stands in the engine's database.
   *
   * @param engineStarted when the engine last started; empty if that is not known
   * @return the levels whose value the running engine does not have yet
   */
  public Set<CompatibilityLevel> see(LevelGate gate, Instant now, Optional<Instant> engineStarted) {
    Set<CompatibilityLevel> pending = new HashSet<>();
    for (Map.Entry<CompatibilityLevel, Boolean> level : gate.supported().entrySet()) {
      String key = level.getKey().toString();
      LevelGateSeen seen = entities.find(LevelGateSeen.class, key);
      if (seen == null) {
        entities.persist(new LevelGateSeen(key, level.getValue(), now));
      } else {
        seen.see(level.getValue(), now, engineStarted);
        if (seen.restartPending()) {
          pending.add(level.getKey());
        }
      }
    }
    return pending;
  }
}
