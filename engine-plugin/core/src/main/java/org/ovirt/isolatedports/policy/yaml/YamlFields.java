// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.yaml;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.ovirt.isolatedports.policy.Finding;
import org.ovirt.isolatedports.policy.SourceLocation;

/**
 * Reads the keys of one mapping and reports what is wrong with them: every error names the place,
 * what was expected and what to write, and reading goes on, so that one run shows all errors.
 */
public final class YamlFields {

  private final YamlNode.Mapping mapping;
  private final Consumer<Finding> findings;
  private final String what;

  private YamlFields(YamlNode.Mapping mapping, String what, Consumer<Finding> findings) {
    this.mapping = mapping;
    this.what = what;
    this.findings = findings;
  }

  /** The keys of a node, if it is a mapping; {@code what} is what messages call it. */
  public static Optional<YamlFields> of(YamlNode node, String what, Consumer<Finding> findings) {
    if (node instanceof YamlNode.Mapping mapping) {
      return Optional.of(new YamlFields(mapping, what, findings));
    }
    findings.accept(
        Finding.error(
            node.location(), what + " must be a mapping (key: value), not " + node.kind() + "."));
    return Optional.empty();
  }

  public SourceLocation location() {
    return mapping.location();
  }

  /** Where a key's value stands; the mapping's own place if the key is missing. */
  public SourceLocation locationOf(String key) {
    return mapping.get(key).map(YamlNode::location).orElse(mapping.location());
  }

  public boolean has(String key) {
    return mapping.entries().containsKey(key);
  }

  /** Refuses keys that are not among those given. */
  public void allowOnly(Set<String> known) {
    mapping
        .entries()
        .forEach(
            (key, entry) -> {
              if (!known.contains(key)) {
                findings.accept(Finding.error(entry.keyLocation(), unknown(key, known)));
              }
            });
  }

  private String unknown(String key, Set<String> known) {
    String close =
        known.stream()
            .filter(k -> k.toLowerCase(Locale.ROOT).equals(key.toLowerCase(Locale.ROOT)))
            .findFirst()
            .map(k -> " Did you mean \"" + k + "\"?")
            .orElse("");
    return what
        + " has no key \""
        + key
        + "\"; expected one of "
        + String.join(", ", known.stream().sorted().toList())
        + "."
        + close;
  }

  /** The keys that are not among those given, with their places. */
  public Map<String, SourceLocation> others(Set<String> known) {
    Map<String, SourceLocation> others = new LinkedHashMap<>();
    mapping
        .entries()
        .forEach(
            (key, entry) -> {
              if (!known.contains(key)) {
                others.put(key, entry.keyLocation());
              }
            });
    return others;
  }

  /** A value that says something; a key without a value counts as missing. */
  public Optional<YamlNode> node(String key) {
    return mapping
        .get(key)
        .filter(node -> !(node instanceof YamlNode.Scalar scalar && scalar.isNull()));
  }

  public Optional<String> text(String key) {
    Optional<YamlNode> node = node(key);
    if (node.isPresent() && node.get() instanceof YamlNode.Scalar scalar) {
      return Optional.of(scalar.text());
    }
    node.ifPresent(n -> wrong(n, key, "a single value"));
    return Optional.empty();
  }

  /** A text that must be there. */
  public Optional<String> requiredText(String key) {
    Optional<String> text = text(key).filter(t -> !t.isEmpty());
    if (text.isEmpty()
        && !(node(key).isPresent() && !(node(key).get() instanceof YamlNode.Scalar))) {
      error(key, what + " needs \"" + key + "\"; write \"" + key + ": ...\".");
    }
    return text;
  }

  public Optional<Boolean> flag(String key) {
    Optional<String> text = text(key);
    if (text.isPresent() && !text.get().equals("true") && !text.get().equals("false")) {
      wrong(node(key).orElseThrow(), key, "true or false");
      return Optional.empty();
    }
    return text.map(Boolean::valueOf);
  }

  public Optional<Integer> integer(String key, int lowest, int highest) {
    Optional<String> text = text(key);
    if (text.isEmpty()) {
      return Optional.empty();
    }
    Optional<Integer> number = parseInteger(text.get(), lowest, highest);
    if (number.isEmpty()) {
      wrong(node(key).orElseThrow(), key, "a whole number from " + lowest + " to " + highest);
    }
    return number;
  }

  private static Optional<Integer> parseInteger(String text, int lowest, int highest) {
    try {
      int value = Integer.parseInt(text);
      return value >= lowest && value <= highest ? Optional.of(value) : Optional.empty();
    } catch (NumberFormatException e) {
      return Optional.empty();
    }
  }

  /** The items of a list; none if the key is missing. */
  public List<YamlNode> list(String key) {
    Optional<YamlNode> node = node(key);
    if (node.isPresent() && node.get() instanceof YamlNode.Sequence sequence) {
      return sequence.items();
    }
    node.ifPresent(n -> wrong(n, key, "a list"));
    return List.of();
  }

  /** The items of a list of single values. */
  public List<String> texts(String key) {
    List<String> texts = new ArrayList<>();
    for (YamlNode item : list(key)) {
      if (item instanceof YamlNode.Scalar scalar && !scalar.isNull()) {
        texts.add(scalar.text());
      } else {
        wrong(item, key, "a list of single values");
      }
    }
    return texts;
  }

  /** A mapping of single values, e.g. labels. */
  public Map<String, String> textMap(String key) {
    Map<String, String> texts = new LinkedHashMap<>();
    Optional<YamlNode> node = node(key);
    if (node.isPresent() && node.get() instanceof YamlNode.Mapping map) {
      map.entries()
          .forEach(
              (name, entry) -> {
                if (entry.value() instanceof YamlNode.Scalar scalar) {
                  texts.put(name, scalar.isNull() ? "" : scalar.text());
                } else {
                  wrong(entry.value(), key + "." + name, "a single value");
                }
              });
    } else {
      node.ifPresent(n -> wrong(n, key, "a mapping of single values"));
    }
    return texts;
  }

  /** The mapping under a key; reports an error if something else is there. */
  public Optional<YamlFields> fields(String key) {
    return node(key).flatMap(node -> of(node, key, findings));
  }

  /** Reports an error at a key's value. */
  public void error(String key, String message) {
    findings.accept(Finding.error(locationOf(key), message));
  }

  /** Reports a warning at a key's value. */
  public void warning(String key, String message) {
    findings.accept(Finding.warning(locationOf(key), message));
  }

  private void wrong(YamlNode node, String key, String expected) {
    findings.accept(
        Finding.error(
            node.location(), "\"" + key + "\" must be " + expected + ", not " + node.kind() + "."));
  }
}
