// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.read;

import java.util.List;
import java.util.Optional;
import org.ovirt.isolatedports.policy.acl.Subnet;
import org.ovirt.isolatedports.policy.inventory.Network;
import org.ovirt.isolatedports.policy.networkpolicy.NetworkPolicy;

/**
 * All policies in force.
 *
 * @param subnets ACLs, at most one subnet a network
 * @param networkPolicies network policies, in the order read
 */
public record PolicySet(List<Subnet> subnets, List<NetworkPolicy> networkPolicies) {

  public static final PolicySet NONE = new PolicySet(List.of(), List.of());

  public PolicySet {
    subnets = List.copyOf(subnets);
    networkPolicies = List.copyOf(networkPolicies);
  }

  public Optional<Subnet> subnetOf(Network network) {
    return subnets.stream().filter(subnet -> subnet.networkId().equals(network.id())).findFirst();
  }

  public List<NetworkPolicy> networkPoliciesOf(Network network) {
    return networkPolicies.stream()
        .filter(policy -> policy.networkId().equals(network.id()))
        .toList();
  }
}
