// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.setup;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The vNIC profile property {@code port_isolation}, known to the engine for every level it has. */
public final class PropertyPiece implements Piece {

  /** What the engine takes as a value of the property. */
  public static final String EXPRESSION =
      "^(true|isolated|promiscuous|community:[A-Za-z0-9_-]{1,32})$";

  private static final String OPTION = "CustomDeviceProperties";
  private static final String PROPERTY = "port_isolation";
  private static final String BEFORE = "property.before.";
  private static final String SET = "property.set.";

  private final LevelOptions options;

  public PropertyPiece(LevelOptions options) {
    this.options = options;
  }

  @Override
  public String name() {
    return "property";
  }

  @Override
  public Finding look() {
    Map<String, String> wanted = changes();
    if (wanted.isEmpty()) {
      return new Finding.Good("vNIC profiles may carry port_isolation at every level.");
    }
    String levels = String.join(", ", wanted.keySet());
    return new Finding.Missing(
        "vNIC profiles may not carry port_isolation at the levels " + levels + ".",
        "Add port_isolation to CustomDeviceProperties of the levels " + levels + ".",
        "isolated-ports-setup --answers FILE, then systemctl restart ovirt-engine");
  }

  @Override
  public List<String> make(SetupRecord record) {
    List<String> done = new ArrayList<>();
    Map<String, String> before = options.levels(OPTION);
    changes()
        .forEach(
            (level, value) -> {
              // The first value found is the one to go back to, also after a second definition.
              if (record.get(BEFORE + level).isEmpty()) {
                record.keep(Map.of(BEFORE + level, before.get(level), SET + level, value));
              } else {
                record.keep(Map.of(SET + level, value));
              }
              options.set(OPTION, value, level);
              done.add("Added port_isolation to CustomDeviceProperties of level " + level + ".");
            });
    return done;
  }

  @Override
  public List<String> undo(SetupRecord record) {
    List<String> done = new ArrayList<>();
    Map<String, String> now = options.levels(OPTION);
    record
        .under(BEFORE)
        .forEach(
            (level, before) -> {
              String current = now.getOrDefault(level, before);
              String set = record.get(SET + level).orElse(before);
              String back = current.equals(set) ? before : backIn(current, before);
              if (!back.equals(current)) {
                options.set(OPTION, back, level);
                done.add(
                    "Took port_isolation out of CustomDeviceProperties of level " + level + ".");
              }
              record.remove(BEFORE + level, SET + level);
            });
    return done;
  }

  /** What others added since stays; only our property becomes what it was. */
  private static String backIn(String current, String before) {
    DeviceProperties now = new DeviceProperties(current);
    return new DeviceProperties(before)
        .ofInterface(PROPERTY)
        .map(former -> now.with(PROPERTY, former))
        .orElseGet(() -> now.without(PROPERTY))
        .toString();
  }

  /** The value of each level that has to change. */
  private Map<String, String> changes() {
    Map<String, String> wanted = new TreeMap<>();
    options
        .levels(OPTION)
        .forEach(
            (level, value) -> {
              String with = new DeviceProperties(value).with(PROPERTY, EXPRESSION).toString();
              if (!with.equals(value)) {
                wanted.put(level, with);
              }
            });
    return wanted;
  }
}
