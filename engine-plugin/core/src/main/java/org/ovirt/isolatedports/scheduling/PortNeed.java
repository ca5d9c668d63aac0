// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.scheduling;

/** What a port needs of its host; each includes those before it. */
public enum PortNeed {
  /** The kernel's isolated flag. */
  ISOLATION,
  /** Rules on frames: nftables in the bridge family. Community ports and stateless ACLs. */
  RULES,
  /** Rules that know connections: connection tracking on bridges. */
  STATEFUL_RULES;

  boolean includes(PortNeed other) {
    return compareTo(other) >= 0;
  }
}
