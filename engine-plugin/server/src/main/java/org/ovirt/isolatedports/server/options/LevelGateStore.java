// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.options;

import jakarta.annotation.Resource;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Optional;
import java.util.TreeMap;
import javax.sql.DataSource;
import org.ovirt.isolatedports.inventory.CompatibilityLevel;
import org.ovirt.isolatedports.inventory.LevelGate;
import org.ovirt.isolatedports.server.config.Settings;

/**
 * Reads the level gate: from the engine's {@code vdc_options} where we may look and the engine has
 * the option, else from our own table of the same shape.
 *
 * <p>The option is never served over REST: its client access level is internal in every engine.
 */
@ApplicationScoped
public class LevelGateStore {

  private static final String SELECT =
      "SELECT version, option_value FROM vdc_options WHERE option_name = ?";

  @Resource(lookup = "java:/IsolatedPortsDS")
  DataSource own;

  @Resource(lookup = "java:/EngineOptionsDS")
  DataSource engine;

  private final Settings settings;

  @Inject
  public LevelGateStore(Settings settings) {
    this.settings = settings;
  }

  /**
   * A gate and where it stands.
   *
   * @param gate the gate
   * @param ofEngine whether it is the engine's own option, which the engine caches until its
   *     restart
   */
  public record Reading(LevelGate gate, boolean ofEngine) {}

  /**
   * The gate as it is now.
   *
   * @throws SQLException if the database that decides cannot be read
   */
  public LevelGate read() throws SQLException {
    return readWithSource().gate();
  }

  /** The gate as it is now, and whether the engine goes by the same rows. */
  public Reading readWithSource() throws SQLException {
    if (settings.engineDatabase()) {
      Optional<LevelGate> engineGate = read(engine);
      if (engineGate.isPresent()) {
        return new Reading(engineGate.get(), true);
      }
    }
    return new Reading(read(own).orElseGet(LevelGate::defaults), false);
  }

  private static Optional<LevelGate> read(DataSource source) throws SQLException {
    TreeMap<CompatibilityLevel, Boolean> supported = new TreeMap<>();
    try (Connection connection = source.getConnection();
        PreparedStatement select = connection.prepareStatement(SELECT)) {
      select.setString(1, LevelGate.OPTION);
      try (ResultSet rows = select.executeQuery()) {
        while (rows.next()) {
          boolean value = "true".equalsIgnoreCase(rows.getString("option_value").trim());
          CompatibilityLevel.parse(rows.getString("version"))
              .ifPresent(level -> supported.put(level, value));
        }
      }
    }
    return supported.isEmpty() ? Optional.empty() : Optional.of(new LevelGate(supported));
  }
}
