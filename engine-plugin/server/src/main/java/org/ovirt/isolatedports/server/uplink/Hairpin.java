// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.uplink;

import java.util.List;

/**
 * What the uplink of a network does not bring back: frames that come from an address of the
 * network, as a gateway sends them that hands on what one vNIC sent to another. The gateways' own
 * pass.
 *
 * @param subnets the network's blocks, in CIDR notation, sorted
 * @param gatewayAddresses the addresses of its gateways, sorted
 */
public record Hairpin(List<String> subnets, List<String> gatewayAddresses) {

  /** Everything may come back. */
  public static final Hairpin ALLOWED = new Hairpin(List.of(), List.of());

  public Hairpin {
    subnets = subnets.stream().distinct().sorted().toList();
    gatewayAddresses = gatewayAddresses.stream().distinct().sorted().toList();
  }

  /** Whether something is dropped. */
  public boolean drops() {
    return !subnets.isEmpty();
  }
}
