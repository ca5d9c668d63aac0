// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.address;

import java.util.Optional;

/** Reads and writes IPv4, IPv6 and Ethernet addresses; never asks a name service. */
public final class Addresses {

  private Addresses() {}

  /** The address in dotted form, four decimal parts without leading zeros. */
  public static Optional<Bits> parseIpv4(String text) {
    long value = 0;
    int parts = 0;
    int index = 0;
    while (parts < 4) {
      int start = index;
      int part = 0;
      while (index < text.length() && index - start < 3 && isDigit(text.charAt(index))) {
        part = part * 10 + (text.charAt(index) - '0');
        index++;
      }
      boolean leadingZero = index - start > 1 && text.charAt(start) == '0';
      if (index == start || part > 255 || leadingZero) {
        return Optional.empty();
      }
      value = (value << 8) | part;
      parts++;
      if (parts < 4) {
        if (index >= text.length() || text.charAt(index) != '.') {
          return Optional.empty();
        }
        index++;
      }
    }
    return index == text.length() ? Optional.of(Bits.of(value)) : Optional.empty();
  }

  /** The address in the forms of RFC 4291 section 2.2, without a zone. */
  public static Optional<Bits> parseIpv6(String text) {
    String head = text;
    Optional<Bits> embedded = Optional.empty();
    int lastColon = text.lastIndexOf(':');
    if (lastColon < 0 || text.length() > 45) {
      return Optional.empty();
    }
    if (text.indexOf('.') >= 0) {
      embedded = parseIpv4(text.substring(lastColon + 1));
      if (embedded.isEmpty()) {
        return Optional.empty();
      }
      head = text.substring(0, lastColon + 1) + "0:0";
    }
    int gap = head.indexOf("::");
    if (gap >= 0 && head.indexOf("::", gap + 1) >= 0) {
      return Optional.empty();
    }
    String before = gap < 0 ? head : head.substring(0, gap);
    String after = gap < 0 ? "" : head.substring(gap + 2);
    Optional<int[]> left = groups(before);
    Optional<int[]> right = groups(after);
    if (left.isEmpty() || right.isEmpty()) {
      return Optional.empty();
    }
    int count = left.get().length + right.get().length;
    if (gap < 0 ? count != 8 : count > 7) {
      return Optional.empty();
    }
    Bits value = Bits.ZERO;
    for (int position = 0; position < 8; position++) {
      int fromRight = position - (8 - right.get().length);
      int group =
          position < left.get().length
              ? left.get()[position]
              : fromRight >= 0 ? right.get()[fromRight] : 0;
      value = value.shiftLeft(16).or(Bits.of(group));
    }
    return Optional.of(value.or(embedded.orElse(Bits.ZERO)));
  }

  private static Optional<int[]> groups(String text) {
    if (text.isEmpty()) {
      return Optional.of(new int[0]);
    }
    String[] parts = text.split(":", -1);
    int[] groups = new int[parts.length];
    for (int i = 0; i < parts.length; i++) {
      if (parts[i].isEmpty() || parts[i].length() > 4) {
        return Optional.empty();
      }
      for (int j = 0; j < parts[i].length(); j++) {
        int digit = hexDigit(parts[i].charAt(j));
        if (digit < 0) {
          return Optional.empty();
        }
        groups[i] = groups[i] * 16 + digit;
      }
    }
    return Optional.of(groups);
  }

  /** Six pairs of hexadecimal digits with colons. */
  public static Optional<Bits> parseMac(String text) {
    if (text.length() != 17) {
      return Optional.empty();
    }
    long value = 0;
    for (int i = 0; i < 17; i++) {
      char c = text.charAt(i);
      if (i % 3 == 2) {
        if (c != ':') {
          return Optional.empty();
        }
      } else {
        int digit = hexDigit(c);
        if (digit < 0) {
          return Optional.empty();
        }
        value = value * 16 + digit;
      }
    }
    return Optional.of(Bits.of(value));
  }

  public static String formatIpv4(Bits address) {
    long a = address.low();
    return (a >>> 24 & 255) + "." + (a >>> 16 & 255) + "." + (a >>> 8 & 255) + "." + (a & 255);
  }

  /** The form of RFC 5952: lower case, the longest run of zero groups shortened. */
  public static String formatIpv6(Bits address) {
    int[] groups = new int[8];
    for (int i = 0; i < 8; i++) {
      groups[i] = (int) (address.shiftRight(16 * (7 - i)).low() & 0xffff);
    }
    int bestStart = -1;
    int bestLength = 1;
    for (int i = 0; i < 8; i++) {
      int j = i;
      while (j < 8 && groups[j] == 0) {
        j++;
      }
      if (j - i > bestLength) {
        bestStart = i;
        bestLength = j - i;
      }
      i = Math.max(i, j);
    }
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < 8; i++) {
      if (i == bestStart) {
        text.append("::");
        i += bestLength - 1;
      } else {
        if (!text.isEmpty() && text.charAt(text.length() - 1) != ':') {
          text.append(':');
        }
        text.append(Integer.toHexString(groups[i]));
      }
    }
    return text.toString();
  }

  public static String formatMac(Bits address) {
    StringBuilder text = new StringBuilder(17);
    for (int shift = 40; shift >= 0; shift -= 8) {
      int octet = (int) (address.low() >>> shift & 255);
      text.append(Character.forDigit(octet >> 4, 16)).append(Character.forDigit(octet & 15, 16));
      if (shift > 0) {
        text.append(':');
      }
    }
    return text.toString();
  }

  /** Whether a character is a decimal digit of ASCII. */
  public static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  /** The value of a hexadecimal digit; -1 if it is none. */
  public static int hexDigit(char c) {
    if (isDigit(c)) {
      return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
      return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
  }
}
