// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.scheduling.decision;

import java.util.List;
import java.util.Map;

/**
 * Our answer to a {@link FilterQuestion}.
 *
 * @param hostIds hosts kept. None at all makes the engine refuse the start with the text "[]"
 * @param pluginErrors sentences by filter name, which the engine writes to its event log as
 *     "Running the external scheduler plugin ... failed"; it takes the hosts all the same
 */
public record FilterAnswer(List<String> hostIds, Map<String, List<String>> pluginErrors) {

  public FilterAnswer {
    hostIds = List.copyOf(hostIds);
    pluginErrors = Map.copyOf(pluginErrors);
  }
}
