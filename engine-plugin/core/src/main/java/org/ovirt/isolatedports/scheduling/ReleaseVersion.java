// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.scheduling;

import java.util.Comparator;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The part of a package or kernel version that fitness is decided by: its first two or three
 * numbers. What a distribution appends ({@code -553.el8_10.x86_64}) is left out on purpose:
 * distributions backport without changing these numbers, never the other way.
 *
 * @param major first number, 0 or more
 * @param minor second number, 0 or more
 * @param micro third number, 0 where there is none
 */
public record ReleaseVersion(int major, int minor, int micro)
    implements Comparable<ReleaseVersion> {

  /** Numbers of more digits than this are not version numbers, and would not fit an int. */
  private static final String NUMBER = "(\\d{1,8})";

  /**
   * Starts at the text's start or after a separator, so that the digits of a package name ({@code
   * foo2.1}) are not taken for a version.
   */
  private static final Pattern IN_TEXT =
      Pattern.compile(
          "(?:^|[-\\s:v])" + NUMBER + "\\." + NUMBER + "(?:\\." + NUMBER + ")?(?![0-9])");

  private static final Comparator<ReleaseVersion> ORDER =
      Comparator.comparingInt(ReleaseVersion::major)
          .thenComparingInt(ReleaseVersion::minor)
          .thenComparingInt(ReleaseVersion::micro);

  public ReleaseVersion {
    if (major < 0 || minor < 0 || micro < 0) {
      throw new IllegalArgumentException("A version has no negative numbers.");
    }
  }

  /**
   * The version in what a host reports, such as {@code
   * libvirt-6.0.0-37.module_el8.5.0+1002+36725df2}, {@code libvirt-9.0.0-1.el9} or {@code
   * 4.18.0-553.el8_10.x86_64}.
   *
   * @return empty where the text holds no version
   */
  public static Optional<ReleaseVersion> in(String text) {
    Matcher matcher = IN_TEXT.matcher(text);
    if (!matcher.find()) {
      return Optional.empty();
    }
    int micro = matcher.group(3) == null ? 0 : Integer.parseInt(matcher.group(3));
    return Optional.of(
        new ReleaseVersion(
            Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2)), micro));
  }

  public boolean isBefore(ReleaseVersion other) {
    return compareTo(other) < 0;
  }

  @Override
  public int compareTo(ReleaseVersion other) {
    return ORDER.compare(this, other);
  }

  @Override
  public String toString() {
    return major + "." + minor + "." + micro;
  }
}
