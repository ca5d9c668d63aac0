// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.evaluate;

import org.ovirt.isolatedports.policy.match.Packet;

/** The packets a trace looks at, for tests that hold them against something else. */
public final class SeenPackets {

  private SeenPackets() {}

  public static Packet request(Way way, Flow flow) {
    return Packets.request(way.from(), way.to(), flow);
  }

  public static Packet answer(Way way, Flow flow) {
    return Packets.answer(way.from(), way.to(), flow);
  }
}
