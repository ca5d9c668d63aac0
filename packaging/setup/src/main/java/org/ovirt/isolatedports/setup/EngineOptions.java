// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.setup;

/** The engine's configuration, as {@code engine-config} shows and changes it. */
public interface EngineOptions {

  /**
   * The value of an option of version {@code general}.
   *
   * @throws SetupException if the engine has no such option
   */
  String get(String name);

  /**
   * Sets an option of version {@code general}; in effect from the engine's next start.
   *
   * @throws SetupException if it cannot be set
   */
  void set(String name, String value);
}
