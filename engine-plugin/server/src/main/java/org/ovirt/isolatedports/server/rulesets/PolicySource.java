// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.rulesets;

import java.util.List;
import java.util.UUID;
import org.ovirt.isolatedports.policy.match.NameSets;

/**
 * Which policies are in force. Whoever changes them fires {@code isolation.NetworkChanged} in the
 * transaction that does.
 */
public interface PolicySource {

  /**
   * A document as it was written.
   *
   * @param name what messages call it; it does not change while the document stays the same one
   * @param text YAML, one Subnet or NetworkPolicy or several
   */
  record Document(String name, String text) {}

  /**
   * What is in force on a network.
   *
   * @param documents its policies, in an order that stays
   * @param sets the sets its matches may name
   */
  record InForce(List<Document> documents, NameSets sets) {

    /** No policy. */
    public static final InForce NOTHING = new InForce(List.of(), NameSets.NONE);

    public InForce {
      documents = List.copyOf(documents);
    }
  }

  /** What is in force on a network now. It is asked only when something changed. */
  InForce on(UUID networkId);
}
