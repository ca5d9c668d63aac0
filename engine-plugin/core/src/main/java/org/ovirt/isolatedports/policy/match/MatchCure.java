// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.match;

/** What to write instead, for the mistakes that are made most. */
public final class MatchCure {

  private MatchCure() {}

  /** A sentence that helps with an error of {@link MatchLanguage#parse}. */
  public static String of(MatchException error) {
    String message = error.getMessage();
    if (message.contains("`=' expecting relational operator")) {
      return "Write == to compare.";
    } else if (message.contains("expecting field name")) {
      return "Write a field such as ip4.src, tcp.dst or inport before the operator.";
    } else if (message.contains("expecting relational operator")) {
      return "Write one of ==, !=, <, <=, > and >= between field and value.";
    } else if (message.contains("expecting constant")) {
      return "Write an address, a number, a \"name\" in quotes, or a set { ... }.";
    } else if (message.contains("expecting address set name")) {
      return "List the set under address_sets of the inventory.";
    } else if (message.contains("expecting port group name")) {
      return "List the group under port_groups of the inventory.";
    } else if (message.contains("expecting end of input")) {
      return "Join comparisons with && or ||.";
    } else if (message.contains("parenthesized when used together")) {
      return "Write (a && b) || c, or a && (b || c).";
    } else if (message.startsWith("Missing parentheses")) {
      return "Write !(...) around the whole comparison.";
    } else if (message.startsWith("Explicit `!= 0'")) {
      return "Compare the field with a value.";
    } else if (message.startsWith("Nominal predicate")) {
      return "Allow the others with a rule of higher priority instead.";
    } else if (message.startsWith("Nominal field")) {
      return "Use ==, and a rule of higher priority for the exception.";
    } else if (message.contains("is not compatible with")) {
      return "Compare the field with a value of its own kind.";
    } else if (message.contains("nested too deeply")) {
      return "Write fewer than 100 parentheses inside each other.";
    } else if (message.startsWith("Syntax error at end of input")) {
      return "The match ends too early.";
    }
    return "";
  }
}
