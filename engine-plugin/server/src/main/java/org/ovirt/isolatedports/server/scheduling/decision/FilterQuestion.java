// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.scheduling.decision;

import java.util.List;
import java.util.Map;

/**
 * The engine's question which hosts a VM may run on.
 *
 * @param filters names of the filters to apply
 * @param hostIds ids of the hosts to choose from
 * @param vmId id of the VM
 * @param properties properties of the scheduling policy, overridden by the cluster's: of all its
 *     units, not of ours alone
 * @param deadline when the answer is due
 */
public record FilterQuestion(
    List<String> filters,
    List<String> hostIds,
    String vmId,
    Map<String, String> properties,
    Deadline deadline) {

  public FilterQuestion {
    filters = List.copyOf(filters);
    hostIds = List.copyOf(hostIds);
    properties = Map.copyOf(properties);
  }
}
