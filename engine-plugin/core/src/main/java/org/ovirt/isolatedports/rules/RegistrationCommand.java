// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.rules;

import java.util.Collection;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The lines that register the vNIC profile property {@code port_isolation} with the engine.
 *
 * <p>The option has a value a compatibility level; without {@code --cver} the tool asks for one and
 * waits.
 */
public final class RegistrationCommand {

  /** The values the engine is told to accept. There is no {@code false}. */
  public static final String PATTERN =
      "^(true|isolated|promiscuous|community:[A-Za-z0-9_-]{1,32})$";

  private RegistrationCommand() {}

  /**
   * One line a level.
   *
   * @param levels such as 4.4; where none is known the reader is told to put it in
   */
  public static String of(Collection<String> levels) {
    Collection<String> known = levels.isEmpty() ? List.of("LEVEL") : levels;
    return known.stream().map(RegistrationCommand::command).collect(Collectors.joining(" and "))
        + " (keep what engine-config -g CustomDeviceProperties shows"
        + (levels.isEmpty() ? "; LEVEL is the compatibility level of the data center" : "")
        + ")";
  }

  private static String command(String level) {
    return "engine-config -s CustomDeviceProperties=\"{type=interface;prop={port_isolation="
        + PATTERN
        + "}}\" --cver="
        + level;
  }
}
