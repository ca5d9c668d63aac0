// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.match;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.ovirt.isolatedports.policy.address.Bits;

/**
 * A match as a tree whose depth is bounded by the parser's limit on parentheses. After annotation
 * only real fields and ports are left in it, with their prerequisites.
 */
public sealed interface Expression {

  /** A comparison operator. */
  enum Operator {
    EQ("=="),
    NE("!="),
    LT("<"),
    LE("<="),
    GT(">"),
    GE(">=");

    private final String sign;

    Operator(String sign) {
      this.sign = sign;
    }

    public String sign() {
      return sign;
    }

    /** What the operator becomes when its operands change sides. */
    Operator turned() {
      return switch (this) {
        case EQ, NE -> this;
        case LT -> GT;
        case LE -> GE;
        case GT -> LT;
        case GE -> LE;
      };
    }

    Operator inverted() {
      return switch (this) {
        case EQ -> NE;
        case NE -> EQ;
        case LT -> GE;
        case LE -> GT;
        case GT -> LE;
        case GE -> LT;
      };
    }

    boolean isEquality() {
      return this == EQ || this == NE;
    }

    /** Whether the operator holds for the result of a three-way comparison. */
    public boolean holds(int order) {
      return switch (this) {
        case EQ -> order == 0;
        case NE -> order != 0;
        case LT -> order < 0;
        case LE -> order <= 0;
        case GT -> order > 0;
        case GE -> order >= 0;
      };
    }
  }

  /** Always true or always false. */
  record Constant(boolean value) implements Expression {}

  /**
   * A comparison of the masked bits of a symbol with a value.
   *
   * @param value its bits outside the mask are 0
   */
  record Comparison(Symbol symbol, Operator operator, Bits value, Bits mask) implements Expression {

    /** The field compared; only after annotation, which leaves nothing but fields. */
    public Field field() {
      return symbol.field().orElseThrow();
    }
  }

  /** A comparison of {@code inport} or {@code outport} with a name. */
  record PortComparison(Symbol symbol, Operator operator, String name) implements Expression {

    /** Whether it looks at the port of entry. */
    public boolean isInport() {
      return symbol.name().equals("inport");
    }
  }

  /** True if every part is. At least two parts, none of them an And. */
  record And(List<Expression> parts) implements Expression {
    public And {
      parts = List.copyOf(parts);
    }
  }

  /** True if any part is. At least two parts, none of them an Or. */
  record Or(List<Expression> parts) implements Expression {
    public Or {
      parts = List.copyOf(parts);
    }
  }

  /** The conjunction of expressions, flattened; of one expression that expression itself. */
  static Expression allOf(List<Expression> parts) {
    List<Expression> flat = new ArrayList<>();
    for (Expression part : parts) {
      if (part instanceof And and) {
        flat.addAll(and.parts());
      } else {
        flat.add(part);
      }
    }
    return flat.size() == 1 ? flat.get(0) : new And(flat);
  }

  /** The disjunction of expressions, flattened; of one expression that expression itself. */
  static Expression anyOf(List<Expression> parts) {
    List<Expression> flat = new ArrayList<>();
    for (Expression part : parts) {
      if (part instanceof Or or) {
        flat.addAll(or.parts());
      } else {
        flat.add(part);
      }
    }
    return flat.size() == 1 ? flat.get(0) : new Or(flat);
  }

  /** The opposite, with the negation pushed down to the comparisons. */
  default Expression negated() {
    if (this instanceof Constant constant) {
      return new Constant(!constant.value());
    } else if (this instanceof Comparison c) {
      return new Comparison(c.symbol(), c.operator().inverted(), c.value(), c.mask());
    } else if (this instanceof PortComparison p) {
      return new PortComparison(p.symbol(), p.operator().inverted(), p.name());
    } else if (this instanceof And and) {
      return anyOf(and.parts().stream().map(Expression::negated).toList());
    }
    return allOf(((Or) this).parts().stream().map(Expression::negated).toList());
  }

  /** The expression as OVN prints it, e.g. {@code ip4.src == 0x1020304 && eth.type == 0x800}. */
  default String format() {
    if (this instanceof Constant constant) {
      return constant.value() ? "1" : "0";
    } else if (this instanceof Comparison c) {
      return formatComparison(c);
    } else if (this instanceof PortComparison p) {
      return p.symbol().name() + " " + p.operator().sign() + " \"" + p.name() + "\"";
    } else if (this instanceof And and) {
      return and.parts().stream().map(Expression::formatPart).collect(Collectors.joining(" && "));
    }
    return ((Or) this)
        .parts().stream().map(Expression::formatPart).collect(Collectors.joining(" || "));
  }

  private static String formatPart(Expression part) {
    boolean compound = part instanceof And || part instanceof Or;
    return compound ? "(" + part.format() + ")" : part.format();
  }

  private static String formatComparison(Comparison c) {
    int first = c.mask().isZero() ? 0 : c.mask().trailingZeros();
    int count = c.mask().bitLength() - first;
    boolean contiguous = count > 0 && c.mask().shiftRight(first).equals(Bits.ones(count));
    String name = c.symbol().name();
    int width = c.symbol().width();
    if (!contiguous) {
      return name + " " + c.operator().sign() + " " + c.value().toHex() + "/" + c.mask().toHex();
    }
    String subfield =
        count == width
            ? name
            : name + "[" + first + (count == 1 ? "" : ".." + (first + count - 1)) + "]";
    if (count == 1 && c.operator().isEquality()) {
      boolean positive = c.value().bit(first) == (c.operator() == Operator.EQ);
      return (positive ? "" : "!") + subfield;
    }
    return subfield + " " + c.operator().sign() + " " + c.value().shiftRight(first).toHex();
  }
}
