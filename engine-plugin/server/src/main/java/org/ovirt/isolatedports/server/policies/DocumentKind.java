// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.policies;

import java.util.Locale;
import org.ovirt.isolatedports.server.http.Kind;

/** What can be written for a network. */
public enum DocumentKind {
  ACLS(Kind.ACLS, "acls", "ACLs"),
  NETWORK_POLICY(Kind.NETWORK_POLICY, "networkpolicies", "NetworkPolicy"),
  ADDRESS_SET(Kind.ADDRESS_SET, "addresssets", "Address set"),
  PORT_GROUP(Kind.PORT_GROUP, "portgroups", "Port group");

  private final Kind kind;
  private final String path;
  private final String title;

  DocumentKind(Kind kind, String path, String title) {
    this.kind = kind;
    this.path = path;
    this.title = title;
  }

  /** How its bodies are called. */
  Kind kind() {
    return kind;
  }

  /** Where they are below a network. */
  String path() {
    return path;
  }

  /** What messages call one. */
  String title() {
    return title;
  }

  /** Whether its content is YAML that the core reads as a policy. */
  boolean isPolicy() {
    return this == ACLS || this == NETWORK_POLICY;
  }

  /** As it stands in the database. */
  String text() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The inverse of {@link #text()}. */
  static DocumentKind ofText(String text) {
    return valueOf(text.toUpperCase(Locale.ROOT));
  }
}
