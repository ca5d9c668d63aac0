// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.policies;

import java.util.Set;
import java.util.TreeSet;

/**
 * The parameters of the query that are known where documents are read and written; any other is
 * refused. A test holds {@code openapi.json} to them.
 */
final class Parameters {

  /** Which packet is meant. */
  static final Set<String> FLOW = Set.of("protocol", "port", "source_port");

  /** Which packet, from where to where. */
  static final Set<String> TRACE =
      Set.of(
          "from",
          "to",
          "protocol",
          "port",
          "source_port",
          "source_ip",
          "destination_ip",
          "source_mac");

  /** Of a list there is nothing to choose. */
  static final Set<String> LIST = Set.of();

  private static final Set<String> REMOVAL =
      Set.of("comment", "dry_run", "protocol", "port", "source_port");

  private Parameters() {}

  /** Where a document or a revision of it is read. */
  static Set<String> reading(DocumentKind kind) {
    return withNamespace(kind, Set.of());
  }

  /** Where two revisions are compared. */
  static Set<String> diff(DocumentKind kind) {
    return withNamespace(kind, Set.of("from", "to"));
  }

  /** Where a document is written. */
  static Set<String> writing(DocumentKind kind) {
    Set<String> known = new TreeSet<>(removal(kind));
    if (kind.isPolicy()) {
      known.add("mode");
    }
    return known;
  }

  /** Where a document is removed or goes back to a revision. */
  static Set<String> removal(DocumentKind kind) {
    return withNamespace(kind, REMOVAL);
  }

  private static Set<String> withNamespace(DocumentKind kind, Set<String> known) {
    Set<String> all = new TreeSet<>(known);
    if (kind == DocumentKind.NETWORK_POLICY) {
      all.add("namespace");
    }
    return all;
  }
}
