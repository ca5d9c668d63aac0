// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.inventory;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.ovirt.isolatedports.policy.match.NameSets;

/**
 * What policies are applied to.
 *
 * @param networks by name
 * @param namespaces labels of each namespace, by name; {@code kubernetes.io/metadata.name} is among
 *     them
 * @param vms names of the VMs, in the order written
 * @param nics all vNICs, in the order written
 * @param sets the sets a match may name
 */
public record Inventory(
    Map<String, Network> networks,
    Map<String, Map<String, String>> namespaces,
    List<String> vms,
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
    networks = new TreeMap<>(networks);
    namespaces = new TreeMap<>(namespaces);
    vms = List.copyOf(vms);
    nics = List.copyOf(nics);
  }

  public Optional<Network> network(String name) {
    return Optional.ofNullable(networks.get(name));
  }

  /** The vNICs on a network, in the order written. */
  public List<Nic> nicsOn(String network) {
    return nics.stream().filter(nic -> nic.network().equals(network)).toList();
  }

  /** Labels of a namespace; those of one that is not listed are its name alone. */
  public Map<String, String> namespaceLabels(String namespace) {
    return namespaces.getOrDefault(namespace, Map.of(InventoryReader.NAME_LABEL, namespace));
  }
}
