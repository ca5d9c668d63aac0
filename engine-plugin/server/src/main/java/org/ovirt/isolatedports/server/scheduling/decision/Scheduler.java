// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.scheduling.decision;

import java.util.List;

/** What the engine asks an external scheduler, freed of its wire form. */
public interface Scheduler {

  /**
   * The filters on offer. The engine asks once, at its start; from then until its next start it
   * calls these and no others.
   */
  List<PolicyUnit> discover();

  /**
   * Which hosts a VM may run on. Called by several threads at once; the engine holds its lock of
   * the cluster meanwhile, so the answer must come within the question's deadline, and it may ask
   * the same twice.
   */
  FilterAnswer runFilters(FilterQuestion question);
}
