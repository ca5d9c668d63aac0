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

  public boolean replyPasses() {
    return reply.map(Decision::passes).orElse(false);
  }
}
