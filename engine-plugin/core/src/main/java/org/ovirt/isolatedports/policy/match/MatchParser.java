// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.match;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.ovirt.isolatedports.policy.address.Bits;
import org.ovirt.isolatedports.policy.match.Expression.Comparison;
import org.ovirt.isolatedports.policy.match.Expression.Constant;
import org.ovirt.isolatedports.policy.match.Expression.Operator;
import org.ovirt.isolatedports.policy.match.Expression.PortComparison;
import org.ovirt.isolatedports.policy.match.Field.Level;
import org.ovirt.isolatedports.policy.match.Token.Format;
import org.ovirt.isolatedports.policy.match.Token.Kind;

/**
 * Parses a match of OVN's expression language (ovn-sb(5), Logical_Flow, "match") with OVN's type
 * checks and, for its errors, OVN's wording. Nesting is limited to 100 parentheses as in OVN, so
 * the descent is bounded; the time is linear in the length of the match and its named sets.
 */
public final class MatchParser {

  private static final int MAX_PARENTHESES = 100;

  private final Lexer lexer;
  private final String input;
  private final SymbolTable symbols;
  private final NameSets sets;
  private Token token;
  private boolean negated;
  private int depth;

  MatchParser(String input, SymbolTable symbols, NameSets sets) {
    this.lexer = new Lexer(input);
    this.input = input;
    this.symbols = symbols;
    this.sets = sets;
    this.token = lexer.next(0);
  }

  /** The addresses read so far that have bits beyond their masks. */
  Set<Lexer.Cut> cut() {
    return lexer.cut();
  }

  private record FieldPart(Symbol symbol, int offset, int bits) {}

  private record Value(Bits value, Bits mask, boolean masked, Format format, String text) {}

  private record Values(boolean strings, boolean inCurlies, List<Value> values) {}

  private record Primary(Expression expression, boolean atomic) {}

  /** The whole input as a tree, before annotation. */
  Expression parseTree() throws MatchException {
    Expression expression = parseAlternatives();
    if (token.kind() != Kind.END) {
      throw syntaxError("expecting end of input");
    }
    return expression;
  }

  private void advance() {
    token = lexer.next(token.end());
  }

  private boolean accept(Kind type) {
    if (token.kind() == type) {
      advance();
      return true;
    }
    return false;
  }

  private void expect(Kind type) throws MatchException {
    if (!accept(type)) {
      throw syntaxError("expecting `" + type.sign() + "'");
    }
  }

  private MatchException error(String message) {
    return new MatchException(
        token.kind() == Kind.ERROR ? token.text() : message, token.start() + 1);
  }

  private MatchException syntaxError(String expectation) {
    String place =
        token.kind() == Kind.END
            ? " at end of input"
            : " at `" + input.substring(token.start(), token.end()) + "'";
    return error("Syntax error" + place + " " + expectation + ".");
  }

  private Expression parseAlternatives() throws MatchException {
    Expression first = parseOperand();
    Kind operator = token.kind();
    if (operator != Kind.AND && operator != Kind.OR) {
      return first;
    }
    List<Expression> parts = new ArrayList<>();
    parts.add(first);
    while (accept(operator)) {
      parts.add(parseOperand());
    }
    if (token.kind() == Kind.AND || token.kind() == Kind.OR) {
      throw error("&& and || must be parenthesized when used together.");
    }
    return operator == Kind.AND ? Expression.allOf(parts) : Expression.anyOf(parts);
  }

  private Expression parseOperand() throws MatchException {
    if (!accept(Kind.NOT)) {
      return parsePrimary().expression();
    }
    negated = !negated;
    Primary primary = parsePrimary();
    negated = !negated;
    if (!primary.atomic()) {
      throw error("Missing parentheses around operand of !.");
    }
    return primary.expression().negated();
  }

  private Primary parsePrimary() throws MatchException {
    if (accept(Kind.LPAREN)) {
      if (depth >= MAX_PARENTHESES) {
        throw error("Parentheses nested too deeply.");
      }
      depth++;
      Expression inner = parseAlternatives();
      depth--;
      expect(Kind.RPAREN);
      return new Primary(inner, true);
    }
    if (token.kind() == Kind.TEMPLATE) {
      throw error("Unexpanded template.");
    }
    return token.kind() == Kind.ID ? parseFieldFirst() : parseConstantFirst();
  }

  private Primary parseFieldFirst() throws MatchException {
    if (lexer.next(token.end()).kind() == Kind.LPAREN) {
      throw error(
          token.text().equals("is_chassis_resident")
              ? "is_chassis_resident() asks for a chassis of OVN, which a Linux bridge does not"
                  + " have; leave it out."
              : "parsing function name");
    }
    int start = token.start();
    FieldPart field = parseField();
    Optional<Operator> operator = operator();
    if (operator.isEmpty()) {
      if (field.bits() == 0 || token.kind() == Kind.EQUALS) {
        throw syntaxError("expecting relational operator");
      }
      if (field.bits() > 1 && !negated) {
        throw error("Explicit `!= 0' is required for inequality test of multibit field against 0.");
      }
      Value zero = new Value(Bits.ZERO, Bits.ZERO, false, Format.HEXADECIMAL, "");
      Values values = new Values(false, false, List.of(zero));
      return new Primary(compare(field, Operator.NE, values, start), true);
    }
    advance();
    return new Primary(compare(field, operator.get(), parseValues(), start), false);
  }

  private Primary parseConstantFirst() throws MatchException {
    int start = token.start();
    Values left = parseValues();
    Optional<Operator> leftOperator = operator();
    if (leftOperator.isEmpty()) {
      Optional<Boolean> constant = booleanConstant(left);
      if (constant.isPresent()) {
        return new Primary(new Constant(constant.get()), true);
      }
      throw syntaxError("expecting relational operator");
    }
    advance();
    FieldPart field = parseField();
    Optional<Operator> rightOperator = operator();
    if (rightOperator.isEmpty()) {
      return new Primary(compare(field, leftOperator.get().turned(), left, start), false);
    }
    advance();
    Values right = parseValues();
    if (!formsRange(leftOperator.get(), rightOperator.get())) {
      throw error(
          "Range expressions must have the form `x < field < y' or `x > field > y', with each"
              + " `<' optionally replaced by `<=' or `>' by `>=').");
    }
    Expression lower = compare(field, leftOperator.get().turned(), left, start);
    Expression upper = compare(field, rightOperator.get(), right, start);
    return new Primary(Expression.allOf(List.of(lower, upper)), false);
  }

  private static Optional<Boolean> booleanConstant(Values values) {
    if (values.strings() || values.inCurlies() || values.values().size() != 1) {
      return Optional.empty();
    }
    Value value = values.values().get(0);
    boolean plain = value.format() == Format.DECIMAL && !value.masked();
    return plain && value.value().bitLength() <= 1
        ? Optional.of(!value.value().isZero())
        : Optional.empty();
  }

  private static boolean formsRange(Operator left, Operator right) {
    boolean up = left == Operator.LT || left == Operator.LE;
    boolean down = left == Operator.GT || left == Operator.GE;
    return up
        ? right == Operator.LT || right == Operator.LE
        : down && (right == Operator.GT || right == Operator.GE);
  }

  private Optional<Operator> operator() {
    return switch (token.kind()) {
      case EQ -> Optional.of(Operator.EQ);
      case NE -> Optional.of(Operator.NE);
      case LT -> Optional.of(Operator.LT);
      case LE -> Optional.of(Operator.LE);
      case GT -> Optional.of(Operator.GT);
      case GE -> Optional.of(Operator.GE);
      default -> Optional.empty();
    };
  }

  private FieldPart parseField() throws MatchException {
    Optional<Symbol> found =
        token.kind() == Kind.ID ? symbols.find(token.text()) : Optional.empty();
    if (found.isEmpty()) {
      throw syntaxError("expecting field name");
    }
    Symbol symbol = found.get();
    if (!symbol.obstacle().isEmpty()) {
      throw error(symbol.name() + " " + symbol.obstacle() + ".");
    }
    advance();
    if (!accept(Kind.LSQUARE)) {
      return new FieldPart(symbol, 0, symbol.width());
    }
    if (symbol.isString()) {
      throw error("Cannot select subfield of string field " + symbol.name() + ".");
    }
    int low = parseSmallInteger();
    int high = accept(Kind.ELLIPSIS) ? parseSmallInteger() : low;
    expect(Kind.RSQUARE);
    if (low > high) {
      throw error("Invalid bit range " + low + " to " + high + ".");
    }
    if (high >= symbol.width()) {
      throw error(
          String.format(
              "Cannot select bits %d to %d of %d-bit field %s.",
              low, high, symbol.width(), symbol.name()));
    }
    if (symbol.level() == Level.NOMINAL && (low != 0 || high != symbol.width() - 1)) {
      throw error("Cannot select subfield of nominal field " + symbol.name() + ".");
    }
    return new FieldPart(symbol, low, high - low + 1);
  }

  private int parseSmallInteger() throws MatchException {
    boolean small =
        token.kind() == Kind.INTEGER
            && token.format() == Format.DECIMAL
            && token.value().bitLength() <= 31;
    if (!small) {
      throw syntaxError("expecting small integer");
    }
    int value = (int) token.value().low();
    advance();
    return value;
  }

  private Values parseValues() throws MatchException {
    List<Value> values = new ArrayList<>();
    if (!accept(Kind.LCURLY)) {
      boolean strings = parseValue(values, Optional.empty());
      return new Values(strings, false, values);
    }
    boolean strings = false;
    do {
      strings = parseValue(values, values.isEmpty() ? Optional.empty() : Optional.of(strings));
      accept(Kind.COMMA);
    } while (!accept(Kind.RCURLY));
    return new Values(strings, true, values);
  }

  /** Adds the values at the token; returns whether they are strings. */
  private boolean parseValue(List<Value> values, Optional<Boolean> strings) throws MatchException {
    boolean isString =
        switch (token.kind()) {
          case STRING, PORT_GROUP -> true;
          case INTEGER, MASKED_INTEGER, ADDRESS_SET -> false;
          case TEMPLATE -> throw error("Unexpanded template.");
          default -> throw syntaxError("expecting constant");
        };
    List<Value> found = valuesAtToken();
    if (strings.isPresent() && strings.get() != isString) {
      throw syntaxError("expecting " + (strings.get() ? "string" : "integer"));
    }
    values.addAll(found);
    advance();
    return isString;
  }

  private List<Value> valuesAtToken() throws MatchException {
    List<Value> found = new ArrayList<>();
    switch (token.kind()) {
      case STRING -> found.add(name(token.text()));
      case PORT_GROUP -> {
        List<String> names = sets.portGroups().get(token.text());
        if (names == null) {
          throw syntaxError("expecting port group name");
        }
        names.forEach(name -> found.add(name(name)));
      }
      case ADDRESS_SET -> {
        List<String> addresses = sets.addressSets().get(token.text());
        if (addresses == null) {
          throw syntaxError("expecting address set name");
        }
        for (String address : addresses) {
          Token constant = new Lexer(address).next(0);
          if (constant.kind() != Kind.INTEGER && constant.kind() != Kind.MASKED_INTEGER) {
            throw error(
                "Address set $"
                    + token.text()
                    + " holds \""
                    + address
                    + "\", which is no address.");
          }
          found.add(number(constant));
        }
      }
      default -> found.add(number(token));
    }
    return found;
  }

  private static Value name(String text) {
    return new Value(Bits.ZERO, Bits.ZERO, false, Format.DECIMAL, text);
  }

  private static Value number(Token constant) {
    return new Value(
        constant.value(),
        constant.mask(),
        constant.kind() == Kind.MASKED_INTEGER,
        constant.format(),
        "");
  }

  private Expression compare(FieldPart field, Operator operator, Values values, int start)
      throws MatchException {
    try {
      checkTypes(field.symbol(), values);
      checkOperator(field.symbol(), operator, values);
      checkNominal(field.symbol(), operator, values);
    } catch (MatchException e) {
      // A type error belongs to the comparison, not to what follows it.
      throw token.kind() == Kind.ERROR ? e : new MatchException(e.getMessage(), start + 1);
    }
    if (values.values().isEmpty()) {
      return new Constant(operator == Operator.NE);
    }
    List<Expression> parts = new ArrayList<>();
    for (Value value : values.values()) {
      parts.add(comparison(field, operator, value));
    }
    return operator == Operator.EQ ? Expression.anyOf(parts) : Expression.allOf(parts);
  }

  private static Expression comparison(FieldPart field, Operator operator, Value value) {
    if (field.symbol().isString()) {
      return new PortComparison(field.symbol(), operator, value.text());
    }
    Bits inside = Bits.ones(field.bits());
    Bits mask = value.masked() ? value.mask().and(inside) : inside;
    return new Comparison(
        field.symbol(),
        operator,
        value.value().and(inside).shiftLeft(field.offset()),
        mask.shiftLeft(field.offset()));
  }

  private void checkTypes(Symbol symbol, Values values) throws MatchException {
    if (!values.values().isEmpty() && values.strings() != symbol.isString()) {
      throw error(
          String.format(
              "%s field %s is not compatible with %s constant.",
              symbol.isString() ? "String" : "Integer",
              symbol.name(),
              values.strings() ? "string" : "integer"));
    }
    if (symbol.isString()) {
      return;
    }
    for (Value value : values.values()) {
      int width = constantWidth(value);
      if (width > symbol.width()) {
        throw error(
            String.format(
                "%d-bit constant is not compatible with %d-bit field %s.",
                width, symbol.width(), symbol.name()));
      }
    }
  }

  private static int constantWidth(Value value) {
    if (value.masked()) {
      return Math.max(1, value.mask().bitLength());
    }
    boolean number = value.format() == Format.DECIMAL || value.format() == Format.HEXADECIMAL;
    return number ? Math.max(1, value.value().bitLength()) : value.format().width();
  }

  private void checkOperator(Symbol symbol, Operator operator, Values values)
      throws MatchException {
    if (operator.isEquality()) {
      return;
    }
    if (values.inCurlies()) {
      throw error("Only == and != operators may be used with value sets.");
    }
    if (symbol.level() != Level.ORDINAL) {
      throw error(
          "Only == and != operators may be used with "
              + symbol.level().ovnName()
              + " field "
              + symbol.name()
              + ".");
    }
    if (values.values().isEmpty()) {
      throw error(
          "Only == and != operators may be used to compare a field against an empty value set.");
    }
    if (values.values().get(0).masked()) {
      throw error(
          "Only == and != operators may be used with masked constants.  Consider using subfields"
              + " instead (e.g. eth.src[0..15] > 0x1111 in place of eth.src >"
              + " 00:00:00:00:11:11/00:00:00:00:ff:ff).");
    }
  }

  private void checkNominal(Symbol symbol, Operator operator, Values values) throws MatchException {
    if (symbol.level() != Level.NOMINAL) {
      return;
    }
    if (!symbol.isPredicate()) {
      if (operator != (negated ? Operator.NE : Operator.EQ)) {
        throw error(
            "Nominal field "
                + symbol.name()
                + " may only be tested for equality (taking enclosing `!' operators into"
                + " account).");
      }
      return;
    }
    for (Value value : values.values()) {
      boolean positive = value.value().bit(0) ^ (operator == Operator.NE) ^ negated;
      if (!positive) {
        String name = symbol.name();
        throw error(
            String.format(
                "Nominal predicate %s may only be tested positively, e.g. `%s' or `%s == 1' but"
                    + " not `!%s' or `%s == 0'.",
                name, name, name, name, name));
      }
    }
  }
}
