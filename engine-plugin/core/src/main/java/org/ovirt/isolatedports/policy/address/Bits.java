// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.address;

/**
 * An unsigned number of up to 128 bits, wide enough for every field of a frame.
 *
 * @param high bits 64 to 127
 * @param low bits 0 to 63
 */
public record Bits(long high, long low) implements Comparable<Bits> {

  public static final Bits ZERO = new Bits(0, 0);
  public static final Bits ONE = new Bits(0, 1);

  public static Bits of(long low) {
    return new Bits(0, low);
  }

  /** The number whose {@code width} low bits are 1. */
  public static Bits ones(int width) {
    return new Bits(lowOnes(Math.max(0, width - 64)), lowOnes(Math.min(64, width)));
  }

  /** The number whose first {@code length} of {@code width} bits are 1: a prefix mask. */
  public static Bits prefixMask(int length, int width) {
    return ones(width).minusBitsOf(ones(width - length));
  }

  private static long lowOnes(int width) {
    return width >= 64 ? -1L : (1L << width) - 1;
  }

  public Bits and(Bits other) {
    return new Bits(high & other.high, low & other.low);
  }

  public Bits or(Bits other) {
    return new Bits(high | other.high, low | other.low);
  }

  private Bits minusBitsOf(Bits other) {
    return new Bits(high & ~other.high, low & ~other.low);
  }

  public Bits complement(int width) {
    return ones(width).minusBitsOf(this);
  }

  public Bits shiftLeft(int count) {
    if (count == 0) {
      return this;
    }
    if (count >= 64) {
      return new Bits(low << (count - 64), 0);
    }
    return new Bits((high << count) | (low >>> (64 - count)), low << count);
  }

  public Bits shiftRight(int count) {
    if (count == 0) {
      return this;
    }
    if (count >= 64) {
      return new Bits(0, high >>> (count - 64));
    }
    return new Bits(high >>> count, (low >>> count) | (high << (64 - count)));
  }

  /** The next number; wraps at 2**128. */
  public Bits next() {
    return new Bits(low == -1L ? high + 1 : high, low + 1);
  }

  /** The number before; wraps at 0. */
  public Bits previous() {
    return new Bits(low == 0 ? high - 1 : high, low - 1);
  }

  public boolean isZero() {
    return (high | low) == 0;
  }

  public boolean bit(int index) {
    return !shiftRight(index).and(ONE).isZero();
  }

  /** The number of bits needed to write it. */
  public int bitLength() {
    return high != 0 ? 128 - Long.numberOfLeadingZeros(high) : 64 - Long.numberOfLeadingZeros(low);
  }

  public int trailingZeros() {
    return low != 0 ? Long.numberOfTrailingZeros(low) : 64 + Long.numberOfTrailingZeros(high);
  }

  /** How many leading bits of {@code width} are 1 if all others are 0, else -1. */
  public int prefixLength(int width) {
    int host = isZero() ? width : trailingZeros();
    return equals(prefixMask(width - host, width)) ? width - host : -1;
  }

  @Override
  public int compareTo(Bits other) {
    int order = Long.compareUnsigned(high, other.high);
    return order != 0 ? order : Long.compareUnsigned(low, other.low);
  }

  /** Hexadecimal as OVN prints it: {@code 0x1f}, and {@code 0} for zero. */
  public String toHex() {
    if (isZero()) {
      return "0";
    }
    return "0x"
        + (high == 0
            ? Long.toHexString(low)
            : Long.toHexString(high) + String.format("%016x", low));
  }

  @Override
  public String toString() {
    return toHex();
  }
}
