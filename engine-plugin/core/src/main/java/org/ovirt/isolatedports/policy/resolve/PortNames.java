// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.resolve;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.ovirt.isolatedports.policy.inventory.Inventory;
import org.ovirt.isolatedports.policy.inventory.Nic;

/**
 * By which names {@code inport} and {@code outport} know the ports of a network: {@code VM/NIC},
 * and {@code VM} alone where the VM has one vNIC on the network.
 */
public final class PortNames {

  private final Map<String, Integer> vnicsOfVm = new HashMap<>();
  private final Set<String> taken = new HashSet<>(Inventory.RESERVED_NAMES);

  PortNames(Iterable<Nic> nics) {
    for (Nic nic : nics) {
      vnicsOfVm.merge(nic.vm().name(), 1, Integer::sum);
      taken.add(nic.portName());
    }
  }

  /** The names of a vNIC's port; a VM that bears the name of something else is not met by it. */
  public Set<String> of(Nic nic) {
    String vm = nic.vm().name();
    return vnicsOfVm.getOrDefault(vm, 0) == 1 && !taken.contains(vm)
        ? Set.of(nic.portName(), vm)
        : Set.of(nic.portName());
  }
}
