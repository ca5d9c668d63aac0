// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.rulesets;

import java.util.List;
import java.util.Map;
import org.ovirt.isolatedports.policy.address.IpRange;
import org.ovirt.isolatedports.policy.inventory.Inventory;
import org.ovirt.isolatedports.policy.inventory.Nic;

/**
 * What administrators say of VMs and their vNICs, which the engine does not know. Whoever changes
 * it fires {@code isolation.NetworkChanged} in the transaction that does.
 */
public interface Labels {

  /**
   * What is said of a vNIC.
   *
   * @param namespace the group it is in
   * @param labels its labels, those of its VM among them; without the VM's own name and id, which
   *     are added
   * @param addresses the addresses it is held to; none if none were given
   * @param antiSpoof whether it is held to its MAC and addresses
   * @param ports the ports a policy may name
   */
  record Said(
      String namespace,
      Map<String, String> labels,
      List<IpRange> addresses,
      boolean antiSpoof,
      List<Nic.NamedPort> ports) {

    /** What holds of a vNIC of which nothing is said. */
    public static final Said NOTHING =
        new Said(Inventory.DEFAULT_NAMESPACE, Map.of(), List.of(), true, List.of());

    public Said {
      labels = Map.copyOf(labels);
      addresses = List.copyOf(addresses);
      ports = List.copyOf(ports);
    }
  }

  /** What is said of all, as it is at one moment. */
  interface Now {

    /** What is said of a vNIC; {@link Said#NOTHING} where nothing is. */
    Said of(String vmId, String vnicId);

    /** Labels of each namespace, by name. */
    Map<String, Map<String, String>> namespaces();
  }

  /** Nothing is said of anything. */
  Now NONE =
      new Now() {
        @Override
        public Said of(String vmId, String vnicId) {
          return Said.NOTHING;
        }

        @Override
        public Map<String, Map<String, String>> namespaces() {
          return Map.of();
        }
      };

  /** Everything that is said now, in one look: it is asked for thousands of vNICs. */
  Now now();
}
