// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.options;

import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import jakarta.persistence.Version;
import java.time.Instant;
import java.util.Optional;

/** One level of the gate: its value in the engine's database, and in the engine that runs. */
@Entity
@Table(name = "level_gate_seen")
public class LevelGateSeen {

  @Id private String level;

  private boolean supported;

  @Column(name = "changed_at")
  private Instant changedAt;

  @Column(name = "engine_has")
  private boolean engineHas;

  @Version private long version;

  /** For Hibernate. */
  protected LevelGateSeen() {}

  /** A level seen for the first time; the engine is taken to have what its database has. */
  LevelGateSeen(String level, boolean supported, Instant now) {
    this.level = level;
    this.supported = supported;
    this.changedAt = now;
    this.engineHas = supported;
  }

  String level() {
    return level;
  }

  /** Notes the value in the database, and what an engine started since has read. */
  void see(boolean now, Instant at, Optional<Instant> engineStarted) {
    if (supported != now) {
      supported = now;
      changedAt = at;
    }
    if (engineHas != supported
        && engineStarted.filter(started -> !started.isBefore(changedAt)).isPresent()) {
      engineHas = supported;
    }
  }

  boolean restartPending() {
    return engineHas != supported;
  }
}
