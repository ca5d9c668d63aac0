// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.rulesets;

import java.util.List;
import java.util.Map;
import org.ovirt.isolatedports.policy.inventory.Inventory;
import org.ovirt.isolatedports.policy.inventory.Network;
import org.ovirt.isolatedports.policy.inventory.Networks;
import org.ovirt.isolatedports.policy.inventory.Nic;
import org.ovirt.isolatedports.policy.match.NameSets;
import org.ovirt.isolatedports.policy.role.PortRole;
import org.ovirt.isolatedports.server.policies.InForce;

/**
 * All that the rules of one network depend on, and nothing else: where equal inputs come again,
 * nothing is compiled.
 *
 * @param network the network
 * @param closable whether its ports are ours to close: not where the hosts' own traffic goes
 * @param members its vNICs, by device
 * @param inForce its policies
 */
record NetworkInput(Network network, boolean closable, List<Member> members, InForce inForce) {

  /**
   * A vNIC.
   *
   * @param vnicId the engine's id
   * @param nic the same for policies
   */
  record Member(String vnicId, Nic nic) {

    /** Its role as hosts read it. */
    String role(Network network) {
      return nic.role() instanceof PortRole.Promiscuous && !network.portIsolation()
          ? "open"
          : nic.role().toString();
    }
  }

  NetworkInput {
    members = List.copyOf(members);
  }

  /** Whether hosts have to know of the network. */
  boolean concernsHosts() {
    return network.portIsolation()
        || !inForce.isEmpty()
        || inForce.isAudited()
        || members.stream().anyMatch(each -> !each.role(network).equals("open"));
  }

  /** The network and its vNICs alone. */
  Inventory inventory() {
    List<Nic> nics = members.stream().map(Member::nic).toList();
    return new Inventory(
        Networks.of(List.of(network)),
        Map.of(),
        nics.stream().map(Nic::vm).distinct().toList(),
        nics,
        NameSets.NONE);
  }
}
