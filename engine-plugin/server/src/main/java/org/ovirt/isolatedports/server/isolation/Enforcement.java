// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.isolation;

import java.util.Locale;

/** Who writes {@code <port isolated>} into the domain XML of a network's VMs. */
public enum Enforcement {
  /** The engine, which knows the attribute (4.4.3 and newer). */
  NATIVE(
      "The engine knows port isolation and writes it into the domain XML of the network's VMs"
          + " itself."),
  /** Our VDSM hook, told by the vNIC profile's property. */
  HOOK(
      "The engine does not know port isolation: the network's vNIC profiles carry the property"
          + " port_isolation, and the hook vdsm-hook-isolated-ports isolates the ports on the"
          + " hosts.");

  private final String reason;

  Enforcement(String reason) {
    this.reason = reason;
  }

  /** Why it is so, as a sentence. */
  public String reason() {
    return reason;
  }

  /** The same where the engine has learned the attribute since the network was made. */
  public String later() {
    return "The network was made when the engine did not know port isolation yet, and the engine"
        + " cannot change the attribute of a network: the network's vNIC profiles carry the property"
        + " port_isolation, and the hook vdsm-hook-isolated-ports isolates the ports on the hosts.";
  }

  /** As it stands in REST bodies and in the database. */
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The inverse of {@link #text()}. */
  public static Enforcement ofText(String text) {
    return valueOf(text.toUpperCase(Locale.ROOT));
  }
}
