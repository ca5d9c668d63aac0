// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.scheduling.inventory;

import java.util.Optional;

/** What the scheduler asks of the engine while the engine waits for it. */
public interface EngineView {

  /**
   * Looks at a VM, in one round trip.
   *
   * @param withNetworks whether to follow the vNICs to their profiles and networks, which costs the
   *     engine more; needed only while ours are not known
   * @return empty if the engine shows no such VM
   * @throws org.ovirt.isolatedports.engine.EngineException if it gives no usable answer
   */
  Optional<VmNics> vm(String id, boolean withNetworks);

  /**
   * Writes a line to the engine's event log.
   *
   * @throws org.ovirt.isolatedports.engine.EngineException if it does not take it
   */
  void post(EngineEvent event);
}
