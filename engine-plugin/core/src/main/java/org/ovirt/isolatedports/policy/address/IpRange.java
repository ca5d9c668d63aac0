// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.address;

import java.util.Optional;

/**
 * A block of addresses, as CIDR notation writes it.
 *
 * @param ipv6 whether it is one of IPv6
 * @param address its first address
 * @param prefix how many leading bits are fixed
 */
public record IpRange(boolean ipv6, Bits address, int prefix) {

  /** Reads {@code 10.0.0.0/8} or {@code fd00::/8}; an address alone is a block of one. */
  public static Optional<IpRange> parse(String text) {
    int slash = text.indexOf('/');
    String head = slash < 0 ? text : text.substring(0, slash);
    boolean ipv6 = head.indexOf(':') >= 0;
    int width = ipv6 ? 128 : 32;
    Optional<Bits> address = ipv6 ? Addresses.parseIpv6(head) : Addresses.parseIpv4(head);
    int prefix = slash < 0 ? width : parsePrefix(text.substring(slash + 1), width);
    if (address.isEmpty() || prefix < 0) {
      return Optional.empty();
    }
    Bits mask = Bits.prefixMask(prefix, width);
    return Optional.of(new IpRange(ipv6, address.get().and(mask), prefix));
  }

  private static int parsePrefix(String text, int width) {
    if (text.isEmpty() || text.length() > 3 || !text.chars().allMatch(c -> c >= '0' && c <= '9')) {
      return -1;
    }
    int prefix = Integer.parseInt(text);
    return prefix <= width ? prefix : -1;
  }

  private int width() {
    return ipv6 ? 128 : 32;
  }

  public Bits first() {
    return address;
  }

  public Bits last() {
    return address.or(Bits.prefixMask(prefix, width()).complement(width()));
  }

  public boolean isSingle() {
    return prefix == width();
  }

  public boolean contains(IpRange other) {
    return ipv6 == other.ipv6
        && prefix <= other.prefix
        && address.equals(other.address.and(Bits.prefixMask(prefix, width())));
  }

  /** Whether the other lies in it and is not all of it. */
  public boolean isWiderThan(IpRange other) {
    return contains(other) && prefix < other.prefix;
  }

  /** The address alone, e.g. {@code 10.0.0.1}. */
  public String addressText() {
    return ipv6 ? Addresses.formatIpv6(address) : Addresses.formatIpv4(address);
  }

  @Override
  public String toString() {
    return isSingle() ? addressText() : addressText() + "/" + prefix;
  }
}
