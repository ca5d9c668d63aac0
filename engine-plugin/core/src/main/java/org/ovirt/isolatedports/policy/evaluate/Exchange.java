// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.evaluate;

import java.util.Optional;

/**
 * What happens to a connection.
 *
 * @param forward what happens to its first packet
 * @param reply what happens to the answer; nothing answers a packet that does not arrive
 */
public record Exchange(Decision forward, Optional<Decision> reply) {

  /** What happens to the answer; one to a packet that may not arrive may not come. */
  public Verdict replyVerdict() {
    Verdict answer = reply.map(Decision::verdict).orElse(Verdict.DROPPED);
    return answer.compareTo(forward.verdict()) > 0 ? forward.verdict() : answer;
  }

  public boolean replyPasses() {
    return replyVerdict() == Verdict.PASSES;
  }

  /** The rule that decides: about the answer, if only that is stopped or unknown. */
  public String rule() {
    return reply
        .filter(decision -> forward.passes() && !decision.passes())
        .map(Decision::rule)
        .orElse(forward.rule());
  }

  /** How open the way is: the first packet counts for more than the answer. */
  int openness() {
    return 3 * forward.verdict().openness() + replyVerdict().openness();
  }
}
