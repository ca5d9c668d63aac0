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
 * and {@code VM} alone where the VM has one vNIC on the network. With {@link Nic#PINNED} before it
 * the VM's id stands for its name.
 */
public final class PortNames {

  private final Map<String, Integer> vnicsOfVm = new HashMap<>();
  private final Map<String, Integer> vnicsOfVmId = new HashMap<>();
  private final Set<String> taken = new HashSet<>(Inventory.RESERVED_NAMES);

  PortNames(Iterable<Nic> nics) {
    for (Nic nic : nics) {
      vnicsOfVm.merge(nic.vm().name(), 1, Integer::sum);
      vnicsOfVmId.merge(nic.vm().id(), 1, Integer::sum);
      taken.add(nic.portName());
    }
  }

  /** The names of a vNIC's port; a VM that bears the name of something else is not met by it. */
  public Set<String> of(Nic nic) {
    String vm = nic.vm().name();
    Set<String> names = new HashSet<>();
    names.add(nic.pinnedName());
    if (vnicsOfVmId.getOrDefault(nic.vm().id(), 0) == 1) {
      names.add(Nic.PINNED + nic.vm().id());
    }
    if (!vm.startsWith(Nic.PINNED)) {
      names.add(nic.portName());
      if (vnicsOfVm.getOrDefault(vm, 0) == 1 && !taken.contains(vm)) {
        names.add(vm);
      }
    }
    return Set.copyOf(names);
  }
}
