// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.match;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.ovirt.isolatedports.policy.address.Bits;
import org.ovirt.isolatedports.policy.match.Alternative.MaskTest;
import org.ovirt.isolatedports.policy.match.Expression.And;
import org.ovirt.isolatedports.policy.match.Expression.Comparison;
import org.ovirt.isolatedports.policy.match.Expression.Constant;
import org.ovirt.isolatedports.policy.match.Expression.Operator;
import org.ovirt.isolatedports.policy.match.Expression.Or;
import org.ovirt.isolatedports.policy.match.Expression.PortComparison;

/** Spreads a match out into the ways in which it can hold, as rules of a bridge need it. */
public final class Alternatives {

  /** The most ways a match may have; more would be a rule nobody can read, and slow. */
  public static final int LIMIT = 512;

  /** The parts of a VLAN tag that a bridge can look at one by one: present, id, priority. */
  private static final Set<Bits> VLAN_PARTS =
      Set.of(Bits.of(0x1000), Bits.of(0x0fff), Bits.of(0xe000));

  private Alternatives() {}

  /** Whether a match looks at the port of exit. */
  public static boolean mentionsOutport(Expression expression) {
    if (expression instanceof PortComparison port) {
      return !port.isInport();
    } else if (expression instanceof And and) {
      return and.parts().stream().anyMatch(Alternatives::mentionsOutport);
    }
    return expression instanceof Or or
        && or.parts().stream().anyMatch(Alternatives::mentionsOutport);
  }

  /**
   * The ways in which an annotated match can hold; none if it never does.
   *
   * @throws MatchException if there are more than {@link #LIMIT}, or a Linux bridge cannot test one
   */
  public static List<Alternative> of(Expression expression) throws MatchException {
    List<Alternative> alternatives = spread(expression);
    for (Alternative alternative : alternatives) {
      checkVlan(alternative);
    }
    return alternatives;
  }

  /** A bridge finds no id or priority in a frame without a tag, where OVN finds zeros. */
  private static void checkVlan(Alternative alternative) throws MatchException {
    MaskTest present = new MaskTest(Field.VLAN_TCI, Operator.EQ, Bits.of(0x1000), Bits.of(0x1000));
    boolean looksInside =
        alternative.masks().stream()
            .anyMatch(
                test -> test.field() == Field.VLAN_TCI && !test.mask().equals(present.mask()));
    if (looksInside && !alternative.masks().contains(present)) {
      throw new MatchException(
          "A Linux bridge can look at bits of vlan.tci only where there is a tag; write vlan.vid"
              + " or vlan.pcp.",
          1);
    }
  }

  private static List<Alternative> spread(Expression expression) throws MatchException {
    if (expression instanceof Constant constant) {
      return constant.value() ? List.of(Alternative.ALWAYS) : List.of();
    } else if (expression instanceof Comparison comparison) {
      return ofComparison(comparison);
    } else if (expression instanceof PortComparison port) {
      return List.of(ofPort(port));
    } else if (expression instanceof Or or) {
      List<Alternative> all = new ArrayList<>();
      for (Expression part : or.parts()) {
        all.addAll(spread(part));
      }
      return limited(merged(all));
    }
    List<Alternative> product = List.of(Alternative.ALWAYS);
    for (Expression part : ((And) expression).parts()) {
      product = limited(merged(product(product, spread(part))));
    }
    return product;
  }

  private static List<Alternative> product(List<Alternative> left, List<Alternative> right)
      throws MatchException {
    if (left.equals(List.of(Alternative.ALWAYS))) {
      return right;
    }
    if ((long) left.size() * right.size() > 64L * LIMIT) {
      throw tooMany();
    }
    List<Alternative> product = new ArrayList<>();
    for (Alternative a : left) {
      for (Alternative b : right) {
        a.and(b).ifPresent(product::add);
      }
    }
    return product;
  }

  private static List<Alternative> limited(List<Alternative> alternatives) throws MatchException {
    if (alternatives.size() > LIMIT) {
      throw tooMany();
    }
    return alternatives;
  }

  private static MatchException tooMany() {
    return new MatchException(
        "The match can hold in more than "
            + LIMIT
            + " different ways, which is too many for one rule. Split it into several rules, or"
            + " put values of one field into a set { ... }.",
        1);
  }

  private static Alternative ofPort(PortComparison port) throws MatchException {
    if (port.operator() != Operator.EQ) {
      throw new MatchException(
          "Nominal field "
              + port.symbol().name()
              + " may only be tested for equality (taking enclosing `!' operators into account).",
          1);
    }
    return Alternative.ofPort(port.isInport(), port.name());
  }

  private static List<Alternative> ofComparison(Comparison c) throws MatchException {
    Field field = c.field();
    if (field == Field.VLAN_TCI) {
      return List.of(Alternative.ofMask(vlanTest(c)));
    }
    boolean prefix = c.mask().prefixLength(field.width()) >= 0;
    if (prefix && field != Field.TCP_FLAGS) {
      Intervals values = Intervals.comparing(c.operator(), c.value(), c.mask(), field.width());
      return values.isEmpty() ? List.of() : List.of(Alternative.ofField(field, values));
    }
    if (c.mask().isZero()) {
      return c.operator().holds(0) ? List.of(Alternative.ALWAYS) : List.of();
    }
    return List.of(Alternative.ofMask(new MaskTest(field, c.operator(), c.value(), c.mask())));
  }

  private static MaskTest vlanTest(Comparison c) throws MatchException {
    // A whole tag of 0 is how OVN writes "no tag" (ovs-fields(7), vlan_tci).
    boolean wholeTag = c.mask().equals(Bits.of(0xffff)) && c.value().isZero();
    if (c.operator().isEquality() && (wholeTag || c.mask().equals(Bits.of(0x1000)))) {
      boolean present = c.value().isZero() ^ (c.operator() == Operator.EQ);
      return new MaskTest(
          Field.VLAN_TCI, Operator.EQ, Bits.of(present ? 0x1000 : 0), Bits.of(0x1000));
    }
    if (!VLAN_PARTS.contains(c.mask())) {
      throw new MatchException(
          "A Linux bridge can look at vlan.present, vlan.vid and vlan.pcp as a whole, not at other"
              + " bits of vlan.tci.",
          1);
    }
    return new MaskTest(Field.VLAN_TCI, c.operator(), c.value(), c.mask());
  }

  /** Joins alternatives that differ in the values of one field, or in the names of one port. */
  private static List<Alternative> merged(List<Alternative> alternatives) {
    if (alternatives.size() < 2) {
      return alternatives;
    }
    Map<Field, List<Intervals.Interval>> singles = new EnumMap<>(Field.class);
    Set<String> inports = new TreeSet<>();
    Set<String> outports = new TreeSet<>();
    Set<Alternative> rest = new LinkedHashSet<>();
    for (Alternative a : alternatives) {
      boolean noMask = a.masks().isEmpty();
      if (noMask && a.fields().size() == 1 && a.inports().isEmpty() && a.outports().isEmpty()) {
        Field field = a.fields().keySet().iterator().next();
        singles.computeIfAbsent(field, f -> new ArrayList<>()).addAll(a.fields().get(field).list());
      } else if (noMask
          && a.fields().isEmpty()
          && a.inports().isPresent()
          && a.outports().isEmpty()) {
        inports.addAll(a.inports().get());
      } else if (noMask
          && a.fields().isEmpty()
          && a.inports().isEmpty()
          && a.outports().isPresent()) {
        outports.addAll(a.outports().get());
      } else {
        rest.add(a);
      }
    }
    List<Alternative> result = new ArrayList<>();
    singles.forEach(
        (field, intervals) -> result.add(Alternative.ofField(field, Intervals.union(intervals))));
    if (!inports.isEmpty()) {
      result.add(new Alternative(Map.of(), List.of(), Optional.of(inports), Optional.empty()));
    }
    if (!outports.isEmpty()) {
      result.add(new Alternative(Map.of(), List.of(), Optional.empty(), Optional.of(outports)));
    }
    result.addAll(rest);
    return result;
  }
}
