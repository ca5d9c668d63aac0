// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.setup;

import java.security.SecureRandom;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;

/**
 * Passwords that set-up makes: those that the settings file has already, so that a second run
 * changes none, or new ones.
 *
 * @param database of the role that owns the server's database
 * @param engineDatabase of the role that reads one option of the engine
 */
public record Secrets(String database, String engineDatabase) {

  private static final int BYTES = 24;

  /** Those of the settings, and new ones for what they lack. */
  public static Secrets of(Map<String, String> settings) {
    return new Secrets(
        Optional.ofNullable(settings.get(SettingsPiece.DB_PASSWORD)).orElseGet(Secrets::made),
        Optional.ofNullable(settings.get(SettingsPiece.ENGINE_DB_PASSWORD))
            .orElseGet(Secrets::made));
  }

  private static String made() {
    byte[] bytes = new byte[BYTES];
    new SecureRandom().nextBytes(bytes);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  /** Without them, so that no log has them. */
  @Override
  public String toString() {
    return "secrets";
  }
}
