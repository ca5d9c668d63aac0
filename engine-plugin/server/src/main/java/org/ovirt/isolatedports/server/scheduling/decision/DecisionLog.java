// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.scheduling.decision;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;

/** The last decisions, bounded both in number and in the hosts they speak of. */
public final class DecisionLog {

  private final int mostDecisions;
  private final int mostHosts;
  private final Deque<Decision> newestFirst = new ArrayDeque<>();
  private int hosts;

  /** 1,000 decisions, or fewer in large clusters: 100,000 hosts take some 10 MB. */
  public DecisionLog() {
    this(1_000, 100_000);
  }

  DecisionLog(int mostDecisions, int mostHosts) {
    this.mostDecisions = mostDecisions;
    this.mostHosts = mostHosts;
  }

  /** Keeps a decision, and forgets the oldest ones where there are too many. */
  public synchronized void add(Decision decision) {
    newestFirst.addFirst(decision);
    hosts += decision.hosts();
    while (newestFirst.size() > mostDecisions || (hosts > mostHosts && newestFirst.size() > 1)) {
      hosts -= newestFirst.removeLast().hosts();
    }
  }

  /**
   * Decisions, newest first.
   *
   * @param vm id or name of the VM they must be about; empty for all
   * @param most how many at most
   */
  public synchronized List<Decision> list(Optional<String> vm, int most) {
    List<Decision> found = new ArrayList<>();
    for (Iterator<Decision> all = newestFirst.iterator(); all.hasNext() && found.size() < most; ) {
      Decision decision = all.next();
      if (vm.isEmpty() || vm.get().equals(decision.vmId()) || vm.get().equals(decision.vmName())) {
        found.add(decision);
      }
    }
    return found;
  }
}
