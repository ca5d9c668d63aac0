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
import org.ovirt.isolatedports.policy.finding.Finding;
import org.ovirt.isolatedports.policy.finding.SourceLocation;

/**
 * Reads the keys of one mapping and reports what is wrong with them: every error names the place,
 * what was expected and what to write, and reading goes on, so that one run shows all errors.
 */
public final class YamlFields {

  private final YamlNode.Mapping mapping;
  private final Consumer<Finding> findings;
  private final String what;
  private boolean refusesEmpty;

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

  /** Whether a key is there with a value; a key without one counts as missing. */
  public boolean has(String key) {
    return node(key).isPresent();
  }

  /** Whether a key is there, with a value or without. */
  public boolean names(String key) {
    return mapping.entries().containsKey(key);
  }

  /** The same keys, what is wrong with which is reported elsewhere. */
  public YamlFields reportingTo(Consumer<Finding> others) {
    return new YamlFields(mapping, what, others);
  }

  /**
   * Refuses keys without a value. Taken as missing they would fall back to a default, which may be
   * the more open choice, and their author meant something else.
   */
  public void refuseEmpty() {
    refusesEmpty = true;
    mapping
        .entries()
        .forEach(
            (key, entry) -> {
              if (entry.value().saysNothing()) {
                findings.accept(
                    Finding.error(
                        entry.keyLocation(),
                        "\""
                            + key
                            + "\" has no value; write one, or leave the key out to get the"
                            + " default."));
              }
            });
  }

  /** Says of keys without a value that they mean nothing, as in the Kubernetes API. */
  public void warnEmpty() {
    warnEmpty(mapping.entries().keySet());
  }

  /** Says so of some keys only. */
  public void warnEmpty(Set<String> keys) {
    mapping
        .entries()
        .forEach(
            (key, entry) -> {
              if (keys.contains(key) && entry.value().saysNothing()) {
                findings.accept(
                    Finding.warning(
                            entry.keyLocation(),
                            "\""
                                + key
                                + "\" has no value, which means \"not set\" as in the Kubernetes"
                                + " API; write a value, or leave the key out.")
                        .ofKind("empty-key"));
              }
            });
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
    return mapping.get(key).filter(node -> !node.saysNothing());
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
    boolean reported =
        (refusesEmpty && names(key) && !has(key))
            || (has(key) && !(node(key).orElseThrow() instanceof YamlNode.Scalar));
    if (text.isEmpty() && !reported) {
      error(key, what + " needs \"" + key + "\"; write \"" + key + ": ...\".");
    }
    return text;
  }

  /**
   * A string in the sense of the Kubernetes API, which refuses a number or a truth value in its
   * place.
   */
  public Optional<String> string(String key) {
    Optional<String> text = text(key);
    text.ifPresent(t -> mustBeString(node(key).orElseThrow(), key));
    return text;
  }

  /** A string that must be there. */
  public Optional<String> requiredString(String key) {
    Optional<String> text = requiredText(key);
    text.ifPresent(t -> mustBeString(node(key).orElseThrow(), key));
    return text;
  }

  private void mustBeString(YamlNode node, String key) {
    if (node instanceof YamlNode.Scalar scalar) {
      scalar
          .otherType()
          .ifPresent(
              type ->
                  findings.accept(
                      Finding.error(
                          node.location(),
                          "\""
                              + key
                              + "\" must be a string, and the Kubernetes API reads "
                              + scalar.text()
                              + " as a "
                              + type
                              + " (\"cannot unmarshal "
                              + type
                              + " into Go struct field "
                              + key
                              + " of type string\"); write \""
                              + scalar.text()
                              + "\" in quotes.")));
    }
  }

  public Optional<Boolean> flag(String key) {
    Optional<String> text = text(key);
    boolean plain = node(key).isPresent() && isPlain(node(key).get());
    if (text.isPresent() && !(plain && Set.of("true", "false").contains(text.get()))) {
      wrong(node(key).orElseThrow(), key, "true or false, without quotes");
      return Optional.empty();
    }
    return text.map(Boolean::valueOf);
  }

  public Optional<Integer> integer(String key, int lowest, int highest) {
    Optional<String> text = text(key);
    if (text.isEmpty()) {
      return Optional.empty();
    }
    Optional<Integer> number =
        isPlain(node(key).orElseThrow())
            ? parseInteger(text.get(), lowest, highest)
            : Optional.empty();
    if (number.isEmpty()) {
      wrong(
          node(key).orElseThrow(),
          key,
          "a whole number from "
              + lowest
              + " to "
              + highest
              + ", in decimal digits without quotes or leading zeros");
    }
    return number;
  }

  private static boolean isPlain(YamlNode node) {
    return node instanceof YamlNode.Scalar scalar && scalar.plain();
  }

  /** Other spellings mean other numbers to other readers: YAML 1.1 takes 010 for 8. */
  private static Optional<Integer> parseInteger(String text, int lowest, int highest) {
    if (!text.matches("0|-?[1-9][0-9]{0,9}")) {
      return Optional.empty();
    }
    long value = Long.parseLong(text);
    return value >= lowest && value <= highest ? Optional.of((int) value) : Optional.empty();
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

  /** The items of a list of single values; one that is none is reported and left out. */
  public List<YamlNode.Scalar> scalars(String key) {
    List<YamlNode.Scalar> scalars = new ArrayList<>();
    for (YamlNode item : list(key)) {
      if (item instanceof YamlNode.Scalar scalar && !scalar.isNull()) {
        scalars.add(scalar);
      } else {
        wrong(item, key, "a list of single values");
      }
    }
    return scalars;
  }

  /** What the items of a list of single values say. */
  public List<String> texts(String key) {
    return scalars(key).stream().map(YamlNode.Scalar::text).toList();
  }

  /** The items of a list of strings in the sense of the Kubernetes API. */
  public List<YamlNode.Scalar> strings(String key) {
    List<YamlNode.Scalar> strings = scalars(key);
    strings.forEach(item -> mustBeString(item, key));
    return strings;
  }

  /** A mapping of strings in the sense of the Kubernetes API, e.g. labels. */
  public Map<String, String> stringMap(String key) {
    Optional<YamlNode> node = node(key);
    if (node.isPresent() && node.get() instanceof YamlNode.Mapping map) {
      map.entries().forEach((name, entry) -> mustBeString(entry.value(), key + "." + name));
    }
    return textMap(key);
  }

  /** A mapping of single values, e.g. labels. */
  public Map<String, String> textMap(String key) {
    Map<String, String> texts = new LinkedHashMap<>();
    Optional<YamlNode> node = node(key);
    if (node.isPresent() && node.get() instanceof YamlNode.Mapping map) {
      map.entries()
          .forEach(
              (name, entry) -> {
                if (entry.value().saysNothing()) {
                  findings.accept(
                      Finding.error(
                          entry.keyLocation(),
                          "\""
                              + key
                              + "."
                              + name
                              + "\" has no value (in the words of kubectl: unknown object type"
                              + " \"nil\"); write one, or \"\" for the empty one."));
                } else if (entry.value() instanceof YamlNode.Scalar scalar) {
                  texts.put(name, scalar.text());
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

  /** Reports an error at a place. */
  public void errorAt(SourceLocation location, String message) {
    findings.accept(Finding.error(location, message));
  }

  /** Reports a warning at a key's value. */
  public void warning(String key, String message) {
    findings.accept(Finding.warning(locationOf(key), message));
  }

  /** Reports a warning of a kind at a key's value. */
  public void warning(String key, String message, String kind) {
    findings.accept(Finding.warning(locationOf(key), message).ofKind(kind));
  }

  private void wrong(YamlNode node, String key, String expected) {
    findings.accept(
        Finding.error(
            node.location(), "\"" + key + "\" must be " + expected + ", not " + node.kind() + "."));
  }
}
