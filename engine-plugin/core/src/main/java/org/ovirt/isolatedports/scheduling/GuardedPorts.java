// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.scheduling;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What the vNICs of a VM ask of its host.
 *
 * <p>Unplugged vNICs count too: they may be plugged while the VM runs, where it then is.
 *
 * @param networks the networks to be sure of, by name
 * @param uncertain whether a vNIC might be on a guarded network without our knowing which
 */
public record GuardedPorts(List<GuardedNetwork> networks, boolean uncertain) {

  /** Nothing is asked of the host. */
  public static final GuardedPorts NONE = new GuardedPorts(List.of(), false);

  public GuardedPorts {
    networks = List.copyOf(networks);
  }

  /**
   * What the vNICs ask.
   *
   * @param nics where the VM's vNICs are
   * @param guarded the networks known to need a fit host, by id. A vNIC with an unknown profile can
   *     be on any of them: the network may have been attached to the cluster together with the
   *     profile, and the hosts asked about may be another cluster's, which the VM is to move to
   */
  public static GuardedPorts of(Collection<NicPlace> nics, Map<String, GuardedNetwork> guarded) {
    Map<String, GuardedNetwork> asked = new TreeMap<>();
    boolean uncertain = false;
    for (NicPlace place : nics) {
      if (place instanceof NicPlace.OnNetwork on) {
        GuardedNetwork network = guarded.get(on.networkId());
        if (network == null && (on.isolated() || on.property().isPresent())) {
          network = new GuardedNetwork(on.networkId(), on.networkName(), PortNeed.ISOLATION);
        }
        if (network != null) {
          asked.merge(
              network.id(), network.needing(needOf(on)), (one, two) -> one.needing(two.need()));
        }
      } else if (place instanceof NicPlace.UnknownProfile) {
        uncertain |= !guarded.isEmpty();
      }
    }
    List<GuardedNetwork> byName =
        asked.values().stream()
            .sorted(Comparator.comparing(GuardedNetwork::name).thenComparing(GuardedNetwork::id))
            .toList();
    return new GuardedPorts(byName, uncertain);
  }

  /** Community ports are held apart by rules, as the kernel's flag knows no groups (RFC 5517). */
  private static PortNeed needOf(NicPlace.OnNetwork on) {
    return on.property().filter(property -> property.startsWith("community:")).isPresent()
        ? PortNeed.RULES
        : PortNeed.ISOLATION;
  }

  public boolean isEmpty() {
    return networks.isEmpty() && !uncertain;
  }
}
