// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.compile;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
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

  /** What makes two kinds the same, without what follows from it. */
  private record KindKey(Guard guard, List<Field> fields) {}

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

  /**
   * Kind and prefix lengths: elements of a shape are equal or disjoint. There is one object for
   * each, so that the many lookups by shape compare no contents.
   */
  private static final class Shape {
    private final MapKind kind;
    private final List<Integer> prefixes;

    Shape(MapKind kind, List<Integer> prefixes) {
      this.kind = kind;
      this.prefixes = prefixes;
    }

    MapKind kind() {
      return kind;
    }

    List<Integer> prefixes() {
      return prefixes;
    }
  }

  /** Steps of the chain: maps, and rules that could not be folded. */
  private sealed interface Step {}

  private static final class MapStep implements Step {
    private final MapKind kind;
    private final Map<List<Bits>, Placed> elements = new LinkedHashMap<>();
    private String name = "";

    MapStep(MapKind kind) {
      this.kind = kind;
    }
  }

  private record RuleStep(Nft.Rule rule) implements Step {}

  private record Placed(List<Integer> prefixes, Nft.Verdict verdict) {}

  /** An element, wherever it is. */
  private record Item(Shape shape, List<Bits> key) {
    boolean overlaps(Item other) {
      return !shape.kind().guard().disjointFrom(other.shape.kind().guard())
          && common(shape, other.shape, key).equals(common(other.shape, shape, other.key));
    }
  }

  /** For one shape: at which step an element with given leading bits was put last. */
  private static final class Seen {
    private final List<List<Bits>> keys = new ArrayList<>();
    private final List<Integer> steps = new ArrayList<>();
    private final Map<Shape, Map<List<Bits>, Integer>> latestFor = new HashMap<>();
  }

  private final Map<KindKey, MapKind> kinds = new HashMap<>();
  private final IdentityHashMap<MapKind, Map<List<Integer>, Shape>> shapesOfKind =
      new IdentityHashMap<>();
  private final List<Step> steps = new ArrayList<>();
  private final Map<Shape, Seen> shapes = new LinkedHashMap<>();
  private final IdentityHashMap<MapKind, List<Integer>> stepsOfKind = new IdentityHashMap<>();
  private final List<Integer> barriers = new ArrayList<>(List.of(0));
  private final List<Item> leftOut = new ArrayList<>();
  private int barrier = 0;

  /** Adds a rule below all those added before. */
  void add(Variant variant, Nft.Verdict verdict, Supplier<Nft.Rule> whole) {
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
      steps.add(new RuleStep(whole.get()));
      startAnew();
      return;
    }
    MapKind kind = kind(variant);
    place(kind, blocks, 0, new ArrayList<>(), verdict);
  }

  private MapKind kind(Variant variant) {
    Guard guard = new Guard(variant.frames(), variant.protocol());
    List<Field> fields = List.copyOf(variant.keys().keySet());
    return kinds.computeIfAbsent(
        new KindKey(guard, fields), key -> new MapKind(variant.guards(), guard, fields));
  }

  private Shape shape(MapKind kind, List<Integer> prefixes) {
    return shapesOfKind
        .computeIfAbsent(kind, k -> new HashMap<>())
        .computeIfAbsent(List.copyOf(prefixes), p -> new Shape(kind, p));
  }

  /** What comes now stays below everything so far. */
  private void startAnew() {
    barrier = steps.size();
    barriers.add(barrier);
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
    Item item = item(kind, element);
    Shape shape = item.shape();
    List<Bits> key = item.key();
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
          leftOut.add(new Item(shape, key));
          return;
        }
        after = Math.max(after, latest);
      }
    }
    put(shape, kind, key, verdict, after);
  }

  private Item item(MapKind kind, List<Intervals.Interval> element) {
    List<Bits> key = new ArrayList<>(element.size());
    List<Integer> prefixes = new ArrayList<>(element.size());
    for (int i = 0; i < element.size(); i++) {
      key.add(element.get(i).first());
      prefixes.add(element.get(i).prefixLength(kind.fields().get(i).width()));
    }
    return new Item(shape(kind, prefixes), key);
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
      steps.add(new MapStep(kind));
      candidates.add(step);
    }
    ((MapStep) steps.get(step)).elements.put(key, new Placed(shape.prefixes(), verdict));
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

  /**
   * An element that takes another's place.
   *
   * @param map the name of the map that loses one
   * @param newMap the name of the map that gets one
   */
  record Swap(String map, Nft.Element gone, String newMap, Nft.Element come, Runnable remember) {}

  /**
   * Puts one rule in another's place without folding all anew, where both are one element and
   * overlap no other: then nothing else could come out differently, and the result is the one that
   * folding anew would give.
   */
  Optional<Swap> swap(Variant old, Nft.Verdict was, Variant now, Nft.Verdict verdict) {
    Optional<Item> before = onlyItem(old);
    Optional<Item> after = onlyItem(now);
    if (before.isEmpty() || after.isEmpty()) {
      return Optional.empty();
    }
    int place = -1;
    for (int i = 0; i < steps.size(); i++) {
      if (steps.get(i) instanceof MapStep step) {
        Placed placed = step.elements.get(before.get().key());
        boolean own = step.kind.equals(before.get().shape().kind()) && placed != null;
        if (own && placed.prefixes().equals(before.get().shape().prefixes())) {
          place = i;
        }
      }
    }
    if (place < 0 || ((MapStep) steps.get(place)).elements.size() == 1) {
      return Optional.empty();
    }
    Optional<MapStep> target = firstOfKind(after.get().shape().kind(), place);
    if (target.isEmpty() || overlapsOthers(before.get(), after.get())) {
      return Optional.empty();
    }
    MapStep source = (MapStep) steps.get(place);
    Item gone = before.get();
    Item come = after.get();
    return Optional.of(
        new Swap(
            source.name,
            new Nft.Element(keyOf(gone), Optional.of(was)),
            target.get().name,
            new Nft.Element(keyOf(come), Optional.of(verdict)),
            () -> {
              source.elements.remove(gone.key());
              target.get().elements.put(come.key(), new Placed(come.shape().prefixes(), verdict));
            }));
  }

  private Optional<Item> onlyItem(Variant variant) {
    if (!variant.foldable()) {
      return Optional.empty();
    }
    List<Intervals.Interval> element = new ArrayList<>();
    for (Map.Entry<Field, Intervals> entry : variant.keys().entrySet()) {
      List<Intervals.Interval> blocks = blocks(entry.getValue(), entry.getKey().width());
      if (blocks.size() != 1) {
        return Optional.empty();
      }
      element.add(blocks.get(0));
    }
    return Optional.of(item(kind(variant), element));
  }

  /** The first map of a kind between the same two rules as a step. */
  private Optional<MapStep> firstOfKind(MapKind kind, int step) {
    int from = 0;
    int to = steps.size();
    for (int start : barriers) {
      if (start <= step) {
        from = start;
      } else {
        to = Math.min(to, start);
      }
    }
    for (Step candidate : steps.subList(from, to)) {
      if (candidate instanceof MapStep map && map.kind.equals(kind)) {
        return Optional.of(map);
      }
    }
    return Optional.empty();
  }

  private boolean overlapsOthers(Item before, Item after) {
    for (Item item : leftOut) {
      if (item.overlaps(before) || item.overlaps(after)) {
        return true;
      }
    }
    for (Step step : steps) {
      if (step instanceof MapStep map) {
        for (Map.Entry<List<Bits>, Placed> entry : map.elements.entrySet()) {
          Item item = new Item(shape(map.kind, entry.getValue().prefixes()), entry.getKey());
          if (!item.equals(before) && (item.overlaps(before) || item.overlaps(after))) {
            return true;
          }
        }
      }
    }
    return false;
  }

  private static Nft keyOf(Item item) {
    List<Nft> parts = new ArrayList<>();
    List<Field> fields = item.shape().kind().fields();
    for (int i = 0; i < fields.size(); i++) {
      parts.add(block(fields.get(i), item.key().get(i), item.shape().prefixes().get(i)));
    }
    return Nft.key(parts);
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
    MapKind kind = map.kind;
    List<Field> fields = kind.fields();
    int count = counts.merge(kind, 1, Integer::sum);
    StringBuilder name = new StringBuilder(chain.name());
    name.append('_').append(kindName(kind));
    if (count > 1) {
      name.append('_').append(count);
    }
    boolean interval = false;
    for (Placed placed : map.elements.values()) {
      for (int i = 0; i < fields.size(); i++) {
        interval |= placed.prefixes().get(i) < fields.get(i).width();
      }
    }
    map.name = name.toString();
    Ruleset.NftSet set =
        ruleset.map(
            name.toString(),
            interval,
            fields.stream().map(f -> Fields.keyType(f).orElseThrow()).toList());
    map.elements.forEach(
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
