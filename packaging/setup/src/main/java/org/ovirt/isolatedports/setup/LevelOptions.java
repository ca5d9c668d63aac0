// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.setup;

import java.util.Map;

/** Options of the engine's configuration that differ from level to level. */
public interface LevelOptions {

  /**
   * The values of an option by level, such as {@code 4.7}.
   *
   * @throws SetupException if the engine has no such option
   */
  Map<String, String> levels(String name);

  /**
   * Sets an option of one level that the engine has; in effect from the engine's next start.
   *
   * @throws SetupException if it cannot be set
   */
  void set(String name, String value, String level);
}
