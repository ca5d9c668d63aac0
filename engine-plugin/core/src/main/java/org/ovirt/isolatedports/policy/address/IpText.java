// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.address;

import java.util.Optional;

/**
 * How addresses and blocks may be written where a policy gives them. What other readers understand
 * in another way, or as something wider, is refused with the right spelling, as the Kubernetes API
 * does (apimachinery, util/validation, IsValidIP and IsValidCIDR with what they warn of).
 */
public final class IpText {

  private static final String NO_BLOCK =
      "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";
  private static final String NO_ADDRESS =
      "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";

  private IpText() {}

  /** Why a text is no block; none if it is one, spelled as it should be. */
  public static Optional<String> blockProblem(String text) {
    int slash = text.indexOf('/');
    if (slash < 0) {
      return Optional.of(
          IpRange.parse(text)
              .map(
                  address ->
                      "must be a CIDR value; write "
                          + withPrefix(address)
                          + " for this address alone")
              .orElse(NO_BLOCK));
    }
    Optional<String> unzeroed = withoutLeadingZeros(text);
    if (unzeroed.isPresent()) {
      return Optional.of("must not have leading 0s; write " + unzeroed.get());
    }
    Optional<IpRange> block = IpRange.parse(text);
    if (block.isEmpty()) {
      return Optional.of(NO_BLOCK);
    }
    Optional<IpRange> mapped = unmapped(block.get());
    if (mapped.isPresent()) {
      return Optional.of(
          "must not be an IPv4-mapped IPv6 address; write " + withPrefix(mapped.get()));
    }
    IpRange address = IpRange.parse(text.substring(0, slash)).orElseThrow();
    return address.address().equals(block.get().address())
        ? Optional.empty()
        : Optional.of(
            "is ambiguous, since it has bits set beyond its prefix (should be \""
                + withPrefix(block.get())
                + "\" or \""
                + withPrefix(address)
                + "\"?)");
  }

  /** Why a text is no address; none if it is one, spelled as it should be. */
  public static Optional<String> addressProblem(String text) {
    Optional<String> unzeroed = withoutLeadingZeros(text);
    if (unzeroed.isPresent()) {
      return Optional.of("must not have leading 0s; write " + unzeroed.get());
    }
    Optional<IpRange> address = IpRange.parse(text);
    if (address.isEmpty()) {
      return Optional.of(NO_ADDRESS);
    }
    if (!address.get().isSingle()) {
      return Optional.of("must be one address, not a block; write it without its prefix");
    }
    return unmapped(address.get())
        .map(ipv4 -> "must not be an IPv4-mapped IPv6 address; write " + ipv4);
  }

  /** A block with its prefix even where it is one address. */
  private static String withPrefix(IpRange range) {
    return range.addressText() + "/" + range.prefix();
  }

  /** The text with the zeros taken away that some readers take for octal numbers. */
  private static Optional<String> withoutLeadingZeros(String text) {
    int slash = text.indexOf('/');
    String head = slash < 0 ? text : text.substring(0, slash);
    String tail = slash < 0 ? "" : text.substring(slash);
    String dotted = head.contains(":") ? head : head.replaceAll("(^|\\.)0+(?=[0-9])", "$1");
    String prefix = tail.replaceAll("^/0+(?=[0-9])", "/");
    String cured = dotted + prefix;
    return !cured.equals(text) && IpRange.parse(cured).isPresent()
        ? Optional.of(cured)
        : Optional.empty();
  }

  /** The IPv4 block that an IPv4-mapped IPv6 block stands for (RFC 4291, section 2.5.5.2). */
  private static Optional<IpRange> unmapped(IpRange range) {
    Bits address = range.address();
    boolean mapped =
        range.ipv6()
            && range.prefix() >= 96
            && address.high() == 0
            && address.low() >>> 32 == 0xffff;
    return mapped
        ? IpRange.parse(
            Addresses.formatIpv4(Bits.of(address.low() & 0xffff_ffffL))
                + "/"
                + (range.prefix() - 96))
        : Optional.empty();
  }
}
