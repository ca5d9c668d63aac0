// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.match;

import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

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
    return Annotator.annotate(parseUnannotated(match, sets), symbols);
  }

  /** What is valid in a match but may not mean what it seems to: a place in it, and why. */
  public record Remark(int column, String message) {}

  /**
   * Reads a match, and says what is odd about how it is written.
   *
   * @param remarks takes what is odd
   */
  public Expression parse(String match, NameSets sets, Consumer<Remark> remarks)
      throws MatchException {
    checkLength(match);
    MatchParser parser = new MatchParser(match, symbols, sets);
    Expression expression = Annotator.annotate(parser.parseTree(), symbols);
    for (Lexer.Cut cut : parser.cut()) {
      remarks.accept(
          new Remark(
              cut.start() + 1,
              cut.text()
                  + " has bits set beyond its mask. OVN leaves them out and matches the whole"
                  + " block, and so does this; write the block's first address, or the one address"
                  + " without a mask."));
    }
    return expression;
  }

  /**
   * Why an entry of an address set cannot be one: it must be an address of IPv4, IPv6 or Ethernet,
   * or a block of them, and nothing more (ovn-nb(5), Address_Set). None if it is one.
   */
  public static Optional<String> addressProblem(String entry) {
    Lexer lexer = new Lexer(entry);
    Token constant = lexer.next(0);
    boolean address =
        (constant.kind() == Token.Kind.INTEGER || constant.kind() == Token.Kind.MASKED_INTEGER)
            && constant.format() != Token.Format.DECIMAL
            && constant.format() != Token.Format.HEXADECIMAL;
    if (!address || constant.start() != 0 || constant.end() != entry.length()) {
      return Optional.of(
          "is not one address or block, such as 10.0.0.1, 10.0.0.0/24, fd00::/64 or"
              + " 52:54:00:00:00:01; list each address as an entry of its own, and a range as"
              + " blocks");
    }
    return lexer.cut().isEmpty()
        ? Optional.empty()
        : Optional.of(
            "is ambiguous, since it has bits set beyond its prefix; write the block's first"
                + " address, or the one address alone");
  }

  /** The address sets that a match names. */
  public static Set<String> addressSetsIn(String match) {
    Set<String> names = new LinkedHashSet<>();
    Lexer lexer = new Lexer(match);
    Token token = lexer.next(0);
    while (token.kind() != Token.Kind.END && token.kind() != Token.Kind.ERROR) {
      if (token.kind() == Token.Kind.ADDRESS_SET) {
        names.add(token.text());
      }
      token = lexer.next(token.end());
    }
    return names;
  }

  private static void checkLength(String match) throws MatchException {
    if (match.length() > MAX_LENGTH) {
      throw new MatchException(
          "The match is longer than " + MAX_LENGTH + " characters; split it into several rules.",
          MAX_LENGTH);
    }
  }

  /** Reads a match without adding what its names imply. */
  Expression parseUnannotated(String match, NameSets sets) throws MatchException {
    checkLength(match);
    return new MatchParser(match, symbols, sets).parseTree();
  }
}
