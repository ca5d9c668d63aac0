// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.policies;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.ovirt.isolatedports.policy.inventory.Inventory;
import org.ovirt.isolatedports.policy.inventory.Network;
import org.ovirt.isolatedports.policy.inventory.Networks;
import org.ovirt.isolatedports.policy.inventory.Nic;
import org.ovirt.isolatedports.policy.inventory.Vm;
import org.ovirt.isolatedports.policy.match.NameSets;
import org.ovirt.isolatedports.server.http.Sight;
import org.ovirt.isolatedports.server.inventory.LiveInventories;
import org.ovirt.isolatedports.server.network.CallersNetworks;

/** A network with the vNICs on it, as they are now. */
@ApplicationScoped
public class NetworkInventories {

  private final LiveInventories inventories;
  private final Sight sight;

  @Inject
  NetworkInventories(LiveInventories inventories, Sight sight) {
    this.inventories = inventories;
    this.sight = sight;
  }

  /** The network with all vNICs on it; VMs that the caller may not see have other names in it. */
  Inventory seen(CallersNetworks.Shown shown) {
    Inventory all = inventories.now().inventory();
    Optional<Network> network = all.networks().get(shown.id().toString());
    if (network.isEmpty()) {
      return without(shown);
    }
    List<Nic> nics = all.nicsOn(network.get());
    Set<Vm> vms = new LinkedHashSet<>();
    nics.forEach(nic -> vms.add(nic.vm()));
    Inventory own =
        new Inventory(
            Networks.of(List.of(network.get())),
            all.namespaces(),
            List.copyOf(vms),
            nics,
            NameSets.NONE);
    return SeenNetworks.of(own, sight.vms(vms.stream().map(Vm::id).collect(Collectors.toSet())));
  }

  /** Whether the engine has one of some VMs, whether the caller sees it or not. */
  boolean hasAny(Set<String> vmIds) {
    return inventories.now().inventory().vms().stream().map(Vm::id).anyMatch(vmIds::contains);
  }

  /** The network alone, without any vNIC. */
  Inventory without(CallersNetworks.Shown shown) {
    Network network =
        new Network(
            shown.id().toString(),
            shown.name(),
            Optional.empty(),
            shown.body().text("vdsm_name").orElse(shown.name()),
            List.of(),
            List.of(),
            List.of(),
            false,
            Network.Uplink.OPEN);
    return new Inventory(
        Networks.of(List.of(network)), Map.of(), List.of(), List.of(), NameSets.NONE);
  }
}
