// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.compile;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.ovirt.isolatedports.policy.json.JsonWriter;

/**
 * A set of a {@link Ruleset}, or a map of verdicts. One that is frozen is shared by rulesets, since
 * most of what many rules take is in sets of one network, and knows how it is written.
 */
final class NftSet {

  private final String name;
  private final List<String> types;
  private final boolean isMap;
  private final boolean interval;
  private final Map<String, Nft.Element> elements;
  private final boolean frozen;

  /** How it is written; empty while nobody asked for it, or where it may change. */
  private volatile String command = "";

  private NftSet(
      String name,
      List<String> types,
      boolean isMap,
      boolean interval,
      Map<String, Nft.Element> elements,
      boolean frozen) {
    this.name = name;
    this.types = List.copyOf(types);
    this.isMap = isMap;
    this.interval = interval;
    this.elements = elements;
    this.frozen = frozen;
  }

  /**
   * One without elements.
   *
   * @param types types of the parts of its keys
   * @param isMap whether its elements have verdicts
   * @param interval whether keys may be ranges
   */
  NftSet(String name, List<String> types, boolean isMap, boolean interval) {
    this(name, types, isMap, interval, new TreeMap<>(), false);
  }

  /** The same with the elements that it has now, for good. */
  NftSet frozen() {
    return frozen
        ? this
        : new NftSet(name, types, isMap, interval, Collections.unmodifiableMap(elements), true);
  }

  /** The same, which may change. */
  NftSet copy() {
    return new NftSet(name, types, isMap, interval, new TreeMap<>(elements), false);
  }

  boolean isFrozen() {
    return frozen;
  }

  String name() {
    return name;
  }

  List<String> types() {
    return types;
  }

  boolean isMap() {
    return isMap;
  }

  boolean interval() {
    return interval;
  }

  /** By their text, so that each key is there once. */
  Map<String, Nft.Element> elements() {
    return elements;
  }

  void add(Nft key) {
    elements.put(key.text(), new Nft.Element(key, Optional.empty()));
  }

  void add(Nft key, Nft.Verdict verdict) {
    elements.put(key.text(), new Nft.Element(key, Optional.of(verdict)));
  }

  boolean sameKind(NftSet other) {
    return types.equals(other.types) && isMap == other.isMap && interval == other.interval;
  }

  /** Whether it is the very same, so that nothing in it can be another thing. */
  @SuppressWarnings("ReferenceEquality")
  boolean isSame(NftSet other) {
    return this == other && frozen;
  }

  /** The command that makes it. */
  String command() {
    if (!command.isEmpty()) {
      return command;
    }
    Map<String, Object> json = Ruleset.place(name);
    json.put("type", types.size() == 1 ? types.get(0) : types);
    if (isMap) {
      json.put("map", "verdict");
    }
    if (interval) {
      json.put("flags", List.of("interval"));
    }
    if (!elements.isEmpty()) {
      json.put("elem", elements.values().stream().map(Nft.Element::json).toList());
    }
    StringBuilder out = new StringBuilder();
    JsonWriter.append(out, Map.of("add", Map.of(isMap ? "map" : "set", json)));
    String written = out.toString();
    if (frozen) {
      command = written;
    }
    return written;
  }
}
