// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.networkpolicy;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.ovirt.isolatedports.policy.finding.PolicyException;
import org.ovirt.isolatedports.policy.inventory.InventoryReader;

/**
 * Pins VM names in policies to the VMs that bear them when the policy is written. Tenants can
 * rename their VMs; a name that still decided would let them into other tenants' policies.
 */
public final class NamePins {

  private final Map<String, String> idsByName;

  /**
   * @param idsByName the ids of the VMs, by the names they bear now
   */
  public NamePins(Map<String, String> idsByName) {
    this.idsByName = Map.copyOf(idsByName);
  }

  /**
   * The policy with {@code vm.kubevirt.io/name} exchanged for {@link InventoryReader#VM_ID_LABEL}.
   *
   * @throws PolicyException if it names a VM that is not there
   */
  public NetworkPolicy pin(NetworkPolicy policy) throws PolicyException {
    Set<String> unknown = new TreeSet<>();
    NetworkPolicy pinned =
        new NetworkPolicy(
            policy.name(),
            policy.namespace(),
            policy.networkId(),
            pin(policy.podSelector(), unknown),
            policy.ingress().map(rules -> pin(rules, unknown)),
            policy.egress().map(rules -> pin(rules, unknown)),
            policy.location());
    if (!unknown.isEmpty()) {
      throw new PolicyException(
          policy.location(),
          "The NetworkPolicy "
              + policy.name()
              + " selects VMs by name, and there is no VM named "
              + String.join(", ", unknown)
              + ". Write the name of a VM that is there, or select by a label.");
    }
    return pinned;
  }

  private List<NetworkPolicy.Rule> pin(List<NetworkPolicy.Rule> rules, Set<String> unknown) {
    return rules.stream()
        .map(
            rule ->
                new NetworkPolicy.Rule(
                    rule.peers().stream().map(peer -> pin(peer, unknown)).toList(),
                    rule.ports(),
                    rule.location()))
        .toList();
  }

  private NetworkPolicy.Peer pin(NetworkPolicy.Peer peer, Set<String> unknown) {
    return peer instanceof NetworkPolicy.VnicPeer vnics
        ? new NetworkPolicy.VnicPeer(pin(vnics.podSelector(), unknown), vnics.namespaceSelector())
        : peer;
  }

  private LabelSelector pin(LabelSelector selector, Set<String> unknown) {
    return selector.exchanged(
        InventoryReader.VM_NAME_LABEL,
        InventoryReader.VM_ID_LABEL,
        name ->
            Optional.ofNullable(idsByName.get(name))
                .orElseGet(
                    () -> {
                      unknown.add(name);
                      return name;
                    }));
  }
}
