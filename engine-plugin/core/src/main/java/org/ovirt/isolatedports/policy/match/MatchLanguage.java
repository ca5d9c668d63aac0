// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.match;

/**
 * OVN's expression language as far as a Linux bridge can follow it. An instance remembers what the
 * predicates stand for; it is not safe for use by several threads at once.
 */
public final class MatchLanguage {

  /** Longest match read, in characters. */
  public static final int MAX_LENGTH = 1_000_000;

  private final SymbolTable symbols = new SymbolTable();

  /**
   * Reads a match.
   *
   * @param sets what {@code $name} and {@code @name} stand for
   * @return the expression, with prerequisites, over fields and ports only
   * @throws MatchException if OVN refuses the match, or a Linux bridge cannot decide it
   */
  public Expression parse(String match, NameSets sets) throws MatchException {
    return MatchParser.annotate(parseUnannotated(match, sets), symbols);
  }

  /** Reads a match without adding what its names imply. */
  Expression parseUnannotated(String match, NameSets sets) throws MatchException {
    if (match.length() > MAX_LENGTH) {
      throw new MatchException(
          "The match is longer than " + MAX_LENGTH + " characters; split it into several rules.",
          MAX_LENGTH);
    }
    return new MatchParser(match, symbols, sets).parseTree();
  }
}
