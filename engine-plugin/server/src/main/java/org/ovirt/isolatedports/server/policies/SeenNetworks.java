// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.policies;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.ovirt.isolatedports.policy.inventory.Inventory;
import org.ovirt.isolatedports.policy.inventory.InventoryReader;
import org.ovirt.isolatedports.policy.inventory.Nic;
import org.ovirt.isolatedports.policy.inventory.Vm;

/**
 * An inventory as somebody may see it: all decisions in it are the true ones, and VMs that are
 * hidden bear names that say nothing.
 */
final class SeenNetworks {

  /** No VM is named so: the engine takes no blanks in names. */
  private static final String HIDDEN = "hidden VM ";

  private SeenNetworks() {}

  /** Whether a name is that of a hidden VM. */
  static boolean isHidden(String name) {
    return name.startsWith(HIDDEN);
  }

  /** Whether a text names a hidden VM. */
  static boolean isNamedIn(String text) {
    return text.contains(HIDDEN);
  }

  /**
   * The inventory with other names for VMs that are not among the visible ones.
   *
   * @param visible ids of VMs
   */
  static Inventory of(Inventory inventory, Set<String> visible) {
    Map<Vm, Vm> shown = new HashMap<>();
    List<Vm> vms = new ArrayList<>();
    for (Vm vm : inventory.vms()) {
      boolean seen = visible.contains(vm.id());
      Vm as = seen ? vm : new Vm(vm.id(), HIDDEN + (vms.size() + 1));
      shown.put(vm, as);
      vms.add(as);
    }
    return new Inventory(
        inventory.networks(),
        inventory.namespaces(),
        vms,
        inventory.nics().stream()
            .map(nic -> as(nic, shown.getOrDefault(nic.vm(), nic.vm())))
            .toList(),
        inventory.sets());
  }

  private static Nic as(Nic nic, Vm vm) {
    if (vm.equals(nic.vm())) {
      return nic;
    }
    Map<String, String> labels = new HashMap<>(nic.labels());
    labels.computeIfPresent(InventoryReader.VM_NAME_LABEL, (key, name) -> vm.name());
    return new Nic(
        vm,
        nic.name(),
        nic.networkId(),
        nic.namespace(),
        labels,
        nic.host(),
        nic.mac(),
        nic.addresses(),
        nic.role(),
        nic.antiSpoof(),
        nic.port(),
        nic.namedPorts(),
        nic.serves());
  }
}
