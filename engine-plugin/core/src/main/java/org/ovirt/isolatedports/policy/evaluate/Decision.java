// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.evaluate;

import java.util.List;

/**
 * What happens to a frame, and why.
 *
 * @param verdict whether it reaches its destination
 * @param rule the deciding rule as {@code file:line}, or the reason where no rule decides
 * @param considered what was looked at, in order; only in a trace
 */
public record Decision(Verdict verdict, String rule, List<String> considered) {

  public Decision {
    considered = List.copyOf(considered);
  }

  /** Whether it is certain that the frame reaches its destination. */
  public boolean passes() {
    return verdict == Verdict.PASSES;
  }
}
