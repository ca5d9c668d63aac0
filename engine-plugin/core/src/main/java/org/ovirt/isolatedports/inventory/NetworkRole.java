// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.inventory;

import java.util.Locale;
import java.util.Optional;

/**
 * A use of a network in a cluster that port isolation would break: hosts and the engine talk to
 * each other over it. REST API v4 lists them in {@code usages} of a cluster's network; storage is
 * the exception, known by the network's membership in an iSCSI bond.
 */
public enum NetworkRole {
  MANAGEMENT,
  DISPLAY,
  MIGRATION,
  GLUSTER,
  STORAGE,
  /** A usage that is not known. */
  UNKNOWN;

  /** The role behind a usage; empty for {@code vm} and {@code default_route}, which are none. */
  public static Optional<NetworkRole> ofUsage(String usage) {
    return switch (usage.toLowerCase(Locale.ROOT)) {
      case "management" -> Optional.of(MANAGEMENT);
      case "display" -> Optional.of(DISPLAY);
      case "migration" -> Optional.of(MIGRATION);
      case "gluster" -> Optional.of(GLUSTER);
      case "storage" -> Optional.of(STORAGE);
      case "vm", "default_route" -> Optional.empty();
      default -> Optional.of(UNKNOWN);
    };
  }

  /** As API v4 writes it. */
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }
}
