// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.standin.api;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One element of the engine's API, in neither XML nor JSON: the members of a {@code <network>}, of
 * a {@code "network"} or of a fault, by their names in API v4 ({@code port_isolation}).
 *
 * <p>A member is a text (all scalars are texts in the engine's JSON), an {@link Instant}, a {@link
 * Double} (the two kinds of scalar the engine writes as JSON numbers), a tree, or a list of texts
 * or trees. The order of members is the order of the engine's JSON; {@link XmlFormat} knows which
 * members are attributes and which come first in XML.
 */
public final class Tree {
  private final Map<String, Object> members = new LinkedHashMap<>();

  /** An element with an id and nothing else, as in a reference. */
  public static Tree ref(String href, String id) {
    return new Tree().put("href", href).put("id", id);
  }

  /** Sets a text member. */
  public Tree put(String name, String text) {
    members.put(name, text);
    return this;
  }

  /** Sets a text member from a truth value. */
  public Tree put(String name, boolean value) {
    return put(name, Boolean.toString(value));
  }

  /** Sets a text member from a number, as API v4 does. */
  public Tree put(String name, long value) {
    return put(name, Long.toString(value));
  }

  /** Sets a point in time: milliseconds in JSON, ISO 8601 in XML. */
  public Tree put(String name, Instant time) {
    members.put(name, time);
    return this;
  }

  /** Sets a child element. */
  public Tree put(String name, Tree child) {
    members.put(name, child);
    return this;
  }

  /** Sets a list of texts or trees: repeated elements in XML, an array in JSON. */
  public Tree put(String name, List<?> values) {
    members.put(name, values instanceof Links ? values : new ArrayList<>(values));
    return this;
  }

  /** Sets a list inside an element of its own: {@code <usages><usage>vm</usage></usages>}. */
  public Tree putList(String name, String itemName, List<?> values) {
    return put(name, new Tree().put(itemName, values));
  }

  /** Sets the member where there is a value; leaves it out where there is none. */
  public Tree putIfPresent(String name, Optional<String> text) {
    text.ifPresent(value -> put(name, value));
    return this;
  }

  /** Sets whatever kind of member it is; for readers of documents. */
  public Tree putRaw(String name, Object value) {
    members.put(name, value);
    return this;
  }

  /** Takes over all members of the other tree; same-named ones are replaced in place. */
  public Tree putAll(Tree other) {
    members.putAll(other.members);
    return this;
  }

  /** Removes a member. */
  public Tree remove(String name) {
    members.remove(name);
    return this;
  }

  /** Whether the member is there, with whatever value. */
  public boolean has(String name) {
    return members.containsKey(name);
  }

  /** Names and values in order. */
  public Map<String, Object> members() {
    return Collections.unmodifiableMap(members);
  }

  /** The member as text, where it is a scalar. */
  public Optional<String> text(String name) {
    Object value = members.get(name);
    return value == null || value instanceof Tree || value instanceof List
        ? Optional.empty()
        : Optional.of(value.toString());
  }

  /** The member as a truth value; {@link Schema} has made sure that it is one. */
  public Optional<Boolean> flag(String name) {
    return text(name).map(text -> text.equalsIgnoreCase("true") || text.equals("1"));
  }

  /** The member as a number; {@link Schema} has made sure that it is one. */
  public Optional<Long> number(String name) {
    return text(name).map(Long::parseLong);
  }

  /** The member as an element. */
  public Optional<Tree> child(String name) {
    return members.get(name) instanceof Tree child ? Optional.of(child) : Optional.empty();
  }

  /** The trees in a list member; empty where there is none. */
  public List<Tree> children(String name) {
    return list(name).stream().filter(Tree.class::isInstance).map(Tree.class::cast).toList();
  }

  /** The texts in a list member; empty where there is none. */
  public List<String> texts(String name) {
    return list(name).stream().filter(String.class::isInstance).map(String.class::cast).toList();
  }

  private List<?> list(String name) {
    Object value = members.get(name);
    if (value instanceof List<?> list) {
      return list;
    }
    return value == null ? List.of() : List.of(value);
  }

  /** The id of a reference such as {@code <data_center id="..."/>}. */
  public Optional<String> idOf(String name) {
    return child(name).flatMap(child -> child.text("id"));
  }

  /** A copy whose first level can be changed; deeper levels are shared. */
  public Tree copy() {
    return new Tree().putAll(this);
  }

  @Override
  public String toString() {
    return members.toString();
  }
}
