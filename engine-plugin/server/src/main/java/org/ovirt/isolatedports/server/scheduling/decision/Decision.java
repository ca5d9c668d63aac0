// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.scheduling.decision;

import java.time.Instant;
import java.util.List;
import org.ovirt.isolatedports.scheduling.SchedulingDecision.DroppedHost;

/**
 * A decision as it is kept for those who ask why.
 *
 * @param at when it was made
 * @param vmId the VM's id
 * @param vmName its name; the id if it is not known
 * @param basis what it rests on
 * @param networks names of the guarded networks the VM's vNICs are on
 * @param note what else there is to say, such as why the live vNICs were not to be had; empty for
 *     nothing
 * @param kept ids of the hosts kept
 * @param dropped the hosts dropped, with reasons
 * @param micros how long it took, in microseconds
 */
public record Decision(
    Instant at,
    String vmId,
    String vmName,
    Basis basis,
    List<String> networks,
    String note,
    List<String> kept,
    List<DroppedHost> dropped,
    long micros) {

  /** What a decision rests on. */
  public enum Basis {
    /** The VM's vNICs, read for this decision. */
    LIVE,
    /** The VM's vNICs as read some minutes ago. */
    CACHED,
    /** The VM is not ours to hold back. */
    EXEMPT,
    /** Nothing known of the VM. */
    NOTHING
  }

  public Decision {
    networks = List.copyOf(networks);
    kept = List.copyOf(kept);
    dropped = List.copyOf(dropped);
  }

  /** How many hosts it speaks of. */
  int hosts() {
    return kept.size() + dropped.size();
  }
}
