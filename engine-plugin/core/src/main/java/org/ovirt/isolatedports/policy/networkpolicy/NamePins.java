// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.networkpolicy;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.ovirt.isolatedports.policy.acl.Acl;
import org.ovirt.isolatedports.policy.acl.Subnet;
import org.ovirt.isolatedports.policy.finding.PolicyException;
import org.ovirt.isolatedports.policy.finding.SourceLocation;
import org.ovirt.isolatedports.policy.inventory.Inventory;
import org.ovirt.isolatedports.policy.inventory.InventoryReader;
import org.ovirt.isolatedports.policy.inventory.Nic;
import org.ovirt.isolatedports.policy.match.Expression;

/**
 * Pins VM names in policies to the VMs that bear them when the policy is written. Tenants can
 * rename their VMs; a name that still decided would let them into other tenants' policies.
 */
public final class NamePins {

  private final Map<String, String> idsByName;
  private final Map<String, String> used = new TreeMap<>();

  /**
   * @param idsByName the ids of the VMs, by the names they bear now
   */
  public NamePins(Map<String, String> idsByName) {
    this.idsByName = Map.copyOf(idsByName);
  }

  /** The names that were met so far, with the ids they stand for. */
  public Map<String, String> used() {
    return Map.copyOf(used);
  }

  /**
   * The ACLs with the names of VMs in {@code inport} and {@code outport} exchanged for {@link
   * Nic#PINNED} and the VM's id. What is pinned already stays.
   *
   * @throws PolicyException if one names a VM that is not there
   */
  public Subnet pin(Subnet subnet) throws PolicyException {
    List<Acl> acls = new ArrayList<>();
    for (Acl acl : subnet.acls()) {
      Set<String> unknown = new TreeSet<>();
      Expression pinned = pin(acl.expression(), unknown);
      if (!unknown.isEmpty()) {
        throw new PolicyException(
            acl.location(),
            "This ACL names ports of VMs, and there is no VM named "
                + String.join(", ", unknown)
                + ". Write the name of a VM that is there (VM/NIC, or VM where it has one vNIC on"
                + " the network), or match on addresses.");
      }
      acls.add(
          new Acl(
              acl.fromLport(), acl.priority(), acl.match(), pinned, acl.action(), acl.location()));
    }
    return new Subnet(
        subnet.name(),
        subnet.networkId(),
        acls,
        subnet.cidrs(),
        subnet.gateways(),
        subnet.location());
  }

  private Expression pin(Expression expression, Set<String> unknown) {
    if (expression instanceof Expression.PortComparison port) {
      return new Expression.PortComparison(
          port.symbol(), port.operator(), pinPort(port.name(), unknown));
    } else if (expression instanceof Expression.And and) {
      return new Expression.And(and.parts().stream().map(part -> pin(part, unknown)).toList());
    } else if (expression instanceof Expression.Or or) {
      return new Expression.Or(or.parts().stream().map(part -> pin(part, unknown)).toList());
    }
    return expression;
  }

  /**
   * The name of a port, of a match or a port group, with the VM's id for its name.
   *
   * @throws PolicyException if it names a VM that is not there
   */
  public String pinPort(String name, SourceLocation location) throws PolicyException {
    Set<String> unknown = new TreeSet<>();
    String pinned = pinPort(name, unknown);
    if (!unknown.isEmpty()) {
      throw new PolicyException(
          location,
          "There is no VM named "
              + String.join(", ", unknown)
              + ". Write the name of a VM that is there (VM/NIC, or VM where it has one vNIC on the"
              + " network).");
    }
    return pinned;
  }

  private String pinPort(String name, Set<String> unknown) {
    if (name.equals(Inventory.UPLINK) || name.startsWith(Nic.PINNED)) {
      return name;
    }
    int slash = name.indexOf('/');
    String vm = slash < 0 ? name : name.substring(0, slash);
    return Nic.PINNED + idOf(vm, unknown) + name.substring(vm.length());
  }

  private String idOf(String name, Set<String> unknown) {
    String id = idsByName.get(name);
    if (id == null) {
      unknown.add(name);
      return name;
    }
    used.put(name, id);
    return id;
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
        InventoryReader.VM_NAME_LABEL, InventoryReader.VM_ID_LABEL, name -> idOf(name, unknown));
  }
}
