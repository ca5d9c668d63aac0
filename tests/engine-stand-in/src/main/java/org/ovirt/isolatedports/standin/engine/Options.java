// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.standin.engine;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The engine's configuration: what stands in its table {@code vdc_options}, and what the running
 * engine goes by. As with the real engine the two differ until the engine is restarted.
 */
public final class Options {
  /** The version of a value that holds for all levels. */
  public static final String GENERAL = "general";

  /** Names of the options that mean something here. */
  static final String CUSTOM_DEVICE_PROPERTIES = "CustomDeviceProperties";

  static final String PORT_ISOLATION_SUPPORTED = "IsPortIsolationSupported";
  static final String SCHEDULER_ENABLED = "ExternalSchedulerEnabled";
  static final String SCHEDULER_URL = "ExternalSchedulerServiceURL";

  /** The one property an engine comes with. */
  static final String SECURITY_GROUPS =
      "SecurityGroups=^(?:(?:[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}, *)*"
          + "[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}|)$";

  private static final String DEFAULT_DEVICE_PROPERTIES =
      "{type=interface;prop={" + SECURITY_GROUPS + "}}";

  private static final Pattern INTERFACE_PROPERTIES =
      Pattern.compile("\\{type=interface;prop=\\{(.*)\\}\\}");

  /** A row as in the table {@code vdc_options}. */
  public record Row(String optionName, String optionValue, String version, String defaultValue) {}

  private record Key(String name, String version) {}

  private final Map<Key, Row> rows = new LinkedHashMap<>();
  private Map<Key, Row> inEffect = Map.of();

  Options(boolean nativePortIsolation, List<String> levels, String productVersion) {
    for (String level : levels) {
      seed(CUSTOM_DEVICE_PROPERTIES, DEFAULT_DEVICE_PROPERTIES, level);
      seed("UserDefinedVMProperties", "", level);
      seed("VM64BitMaxMemorySizeInMB", memory(level), level);
      if (nativePortIsolation) {
        seed(
            PORT_ISOLATION_SUPPORTED,
            Boolean.toString(Model.Version.parse(level).compareTo(Engine.GATE) >= 0),
            level);
      }
    }
    seed(SCHEDULER_ENABLED, "false", GENERAL);
    seed(SCHEDULER_URL, "http://localhost:18781/", GENERAL);
    seed("ProductRPMVersion", productVersion, GENERAL);
    takeEffect();
  }

  private static String memory(String level) {
    return switch (level) {
      case "4.2", "4.3", "4.4", "4.5" -> "6291456";
      case "4.6", "4.7" -> "16777216";
      default -> "67108864";
    };
  }

  private void seed(String name, String value, String version) {
    rows.put(new Key(name, version), new Row(name, value, version, value));
  }

  /**
   * Sets a value, as {@code engine-config -s NAME=VALUE --cver=VERSION} does: it stands in the
   * table at once and is in effect after the engine's restart.
   *
   * @param version a compatibility level or {@link #GENERAL}
   * @throws IllegalArgumentException if the engine has no such option in that version
   */
  public synchronized void set(String name, String value, String version) {
    Row before = rows.get(new Key(name, version));
    if (before == null) {
      throw new IllegalArgumentException(
          "The engine has no option " + name + " in version " + version + ".");
    }
    rows.put(new Key(name, version), new Row(name, value, version, before.defaultValue()));
  }

  /** Sets the value in every version the option has. */
  public synchronized void setInAllVersions(String name, String value) {
    List<Row> all = rows.values().stream().filter(row -> row.optionName().equals(name)).toList();
    if (all.isEmpty()) {
      throw new IllegalArgumentException("The engine has no option " + name + ".");
    }
    all.forEach(row -> set(name, value, row.version()));
  }

  /** The table as it stands, whether in effect or not. */
  public synchronized List<Row> vdcOptions() {
    return new ArrayList<>(rows.values());
  }

  /** The value the table holds, whether in effect or not. */
  public synchronized Optional<String> get(String name, String version) {
    return Optional.ofNullable(rows.get(new Key(name, version))).map(Row::optionValue);
  }

  synchronized void takeEffect() {
    inEffect = new LinkedHashMap<>(rows);
  }

  synchronized List<Row> effective(String name) {
    return inEffect.values().stream().filter(row -> row.optionName().equals(name)).toList();
  }

  synchronized Optional<String> effective(String name, String version) {
    return Optional.ofNullable(inEffect.get(new Key(name, version))).map(Row::optionValue);
  }

  /** The custom properties a vNIC profile may have at a level: name to pattern of its values. */
  Map<String, Pattern> interfaceProperties(String level) {
    Map<String, Pattern> properties = new LinkedHashMap<>();
    Matcher matcher =
        INTERFACE_PROPERTIES.matcher(effective(CUSTOM_DEVICE_PROPERTIES, level).orElse(""));
    if (matcher.find()) {
      for (String each : matcher.group(1).split(";", -1)) {
        int equals = each.indexOf('=');
        if (equals > 0) {
          properties.put(each.substring(0, equals), Pattern.compile(each.substring(equals + 1)));
        }
      }
    }
    return properties;
  }
}
