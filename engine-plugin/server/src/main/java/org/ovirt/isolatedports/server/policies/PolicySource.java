// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.policies;

import java.util.Set;
import java.util.UUID;

/**
 * What is in force on networks, for whoever makes rulesets of it. Whoever keeps it hears of changes
 * by {@link PoliciesChanged}.
 */
public interface PolicySource {

  /** The networks under which a policy, an address set or a port group is stored. */
  Set<UUID> networks();

  /** What is in force on a network; nothing where nothing is stored. */
  InForce inForce(UUID networkId);

  /** Whether a network has ACLs or network policies, in whatever mode. */
  default boolean rules(UUID networkId) {
    return networks().contains(networkId);
  }
}
