// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.evaluate;

import java.util.Optional;
import java.util.Set;
import org.ovirt.isolatedports.policy.address.Bits;
import org.ovirt.isolatedports.policy.address.IpRange;

/**
 * One way in which an end of a network can speak: with an address of a family, known or not.
 *
 * @param end the end
 * @param ipv6 the family
 * @param mac the MAC; none if it is not known
 * @param address the address; none if it is not known
 * @param names the names by which {@code inport} and {@code outport} know the end
 */
public record Side(
    Endpoint end, boolean ipv6, Optional<Bits> mac, Optional<IpRange> address, Set<String> names) {

  /** The family's name. */
  public String family() {
    return ipv6 ? "IPv6" : "IPv4";
  }

  /** The address for a reader. */
  public String shownAddress() {
    return address.map(IpRange::addressText).orElse("an address that is not known");
  }
}
