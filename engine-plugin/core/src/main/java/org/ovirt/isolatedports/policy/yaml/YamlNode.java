// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.yaml;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.ovirt.isolatedports.policy.finding.SourceLocation;

/** A value of a YAML document, with its place. */
public sealed interface YamlNode {

  SourceLocation location();

  /** How a single value is written (YAML 1.2, chapters 7 and 8). */
  enum Style {
    PLAIN,
    SINGLE_QUOTED,
    DOUBLE_QUOTED,
    LITERAL,
    FOLDED
  }

  /**
   * A single value, e.g. {@code 80} or {@code "drop"}.
   *
   * @param text what it says
   * @param style how it is written
   * @param source the text it is written in
   * @param location where it begins
   */
  record Scalar(String text, Style style, SourceText source, SourceLocation location)
      implements YamlNode {

    private static final Set<String> NULLS = Set.of("", "~", "null", "Null", "NULL");
    private static final Pattern NUMBER =
        Pattern.compile(
            "[-+]?(0x[0-9a-fA-F_]+|0o[0-7_]+|0b[01_]+|[0-9][0-9_]*|"
                + "(\\.[0-9]+|[0-9]+(\\.[0-9]*)?)([eE][-+]?[0-9]+)?|\\.(inf|Inf|INF))|\\.(nan|NaN|NAN)");
    private static final Pattern TRUTH =
        Pattern.compile(
            "true|True|TRUE|false|False|FALSE|yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF");

    /** Whether it is written without quotes. */
    public boolean plain() {
      return style == Style.PLAIN;
    }

    /** Whether it stands for "nothing": written as an empty value, {@code ~} or {@code null}. */
    public boolean isNull() {
      return plain() && NULLS.contains(text);
    }

    /**
     * The word for what the YAML of Kubernetes (version 1.1) takes the value for, if not for a
     * string.
     */
    public Optional<String> otherType() {
      if (!plain()) {
        return Optional.empty();
      }
      if (TRUTH.matcher(text).matches()) {
        return Optional.of("bool");
      }
      return NUMBER.matcher(text).matches() ? Optional.of("number") : Optional.empty();
    }

    /** Where a character of the value stands, counted from 0. */
    public SourceLocation locationOf(int offset) {
      return source.locationIn(this, offset);
    }
  }

  /** A list. */
  record Sequence(List<YamlNode> items, SourceLocation location) implements YamlNode {}

  /** Keys with values, in the order written. */
  record Mapping(Map<String, Entry> entries, SourceLocation location) implements YamlNode {

    public Optional<YamlNode> get(String key) {
      return Optional.ofNullable(entries.get(key)).map(Entry::value);
    }
  }

  /** One key of a mapping: where the key stands, and its value. */
  record Entry(SourceLocation keyLocation, YamlNode value) {}

  /** Whether it is a value that says nothing. */
  default boolean saysNothing() {
    return this instanceof Scalar scalar && scalar.isNull();
  }

  /** The word for the kind of value, for messages. */
  default String kind() {
    if (this instanceof Scalar scalar) {
      return scalar.isNull() ? "nothing" : "\"" + scalar.text() + "\"";
    }
    return this instanceof Sequence ? "a list" : "a mapping";
  }
}
