// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.match;

import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.ovirt.isolatedports.policy.address.Bits;
import org.ovirt.isolatedports.policy.match.Expression.Operator;

/**
 * One way in which a match can hold: all of these at once.
 *
 * @param fields numbers that a field may have; a field that may have any is not listed
 * @param masks tests of single bits of a field
 * @param inports names of which the port of entry must be one, if it matters
 * @param outports names of which the port of exit must be one, if it matters
 */
public record Alternative(
    Map<Field, Intervals> fields,
    List<MaskTest> masks,
    Optional<Set<String>> inports,
    Optional<Set<String>> outports) {

  /** A comparison of some bits of a field. */
  public record MaskTest(Field field, Operator operator, Bits value, Bits mask) {}

  static final Alternative ALWAYS =
      new Alternative(Map.of(), List.of(), Optional.empty(), Optional.empty());

  public Alternative {
    // In the order of the fields, so that whatever is made of it is always the same.
    EnumMap<Field, Intervals> ordered = new EnumMap<>(Field.class);
    ordered.putAll(fields);
    fields = Collections.unmodifiableMap(ordered);
    masks = List.copyOf(masks);
  }

  static Alternative ofField(Field field, Intervals values) {
    Map<Field, Intervals> fields =
        values.isEverything(field.width()) ? Map.of() : Map.of(field, values);
    return new Alternative(fields, List.of(), Optional.empty(), Optional.empty());
  }

  static Alternative ofMask(MaskTest test) {
    return new Alternative(Map.of(), List.of(test), Optional.empty(), Optional.empty());
  }

  static Alternative ofPort(boolean inport, String name) {
    Optional<Set<String>> names = Optional.of(Set.of(name));
    return new Alternative(
        Map.of(), List.of(), inport ? names : Optional.empty(), inport ? Optional.empty() : names);
  }

  /** What holds if both do; empty if both cannot. */
  public Optional<Alternative> and(Alternative other) {
    Map<Field, Intervals> both = new EnumMap<>(Field.class);
    both.putAll(fields);
    for (Map.Entry<Field, Intervals> entry : other.fields.entrySet()) {
      Intervals mine = both.get(entry.getKey());
      Intervals common = mine == null ? entry.getValue() : mine.intersect(entry.getValue());
      if (common.isEmpty()) {
        return Optional.empty();
      }
      both.put(entry.getKey(), common);
    }
    Optional<Set<String>> in = common(inports, other.inports);
    Optional<Set<String>> out = common(outports, other.outports);
    if (in.filter(Set::isEmpty).isPresent() || out.filter(Set::isEmpty).isPresent()) {
      return Optional.empty();
    }
    List<MaskTest> tests = new ArrayList<>(masks);
    for (MaskTest test : other.masks) {
      if (!tests.contains(test)) {
        tests.add(test);
      }
    }
    return Optional.of(new Alternative(both, tests, in, out));
  }

  private static Optional<Set<String>> common(Optional<Set<String>> a, Optional<Set<String>> b) {
    if (a.isEmpty() || b.isEmpty()) {
      return a.or(() -> b);
    }
    Set<String> names = new TreeSet<>(a.get());
    names.retainAll(b.get());
    return Optional.of(names);
  }

  /** Whether every frame for which the other holds is one for which this holds. */
  public boolean covers(Alternative other) {
    for (Map.Entry<Field, Intervals> entry : fields.entrySet()) {
      Intervals theirs = other.fields.get(entry.getKey());
      if (theirs == null || !entry.getValue().containsAll(theirs)) {
        return false;
      }
    }
    return other.masks.containsAll(masks)
        && coversNames(inports, other.inports)
        && coversNames(outports, other.outports);
  }

  private static boolean coversNames(Optional<Set<String>> mine, Optional<Set<String>> theirs) {
    return mine.isEmpty() || (theirs.isPresent() && mine.get().containsAll(theirs.get()));
  }
}
