// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.policies;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** What a policy does. */
public enum Mode {
  /** It is in force. */
  ENFORCE,
  /** It is stored and checked, and drops nothing. */
  AUDIT;

  /** As it stands in bodies and in the database. */
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The inverse of {@link #text()}; empty for another word. */
  public static Optional<Mode> ofText(String text) {
    return Arrays.stream(values()).filter(mode -> mode.text().equals(text)).findFirst();
  }
}
