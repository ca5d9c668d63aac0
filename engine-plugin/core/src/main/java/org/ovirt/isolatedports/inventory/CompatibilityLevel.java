// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.inventory;

import java.util.Comparator;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A cluster's compatibility level, such as 4.5.
 *
 * @param major the number before the dot
 * @param minor the number after the dot
 */
public record CompatibilityLevel(int major, int minor) implements Comparable<CompatibilityLevel> {

  /** The level of a cluster of which the engine does not say it in a form that is known. */
  public static final CompatibilityLevel UNKNOWN = new CompatibilityLevel(0, 0);

  private static final Pattern FORM = Pattern.compile("(\\d{1,4})\\.(\\d{1,4})");
  private static final Comparator<CompatibilityLevel> ORDER =
      Comparator.comparingInt(CompatibilityLevel::major)
          .thenComparingInt(CompatibilityLevel::minor);

  /** Reads a level such as {@code 4.5}; empty for anything else, such as {@code general}. */
  public static Optional<CompatibilityLevel> parse(String text) {
    Matcher matcher = FORM.matcher(text);
    if (!matcher.matches()) {
      return Optional.empty();
    }
    return Optional.of(
        new CompatibilityLevel(
            Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2))));
  }

  @Override
  public int compareTo(CompatibilityLevel other) {
    return ORDER.compare(this, other);
  }

  @Override
  public String toString() {
    return equals(UNKNOWN) ? "unknown" : major + "." + minor;
  }
}
