// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.match;

import java.util.Optional;
import org.ovirt.isolatedports.policy.match.Field.Level;

/**
 * A name that a match may use.
 *
 * @param name as written
 * @param width in bits; 0 for a name of strings ({@code inport})
 * @param level how it may be compared
 * @param prerequisite what must hold for it to mean anything, as a match; may be empty
 * @param field the field itself, where the name is one
 * @param parent the name it is a part of, for a subfield
 * @param offset the subfield's first bit in its parent
 * @param predicate the match it stands for; empty if it is none
 * @param obstacle why a Linux bridge cannot look at it; empty if it can
 */
public record Symbol(
    String name,
    int width,
    Level level,
    String prerequisite,
    Optional<Field> field,
    Optional<Symbol> parent,
    int offset,
    String predicate,
    String obstacle) {

  boolean isString() {
    return width == 0;
  }

  boolean isPredicate() {
    return !predicate.isEmpty();
  }

  static Symbol ofField(Field field) {
    return new Symbol(
        field.ovnName(),
        field.width(),
        field.level(),
        field.prerequisite(),
        Optional.of(field),
        Optional.empty(),
        0,
        "",
        "");
  }

  static Symbol ofPort(String name) {
    return new Symbol(name, 0, Level.NOMINAL, "", Optional.empty(), Optional.empty(), 0, "", "");
  }

  static Symbol ofPredicate(String name, Level level, String predicate) {
    return new Symbol(name, 1, level, "", Optional.empty(), Optional.empty(), 0, predicate, "");
  }

  static Symbol ofSubfield(String name, String prerequisite, Symbol parent, int offset, int width) {
    return new Symbol(
        name,
        width,
        parent.level(),
        prerequisite,
        Optional.empty(),
        Optional.of(parent),
        offset,
        "",
        parent.obstacle());
  }

  static Symbol impossible(
      String name, int width, Level level, String prerequisite, String obstacle) {
    return new Symbol(
        name, width, level, prerequisite, Optional.empty(), Optional.empty(), 0, "", obstacle);
  }
}
