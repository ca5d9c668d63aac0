// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.violations;

import java.util.List;
import org.ovirt.isolatedports.rules.SchedulingState;
import org.ovirt.isolatedports.scheduling.AssessedHost;

/** What the scheduler knows; nothing here waits or throws. */
public interface SchedulingView {

  /** The hosts and what stands against them. */
  List<AssessedHost> hosts();

  /** Whether the engine asks us. */
  SchedulingState scheduling();
}
