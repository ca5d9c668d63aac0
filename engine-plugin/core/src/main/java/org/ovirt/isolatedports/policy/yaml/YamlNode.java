// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.yaml;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.ovirt.isolatedports.policy.SourceLocation;

/** A value of a YAML document, with its place. */
public sealed interface YamlNode {

  SourceLocation location();

  /** A single value, e.g. {@code 80} or {@code "drop"}; {@code plain} if written without quotes. */
  record Scalar(String text, boolean plain, SourceLocation location) implements YamlNode {

    /** Whether it stands for "nothing": written as an empty value, {@code ~} or {@code null}. */
    public boolean isNull() {
      return plain && (text.isEmpty() || text.equals("~") || text.equals("null"));
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

  /** The word for the kind of value, for messages. */
  default String kind() {
    if (this instanceof Scalar scalar) {
      return scalar.isNull() ? "nothing" : "\"" + scalar.text() + "\"";
    }
    return this instanceof Sequence ? "a list" : "a mapping";
  }
}
