// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.violations;

import java.util.List;
import java.util.UUID;

/** The isolated networks we answer for, as the guard keeps them in step with the engine. */
public interface NetworkRegister {

  /**
   * One of them.
   *
   * @param id the engine's id
   * @param name its name, as last seen
   * @param enforcedByHook whether our hook isolates its ports, not the engine
   */
  record Entry(UUID id, String name, boolean enforcedByHook) {}

  /** All of them. */
  List<Entry> all();

  /** Takes in a network that the engine isolates by itself; does nothing if it is there already. */
  void adopt(UUID id, UUID dataCenterId, String name);

  /** Follows a change of a network's name. */
  void rename(UUID id, String name);

  /** Forgets a network that is gone from the engine. */
  void remove(UUID id);
}
