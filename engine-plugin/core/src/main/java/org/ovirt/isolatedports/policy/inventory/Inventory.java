// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.inventory;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.ovirt.isolatedports.policy.match.NameSets;

/**
 * What policies are applied to.
 *
 * @param networks all networks
 * @param namespaces labels of each namespace, by name; {@code kubernetes.io/metadata.name} is among
 *     them
 * @param vms the VMs, in the order written
 * @param nics all vNICs, in the order written
 * @param sets the sets a match may name
 */
public record Inventory(
    Networks networks,
    Map<String, Map<String, String>> namespaces,
    List<Vm> vms,
    List<Nic> nics,
    NameSets sets) {

  /** The namespace of VMs that name none. */
  public static final String DEFAULT_NAMESPACE = "default";

  /** The name of the uplink's side in traces and matrices. */
  public static final String GATEWAY = "gateway";

  /** The name of the uplink's port in {@code inport} and {@code outport}. */
  public static final String UPLINK = "uplink";

  /** Names that stand for something else than a VM; tenants can rename their VMs to them. */
  public static final Set<String> RESERVED_NAMES = Set.of(GATEWAY, UPLINK);

  public Inventory {
    namespaces = new TreeMap<>(namespaces);
    vms = List.copyOf(vms);
    nics = List.copyOf(nics);
  }

  /** The VMs that a text stands for: the one with that id, else all that bear it as their name. */
  public List<Vm> vmsCalled(String text) {
    List<Vm> byId = vms.stream().filter(vm -> vm.id().equals(text)).toList();
    return byId.isEmpty() ? vms.stream().filter(vm -> vm.name().equals(text)).toList() : byId;
  }

  /** The VMs' names, in their order; where several bear one, each with its id. */
  public List<String> vmNames() {
    Map<String, Long> bearers =
        vms.stream().collect(Collectors.groupingBy(Vm::name, Collectors.counting()));
    return vms.stream()
        .map(vm -> bearers.get(vm.name()) == 1 ? vm.name() : vm.name() + " (" + vm.id() + ")")
        .toList();
  }

  /** The vNICs on a network, in the order written. */
  public List<Nic> nicsOn(Network network) {
    return nics.stream().filter(nic -> nic.networkId().equals(network.id())).toList();
  }

  /** Labels of a namespace; those of one that is not listed are its name alone. */
  public Map<String, String> namespaceLabels(String namespace) {
    return namespaces.getOrDefault(namespace, Map.of(InventoryReader.NAME_LABEL, namespace));
  }
}
