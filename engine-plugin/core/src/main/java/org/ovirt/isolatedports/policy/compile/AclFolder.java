// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.compile;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.ovirt.isolatedports.policy.match.Bits;
import org.ovirt.isolatedports.policy.match.Field;
import org.ovirt.isolatedports.policy.match.Intervals;

/**
 * Folds rules, given highest priority first, into verdict maps.
 *
 * <p>A rule becomes elements: one value or block for each of its fields. Elements whose fields and
 * prefix lengths are alike (a shape) are equal or disjoint, which hashing tells. An element goes
 * into a map of its fields that comes after every map with an element that overlaps it; where all
 * that overlaps is covered by a rule of higher priority, the element never matches and is left out.
 * So the order of priorities is kept wherever it matters and the number of maps grows with how deep
 * rules overlap, not with how many there are.
 */
final class AclFolder {

  /** More shapes than this side by side would make each rule cost too much to place. */
  private static final int MAX_SHAPES = 40;

  /** A rule that becomes more elements than this stays a rule, with sets. */
  private static final int MAX_ELEMENTS = 128;

  /** What a map looks at: conditions that come before it, and the fields of its key. */
  private record MapKind(List<Nft.Match> guards, Guard guard, List<Field> fields) {}

  /** The frames a map is about, as far as two maps can be told to be about different ones. */
  private record Guard(Optional<Intervals> frames, Optional<Integer> protocol) {
    boolean disjointFrom(Guard other) {
      boolean frame =
          frames.isPresent()
              && other.frames.isPresent()
              && frames.get().intersect(other.frames.get()).isEmpty();
      boolean otherProtocol =
          protocol.isPresent() && other.protocol.isPresent() && !protocol.equals(other.protocol);
      return frame || otherProtocol;
    }
  }

  /** Kind and prefix lengths: elements of a shape are equal or disjoint. */
  private record Shape(MapKind kind, List<Integer> prefixes) {}

  /** Steps of the chain: maps, and rules that could not be folded. */
  private sealed interface Step {}

  private record MapStep(MapKind kind, Map<List<Bits>, Placed> elements) implements Step {}

  private record RuleStep(Nft.Rule rule) implements Step {}

  private record Placed(List<Integer> prefixes, Nft.Verdict verdict) {}

  /** For one shape: at which step an element with given leading bits was put last. */
  private static final class Seen {
    private final List<List<Bits>> keys = new ArrayList<>();
    private final List<Integer> steps = new ArrayList<>();
    private final Map<Shape, Map<List<Bits>, Integer>> latestFor = new HashMap<>();
  }

  private final List<Step> steps = new ArrayList<>();
  private final Map<Shape, Seen> shapes = new LinkedHashMap<>();
  private final Map<MapKind, List<Integer>> stepsOfKind = new HashMap<>();
  private int barrier = 0;

  /** Adds a rule below all those added before. */
  void add(Variant variant, Nft.Verdict verdict, Nft.Rule whole) {
    List<List<Intervals.Interval>> blocks = new ArrayList<>();
    long product = 1;
    if (variant.foldable()) {
      for (Map.Entry<Field, Intervals> entry : variant.keys().entrySet()) {
        List<Intervals.Interval> split = blocks(entry.getValue(), entry.getKey().width());
        blocks.add(split);
        product = Math.min(product * split.size(), MAX_ELEMENTS + 1L);
      }
    }
    if (!variant.foldable() || product > MAX_ELEMENTS) {
      steps.add(new RuleStep(whole));
      startAnew();
      return;
    }
    MapKind kind =
        new MapKind(
            variant.guards(),
            new Guard(variant.frames(), variant.protocol()),
            List.copyOf(variant.keys().keySet()));
    place(kind, blocks, 0, new ArrayList<>(), verdict);
  }

  /** What comes now stays below everything so far. */
  private void startAnew() {
    barrier = steps.size();
    shapes.clear();
    stepsOfKind.clear();
  }

  /** Places each combination of blocks; as deep as a rule has fields. */
  private void place(
      MapKind kind,
      List<List<Intervals.Interval>> blocks,
      int index,
      List<Intervals.Interval> chosen,
      Nft.Verdict verdict) {
    if (index == blocks.size()) {
      placeElement(kind, chosen, verdict);
      return;
    }
    for (Intervals.Interval block : blocks.get(index)) {
      chosen.add(block);
      place(kind, blocks, index + 1, chosen, verdict);
      chosen.remove(chosen.size() - 1);
    }
  }

  private void placeElement(MapKind kind, List<Intervals.Interval> element, Nft.Verdict verdict) {
    List<Bits> key = new ArrayList<>(element.size());
    List<Integer> prefixes = new ArrayList<>(element.size());
    for (int i = 0; i < element.size(); i++) {
      key.add(element.get(i).first());
      prefixes.add(element.get(i).prefixLength(kind.fields().get(i).width()));
    }
    Shape shape = new Shape(kind, List.copyOf(prefixes));
    if (!shapes.containsKey(shape) && shapes.size() >= MAX_SHAPES) {
      startAnew();
    }
    int after = barrier - 1;
    for (Map.Entry<Shape, Seen> entry : shapes.entrySet()) {
      Shape other = entry.getKey();
      if (other.kind().guard().disjointFrom(kind.guard())) {
        continue;
      }
      Integer latest = latest(other, entry.getValue(), shape, key);
      if (latest != null) {
        if (covers(other, shape)) {
          return;
        }
        after = Math.max(after, latest);
      }
    }
    put(shape, kind, key, verdict, after);
  }

  /** Whether an element of a shape, where it overlaps one of another, holds all of it. */
  private static boolean covers(Shape outer, Shape inner) {
    boolean guards =
        outer.kind().guard().equals(inner.kind().guard())
            || (outer.kind().guard().protocol().isEmpty()
                && outer.kind().guard().frames().isPresent()
                && outer.kind().guard().frames().equals(inner.kind().guard().frames()));
    if (!guards) {
      return false;
    }
    for (int i = 0; i < outer.prefixes().size(); i++) {
      int place = inner.kind().fields().indexOf(outer.kind().fields().get(i));
      if (place < 0 || inner.prefixes().get(place) < outer.prefixes().get(i)) {
        return false;
      }
    }
    return true;
  }

  /** The last step with an element of a shape that overlaps an element of another. */
  private static Integer latest(Shape seenShape, Seen seen, Shape shape, List<Bits> key) {
    Map<List<Bits>, Integer> table = seen.latestFor.get(shape);
    if (table == null) {
      table = new HashMap<>();
      for (int i = 0; i < seen.keys.size(); i++) {
        table.merge(common(seenShape, shape, seen.keys.get(i)), seen.steps.get(i), Math::max);
      }
      seen.latestFor.put(shape, table);
    }
    return table.get(common(shape, seenShape, key));
  }

  /** The bits of a key of one shape that elements of another shape have too, in field order. */
  private static List<Bits> common(Shape own, Shape other, List<Bits> key) {
    if (own.equals(other)) {
      return key;
    }
    List<Bits> bits = new ArrayList<>(key.size());
    List<Field> fields = own.kind().fields();
    for (int i = 0; i < fields.size(); i++) {
      int place = other.kind().fields().indexOf(fields.get(i));
      if (place >= 0) {
        int prefix = Math.min(own.prefixes().get(i), other.prefixes().get(place));
        bits.add(key.get(i).and(Bits.prefixMask(prefix, fields.get(i).width())));
      }
    }
    return bits;
  }

  private void put(Shape shape, MapKind kind, List<Bits> key, Nft.Verdict verdict, int after) {
    List<Integer> candidates = stepsOfKind.computeIfAbsent(kind, k -> new ArrayList<>());
    int step = -1;
    for (int candidate : candidates) {
      if (candidate > after) {
        step = candidate;
        break;
      }
    }
    if (step < 0) {
      step = steps.size();
      steps.add(new MapStep(kind, new LinkedHashMap<>()));
      candidates.add(step);
    }
    ((MapStep) steps.get(step)).elements().put(key, new Placed(shape.prefixes(), verdict));
    Seen seen = shapes.computeIfAbsent(shape, s -> new Seen());
    seen.keys.add(key);
    seen.steps.add(step);
    for (Map.Entry<Shape, Map<List<Bits>, Integer>> table : seen.latestFor.entrySet()) {
      table.getValue().merge(common(shape, table.getKey(), key), step, Math::max);
    }
  }

  /** Intervals as blocks, each all the numbers with some leading bits. */
  static List<Intervals.Interval> blocks(Intervals values, int width) {
    List<Intervals.Interval> blocks = new ArrayList<>();
    for (Intervals.Interval interval : values.list()) {
      Bits from = interval.first();
      while (true) {
        int host = from.isZero() ? width : Math.min(width, from.trailingZeros());
        Bits last = from.or(Bits.ones(host));
        while (last.compareTo(interval.last()) > 0) {
          host--;
          last = from.or(Bits.ones(host));
        }
        blocks.add(new Intervals.Interval(from, last));
        if (last.equals(interval.last())) {
          break;
        }
        from = last.next();
      }
    }
    return blocks;
  }

  /** Writes the chain and its maps, whose names start with the chain's. */
  void write(Ruleset ruleset, Ruleset.Chain chain) {
    Map<MapKind, Integer> counts = new HashMap<>();
    for (Step step : steps) {
      if (step instanceof RuleStep rule) {
        chain.rules().add(rule.rule());
      } else if (step instanceof MapStep map) {
        writeMap(ruleset, chain, map, counts);
      }
    }
  }

  private static void writeMap(
      Ruleset ruleset, Ruleset.Chain chain, MapStep map, Map<MapKind, Integer> counts) {
    MapKind kind = map.kind();
    List<Field> fields = kind.fields();
    int count = counts.merge(kind, 1, Integer::sum);
    StringBuilder name = new StringBuilder(chain.name());
    name.append('_').append(kindName(kind));
    if (count > 1) {
      name.append('_').append(count);
    }
    boolean interval = false;
    for (Placed placed : map.elements().values()) {
      for (int i = 0; i < fields.size(); i++) {
        interval |= placed.prefixes().get(i) < fields.get(i).width();
      }
    }
    Ruleset.NftSet set =
        ruleset.map(
            name.toString(),
            interval,
            fields.stream().map(f -> Fields.keyType(f).orElseThrow()).toList());
    map.elements()
        .forEach(
            (key, placed) -> {
              List<Nft> parts = new ArrayList<>();
              for (int i = 0; i < fields.size(); i++) {
                parts.add(block(fields.get(i), key.get(i), placed.prefixes().get(i)));
              }
              set.add(Nft.key(parts), placed.verdict());
            });
    List<Nft> statements = new ArrayList<>(kind.guards());
    List<Nft> expressions = new ArrayList<>();
    fields.forEach(field -> expressions.add(Fields.expression(field, false)));
    statements.add(new Nft.Lookup(Nft.key(expressions), set.name()));
    chain.rules().add(new Nft.Rule(statements, ""));
  }

  private static Nft block(Field field, Bits first, int prefix) {
    int width = field.width();
    Bits last = first.or(Bits.prefixMask(prefix, width).complement(width));
    return Fields.element(field, new Intervals.Interval(first, last));
  }

  /** A map's name by what it looks at: the same for the same kind, whatever else there is. */
  private static String kindName(MapKind kind) {
    StringBuilder name = new StringBuilder();
    kind.guard()
        .frames()
        .ifPresent(
            frames -> {
              for (Intervals.Interval interval : frames.list()) {
                name.append(Long.toHexString(interval.first().low())).append('_');
                if (!interval.isSingle()) {
                  name.append("to").append(Long.toHexString(interval.last().low())).append('_');
                }
              }
            });
    kind.guard().protocol().ifPresent(p -> name.append('p').append(p).append('_'));
    for (Field field : kind.fields()) {
      name.append(field.ovnName().replace(".", "")).append('_');
    }
    return name.substring(0, name.length() - 1);
  }
}
