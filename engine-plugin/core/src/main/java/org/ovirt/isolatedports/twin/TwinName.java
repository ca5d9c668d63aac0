// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.twin;

import java.util.function.Predicate;

/** The name of an isolated twin that nobody gave one. */
public final class TwinName {

  /** IFNAMSIZ of Linux without its end: a longer name gives a bridge that is named after the id. */
  private static final int LONGEST = 15;

  private static final String SUFFIX = "_iso";
  private static final int MOST = 99;

  private TwinName() {}

  /**
   * A name that is a bridge's name as well, and tells which network it is the twin of.
   *
   * @param network the network's name
   * @param taken whether a name is that of another network
   * @throws IllegalStateException if all names that could be made are taken
   */
  public static String derive(String network, Predicate<String> taken) {
    String base = network.replaceAll("[^A-Za-z0-9_.-]+", "_").replaceAll("^[_.-]+", "");
    if (base.isEmpty()) {
      base = "net";
    }
    for (int number = 1; number <= MOST; number++) {
      String suffix = number == 1 ? SUFFIX : SUFFIX + number;
      String start = base.substring(0, Math.min(base.length(), LONGEST - suffix.length()));
      String name = start.replaceAll("[_.-]+$", "") + suffix;
      if (!taken.test(name)) {
        return name;
      }
    }
    throw new IllegalStateException("All names like " + base + SUFFIX + " are taken");
  }
}
