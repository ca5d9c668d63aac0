// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.evaluate;

import java.util.Optional;
import org.ovirt.isolatedports.policy.address.Bits;
import org.ovirt.isolatedports.policy.address.IpRange;
import org.ovirt.isolatedports.policy.match.Field;
import org.ovirt.isolatedports.policy.match.Packet;
import org.ovirt.isolatedports.policy.resolve.ResolvedNetwork;

/** What a gateway hands on from one vNIC to another; see {@code Network.dropsHairpin}. */
final class Hairpin {

  private Hairpin() {}

  /** Why a frame of the uplink is dropped; none if it is not, or its address is not known. */
  static Optional<String> reason(ResolvedNetwork network, Packet packet) {
    boolean ipv6 = packet.low(Field.ETH_TYPE) == 0x86dd;
    Field source = ipv6 ? Field.IP6_SRC : Field.IP4_SRC;
    if ((!ipv6 && packet.low(Field.ETH_TYPE) != 0x0800)
        || !packet.knows(source)
        || isDhcp(packet, ipv6)
        || network.nics().stream().anyMatch(nic -> isOf(packet, nic.mac()))) {
      return Optional.empty();
    }
    IpRange address = new IpRange(ipv6, packet.get(source), ipv6 ? 128 : 32);
    boolean inside =
        network.hairpinBlocks(ipv6).stream().anyMatch(block -> block.contains(address))
            && network.allGateways(ipv6).stream().noneMatch(own -> own.contains(address));
    return inside
        ? Optional.of(
            "the uplink of network "
                + network.network().name()
                + " brings nothing back that comes from its own addresses (drop_hairpin)")
        : Optional.empty();
  }

  private static boolean isOf(Packet packet, Bits mac) {
    return packet.knows(Field.ETH_SRC) && packet.get(Field.ETH_SRC).equals(mac);
  }

  private static boolean isDhcp(Packet packet, boolean ipv6) {
    return packet.low(Field.IP_PROTO) == 17 && packet.low(Field.UDP_DST) == (ipv6 ? 546 : 68);
  }
}
