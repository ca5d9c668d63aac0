// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.match;

import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.ovirt.isolatedports.policy.match.Expression.And;
import org.ovirt.isolatedports.policy.match.Expression.Comparison;
import org.ovirt.isolatedports.policy.match.Expression.Operator;
import org.ovirt.isolatedports.policy.match.Expression.Or;

/** Turns what was parsed into an expression over fields and ports alone. */
final class Annotator {

  private Annotator() {}

  /**
   * Adds prerequisites, and puts fields for subfields and expansions for predicates. Where all of
   * an And or Or is about one symbol, its prerequisite is added once, as OVN does.
   */
  static Expression annotate(Expression expression, SymbolTable symbols) {
    return annotate(expression, symbols, true);
  }

  private static Expression annotate(
      Expression expression, SymbolTable symbols, boolean withPrerequisites) {
    if (expression instanceof Comparison comparison) {
      return annotateComparison(comparison, symbols, withPrerequisites);
    }
    List<Expression> parts;
    if (expression instanceof And and) {
      parts = and.parts();
    } else if (expression instanceof Or or) {
      parts = or.parts();
    } else {
      return expression;
    }
    Optional<Symbol> only = withPrerequisites ? onlySymbol(expression) : Optional.empty();
    boolean passOn = withPrerequisites && only.isEmpty();
    List<Expression> annotated =
        parts.stream().map(part -> annotate(part, symbols, passOn)).toList();
    Expression result =
        expression instanceof And ? Expression.allOf(annotated) : Expression.anyOf(annotated);
    return only.map(symbol -> withPrerequisite(result, symbol, symbols)).orElse(result);
  }

  private static Expression annotateComparison(
      Comparison comparison, SymbolTable symbols, boolean withPrerequisite) {
    Symbol symbol = comparison.symbol();
    Expression result = comparison;
    if (symbol.parent().isPresent()) {
      result =
          new Comparison(
              symbol.parent().get(),
              comparison.operator(),
              comparison.value().shiftLeft(symbol.offset()),
              comparison.mask().shiftLeft(symbol.offset()));
    } else if (symbol.isPredicate()) {
      Expression expansion = symbols.expansion(symbol.predicate());
      boolean positive = comparison.value().bit(0) ^ (comparison.operator() == Operator.NE);
      result = positive ? expansion : expansion.negated();
    }
    return withPrerequisite ? withPrerequisite(result, symbol, symbols) : result;
  }

  private static Expression withPrerequisite(
      Expression expression, Symbol symbol, SymbolTable symbols) {
    return symbol.prerequisite().isEmpty()
        ? expression
        : Expression.allOf(List.of(expression, symbols.expansion(symbol.prerequisite())));
  }

  private static Optional<Symbol> onlySymbol(Expression expression) {
    Set<Optional<Symbol>> found = new HashSet<>();
    collectSymbols(expression, found);
    return found.size() == 1 ? found.iterator().next() : Optional.empty();
  }

  private static void collectSymbols(Expression expression, Set<Optional<Symbol>> found) {
    if (found.size() > 1) {
      return;
    }
    if (expression instanceof Comparison comparison) {
      found.add(Optional.of(comparison.symbol()));
    } else if (expression instanceof And and) {
      and.parts().forEach(part -> collectSymbols(part, found));
    } else if (expression instanceof Or or) {
      or.parts().forEach(part -> collectSymbols(part, found));
    } else {
      found.add(Optional.empty());
    }
  }
}
