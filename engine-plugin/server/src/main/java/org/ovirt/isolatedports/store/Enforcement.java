// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.store;

import java.util.Locale;

/** Who writes {@code <port isolated>} into the domain XML of a network's VMs. */
public enum Enforcement {
  /** The engine, which knows the attribute (4.4.3 and newer). */
  NATIVE,
  /** Our VDSM hook, told by the vNIC profile's property. */
  HOOK;

  /** As it stands in REST bodies and in the database. */
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The inverse of {@link #text()}. */
  static Enforcement ofText(String text) {
    return valueOf(text.toUpperCase(Locale.ROOT));
  }
}
