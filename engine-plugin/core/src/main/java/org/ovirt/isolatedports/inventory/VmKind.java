// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.inventory;

/** What a VM calls itself: the engine takes it from whoever creates the VM. */
public enum VmKind {
  /** A VM of a tenant. */
  ORDINARY,
  /** The VM the engine itself runs in. */
  HOSTED_ENGINE,
  /** A VM that somebody started on a host without the engine. */
  EXTERNAL;

  /** The kind that goes with the engine's {@code origin} of a VM; ordinary for any other text. */
  public static VmKind ofOrigin(String origin) {
    return switch (origin) {
      case "hosted_engine", "managed_hosted_engine" -> HOSTED_ENGINE;
      case "external" -> EXTERNAL;
      default -> ORDINARY;
    };
  }
}
