// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.policies;

import java.util.UUID;

/**
 * One thing that is written for a network.
 *
 * @param networkId the network
 * @param kind what it is
 * @param name tells it from others of its kind on the network: nothing for the ACLs, {@code
 *     NAMESPACE/NAME} for a network policy, else its name
 */
record Document(UUID networkId, DocumentKind kind, String name) {

  /** The ACLs of a network. */
  static Document acls(UUID networkId) {
    return new Document(networkId, DocumentKind.ACLS, "");
  }

  /** A network policy. */
  static Document networkPolicy(UUID networkId, String namespace, String name) {
    return new Document(networkId, DocumentKind.NETWORK_POLICY, namespace + "/" + name);
  }

  /** The namespace of a network policy. */
  String namespace() {
    return name.substring(0, name.indexOf('/'));
  }

  /** Its name without a namespace. */
  String plainName() {
    return name.substring(name.indexOf('/') + 1);
  }

  /** What findings and verdicts call its text. */
  String file() {
    return kind == DocumentKind.ACLS ? kind.path() : kind.path() + "/" + name;
  }

  /** What messages call it. */
  String title() {
    return kind == DocumentKind.ACLS ? kind.title() : kind.title() + " " + name;
  }
}
