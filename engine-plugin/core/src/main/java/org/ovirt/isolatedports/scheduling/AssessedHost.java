// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.scheduling;

import java.util.List;
import org.ovirt.isolatedports.validation.ValidationResult.Violation;

/**
 * A host with what stands against it for isolated ports of any network, worked out once when the
 * host was read rather than once a decision.
 *
 * @param host the host
 * @param reasons sentences; empty for a fit host
 */
public record AssessedHost(Host host, List<String> reasons) {

  public AssessedHost {
    reasons = List.copyOf(reasons);
  }

  /** Applies the rules to a host. */
  public static AssessedHost of(Host host, HostFitness fitness) {
    return new AssessedHost(host, fitness.againstHost(host).stream().map(Violation::text).toList());
  }

  public boolean fit() {
    return reasons.isEmpty();
  }
}
