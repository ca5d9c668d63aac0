// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.violations;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.ovirt.isolatedports.server.journal.Journal;

/**
 * Networks whose creation is on its way: what they lack is about to come, or they go again, and
 * whoever asked for them is told so.
 */
@ApplicationScoped
class NetworksBeingMade {

  /** What is not done by then is cut short, and the guard's business as well. */
  private static final Duration ON_ITS_WAY = Duration.ofMinutes(1);

  private final Journal journal;

  @Inject
  NetworksBeingMade(Journal journal) {
    this.journal = journal;
  }

  /** Their ids. */
  Set<String> networks() {
    Instant cutShort = Instant.now().minus(ON_ITS_WAY);
    return journal.open().stream()
        .filter(change -> change.isAdd() && change.startedAt().isAfter(cutShort))
        .flatMap(change -> change.networkId().stream())
        .map(UUID::toString)
        .collect(Collectors.toSet());
  }
}
