// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.body;

import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * How a field that we judge must be written, so that no other reader can take it for something
 * else. What we do not judge goes on to the engine as it came.
 *
 * <p>A JSON null is "not set", as the engine takes it.
 */
public sealed interface Shape {

  /** One text, number or boolean. */
  record Scalar() implements Shape {}

  /** A whole number without sign, leading zeros or blanks. */
  record Whole() implements Shape {}

  /** One text without blanks around it, which JAXB takes away and others keep. */
  record Plain() implements Shape {}

  /** One of some words, in any spelling the engine takes. */
  record Word(Set<String> known) implements Shape {}

  /** An entity: those of its fields that we judge. */
  record Entity(Map<String, Shape> fields) implements Shape {}

  /** A list, such as {@code usages} of {@code usage}. */
  record Items(String element, Shape each) implements Shape {}

  /**
   * A word as the engine reads it. Its enumerations take a text by {@code toUpperCase} in a locale
   * of no language, so that also a dotless i and a long s pass for i and s; JAXB takes blanks away.
   *
   * @return the word in lower case
   */
  static String word(String text) {
    return text.strip().toUpperCase(Locale.ROOT).toLowerCase(Locale.ROOT);
  }

  /**
   * Throws unless a text is what a shape of one text allows.
   *
   * @throws MalformedBodyException that names the field
   */
  static void requireText(String field, String text, Shape shape) {
    if (shape instanceof Whole && !text.matches("0|[1-9][0-9]{0,8}")) {
      throw new MalformedBodyException(
          "The field \"" + field + "\" must be a whole number, not \"" + text + "\".");
    }
    if ((shape instanceof Plain || shape instanceof Word) && !text.equals(text.strip())) {
      throw new MalformedBodyException(
          "The field \"" + field + "\" must have no blanks around \"" + text.strip() + "\".");
    }
    if (shape instanceof Word words && !words.known().contains(word(text))) {
      throw new MalformedBodyException(
          "The field \""
              + field
              + "\" must be one of "
              + String.join(", ", words.known().stream().sorted().toList())
              + ", not \""
              + text
              + "\".");
    }
  }
}
