// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.policies;

import java.util.List;
import java.util.UUID;

/** The hosts that enforce what is stored under a network. */
public interface EnforcingHosts {

  /**
   * A host.
   *
   * @param id the engine's id
   * @param name its name
   * @param abilities what it can enforce
   */
  record Host(String id, String name, HostAbilities abilities) {}

  /**
   * The hosts that a network is attached to, and those of its clusters of which that is not known,
   * in the order of their names.
   */
  List<Host> of(UUID networkId);
}
