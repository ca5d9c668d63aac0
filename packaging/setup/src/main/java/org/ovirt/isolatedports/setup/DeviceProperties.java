// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.setup;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A value of the engine's option {@code CustomDeviceProperties}, such as {@code
 * {type=disk;prop={bootable=^(true|false)$}};{type=interface;prop={speed=^[0-9]{1,5}$}}}, which we
 * change in one place and keep as it is in all others.
 *
 * <p>The engine splits properties at semicolons, so no expression holds one; braces may stand in
 * them.
 */
final class DeviceProperties {

  private static final String TYPE = "{type=";
  private static final String INTERFACE = "{type=interface;prop={";
  private static final String END = "}}";

  private final String value;

  /**
   * Reads a value.
   *
   * @throws SetupException if it is none the engine would take
   */
  DeviceProperties(String value) {
    this.value = value.strip();
    blocks();
  }

  @Override
  public String toString() {
    return value;
  }

  /** The expression of a property of vNICs. */
  Optional<String> ofInterface(String name) {
    return interfaceBlock().stream()
        .flatMap(block -> properties(block).stream())
        .filter(property -> property.startsWith(name + "="))
        .map(property -> property.substring(name.length() + 1))
        .findFirst();
  }

  /** The same with that property of vNICs, in the place of another definition of it. */
  DeviceProperties with(String name, String expression) {
    String property = name + "=" + expression;
    Optional<String> block = interfaceBlock();
    if (block.isEmpty()) {
      String separator = value.isEmpty() || value.endsWith(";") ? "" : ";";
      return new DeviceProperties(value + separator + INTERFACE + property + END);
    }
    List<String> properties = new ArrayList<>(properties(block.get()));
    Optional<String> former =
        ofInterface(name).map(expressionBefore -> name + "=" + expressionBefore);
    if (former.isPresent()) {
      properties.replaceAll(each -> each.equals(former.get()) ? property : each);
    } else {
      properties.add(property);
    }
    return replaced(block.get(), INTERFACE + String.join(";", properties) + END);
  }

  /** The same without that property of vNICs. */
  DeviceProperties without(String name) {
    Optional<String> block = interfaceBlock();
    if (block.isEmpty() || ofInterface(name).isEmpty()) {
      return this;
    }
    List<String> properties = new ArrayList<>(properties(block.get()));
    properties.removeIf(property -> property.startsWith(name + "="));
    if (!properties.isEmpty()) {
      return replaced(block.get(), INTERFACE + String.join(";", properties) + END);
    }
    List<String> others = new ArrayList<>(blocks());
    others.remove(block.get());
    return new DeviceProperties(String.join(";", others));
  }

  private DeviceProperties replaced(String block, String by) {
    int at = value.indexOf(block);
    return new DeviceProperties(value.substring(0, at) + by + value.substring(at + block.length()));
  }

  private Optional<String> interfaceBlock() {
    return blocks().stream().filter(block -> block.startsWith(INTERFACE)).findFirst();
  }

  private static List<String> properties(String block) {
    return List.of(
        block.substring(INTERFACE.length(), block.length() - END.length()).split(";", -1));
  }

  /** One for each type of device; between them stands at most a semicolon. */
  private List<String> blocks() {
    List<String> blocks = new ArrayList<>();
    int start = 0;
    while (start < value.length()) {
      int next = value.indexOf(TYPE, start + 1);
      int end = next < 0 ? value.length() : next;
      String block = value.substring(start, end);
      block = block.endsWith(";") ? block.substring(0, block.length() - 1) : block;
      if (!block.matches("\\{type=\\w+;prop=\\{.+\\}\\}")) {
        throw new SetupException(
            "CustomDeviceProperties is \""
                + value
                + "\", which the engine itself cannot read: set it right with engine-config, and run"
                + " this again.");
      }
      blocks.add(block);
      start = end;
    }
    return blocks;
  }
}
