// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.policies;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import org.ovirt.isolatedports.policy.acl.Subnet;
import org.ovirt.isolatedports.policy.finding.Finding;
import org.ovirt.isolatedports.policy.finding.PolicyException;
import org.ovirt.isolatedports.policy.inventory.Inventory;
import org.ovirt.isolatedports.policy.match.NameSets;
import org.ovirt.isolatedports.policy.networkpolicy.NamePins;
import org.ovirt.isolatedports.policy.networkpolicy.NetworkPolicy;
import org.ovirt.isolatedports.policy.read.PolicyReader;
import org.ovirt.isolatedports.policy.read.PolicySet;

/**
 * What is in force on one network: stored texts of mode {@code enforce} and the sets they name; and
 * what hosts count for those of mode {@code audit}.
 *
 * @param networkId the engine's id
 * @param version grows with each change of anything stored under the network; 0 if nothing ever was
 * @param texts the policies
 * @param audited the policies that are to be counted; empty where none is in audit. ACLs if they
 *     are in audit; all network policies if one of them is, as one allows what another one stops
 * @param addressSets addresses by the name of the set, as a match writes them
 * @param portGroups ports by the name of the group, the names of their VMs pinned
 */
public record InForce(
    UUID networkId,
    long version,
    List<Text> texts,
    List<Text> audited,
    Map<String, List<String>> addressSets,
    Map<String, List<String>> portGroups) {

  /**
   * A stored policy.
   *
   * @param name what messages and verdicts call it, such as {@code acls} or {@code
   *     default/allow-web}
   * @param yaml as it was written
   * @param pins ids of the VMs that it names, as their names were when it was written
   */
  public record Text(String name, String yaml, Map<String, String> pins) {

    public Text {
      pins = Map.copyOf(pins);
    }
  }

  /**
   * The policies, read.
   *
   * @param policies those that could be read
   * @param findings what is wrong with the others; a text was without error when it was stored, so
   *     an error here means that what it needs went away since
   */
  public record Read(PolicySet policies, List<Finding> findings) {

    public Read {
      findings = List.copyOf(findings);
    }
  }

  public InForce {
    texts = List.copyOf(texts);
    audited = List.copyOf(audited);
    addressSets = new TreeMap<>(addressSets);
    portGroups = new TreeMap<>(portGroups);
  }

  /** Nothing is in force. */
  public static InForce nothing(UUID networkId) {
    return new InForce(networkId, 0, List.of(), List.of(), Map.of(), Map.of());
  }

  /** Whether nothing is in force; something may be in audit. */
  public boolean isEmpty() {
    return texts.isEmpty();
  }

  /** Whether something is in audit. */
  public boolean isAudited() {
    return !audited.isEmpty();
  }

  /** The sets that a match may name. */
  public NameSets sets() {
    return new NameSets(addressSets, portGroups);
  }

  /**
   * Reads the policies for an inventory that holds the network. The sets of this network are used,
   * whatever sets the inventory has.
   */
  public Read read(Inventory inventory) {
    return read(inventory, texts);
  }

  /** The same for what is to be counted. */
  public Read readAudited(Inventory inventory) {
    return read(inventory, audited);
  }

  private Read read(Inventory inventory, List<Text> chosen) {
    Inventory own =
        new Inventory(
            inventory.networks(),
            inventory.namespaces(),
            inventory.vms(),
            inventory.nics(),
            sets());
    List<Finding> findings = new ArrayList<>();
    List<Subnet> subnets = new ArrayList<>();
    List<NetworkPolicy> policies = new ArrayList<>();
    for (Text text : chosen) {
      PolicyReader reader = new PolicyReader(own, Optional.of(networkId.toString()));
      reader.read(text.name(), text.yaml());
      findings.addAll(reader.findings());
      NamePins pins = new NamePins(text.pins());
      try {
        for (Subnet subnet : reader.policies().subnets()) {
          subnets.add(pins.pin(subnet));
        }
        for (NetworkPolicy policy : reader.policies().networkPolicies()) {
          policies.add(pins.pin(policy));
        }
      } catch (PolicyException e) {
        findings.add(e.finding());
      }
    }
    return new Read(new PolicySet(subnets, policies), findings);
  }
}
