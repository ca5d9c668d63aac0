// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.scheduling;

/**
 * A network of which we must be sure on every host that runs a VM with a vNIC on it.
 *
 * @param id the engine's id
 * @param name its name
 * @param need what its ports need of a host
 */
public record GuardedNetwork(String id, String name, PortNeed need) {

  /**
   * The same network with at least the need given, for a vNIC whose own property asks for more than
   * its network does.
   */
  public GuardedNetwork needing(PortNeed other) {
    return other.compareTo(need) > 0 ? new GuardedNetwork(id, name, other) : this;
  }
}
