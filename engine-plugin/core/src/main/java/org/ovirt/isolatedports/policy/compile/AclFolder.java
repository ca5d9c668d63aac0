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
import org.ovirt.isolatedports.policy.address.Bits;
import org.ovirt.isolatedports.policy.match.Field;
import org.ovirt.isolatedports.policy.match.Intervals;

/**
 * Folds rules, given highest priority first, into verdict maps.
 *
 * <p>A rule becomes elements: one value or block for each of its fields. Elements whose fields and
 * prefix lengths are alike (a shape) are equal or disjoint, which hashing tells. An element goes
 * into a map of its fields that comes after every map with an element that overlaps it and says
 * something else, or is of the same fields, since one map takes no two that overlap. What a rule of
 * higher priority covers never matches and is left out. So the order of priorities is kept wherever
 * it matters, and the number of maps grows with how deep rules that disagree overlap, not with how
 * many rules there are.
 */
final class AclFolder {

  /** More groups than this side by side would make each rule cost too much to place. */
  private static final int MAX_GROUPS = 60;

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

  private record RuleStep(Nft.Rule rule, Nft.Verdict verdict, int order) implements Step {}

  /** What a map's element says, and how high it stands, see {@link #order}. */
  private record Placed(List<Integer> prefixes, Nft.Verdict verdict, int order) {}

  /** An element, wherever it is. */
  private record Item(Shape shape, List<Bits> key) {}

  /** Elements of a shape that say the same. */
  private record Group(Shape shape, Nft.Verdict verdict) {}

  /** For one shape: at which step an element with given leading bits was put last. */
  private static final class Seen {
    private final List<List<Bits>> keys = new ArrayList<>();
    private final List<Integer> steps = new ArrayList<>();
    private final IdentityHashMap<Shape, Map<List<Bits>, Integer>> latestFor =
        new IdentityHashMap<>();
  }

  private final Map<KindKey, MapKind> kinds = new HashMap<>();
  private final IdentityHashMap<MapKind, Map<List<Integer>, Shape>> shapesOfKind =
      new IdentityHashMap<>();
  private final List<Step> steps = new ArrayList<>();
  private final Map<Group, Seen> groups = new LinkedHashMap<>();
  private final IdentityHashMap<MapKind, List<Integer>> stepsOfKind = new IdentityHashMap<>();
  private final List<Item> leftOut = new ArrayList<>();
  private int barrier = 0;

  /** Which of two rules decides: the higher, and of one priority the one that does not allow. */
  private static int order(int priority, Nft.Verdict verdict) {
    return 2 * priority + (verdict.equals(Nft.Verdict.RETURN) ? 0 : 1);
  }

  /** Adds a rule below all those added before. */
  void add(Variant variant, int priority, Nft.Verdict verdict, Supplier<Nft.Rule> whole) {
    int order = order(priority, verdict);
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
      steps.add(new RuleStep(whole.get(), verdict, order));
      startAnew();
      return;
    }
    MapKind kind = kind(variant);
    place(kind, blocks, 0, new ArrayList<>(), verdict, order);
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
    groups.clear();
    stepsOfKind.clear();
  }

  /** Places each combination of blocks; as deep as a rule has fields. */
  private void place(
      MapKind kind,
      List<List<Intervals.Interval>> blocks,
      int index,
      List<Intervals.Interval> chosen,
      Nft.Verdict verdict,
      int order) {
    if (index == blocks.size()) {
      placeElement(kind, chosen, verdict, order);
      return;
    }
    for (Intervals.Interval block : blocks.get(index)) {
      chosen.add(block);
      place(kind, blocks, index + 1, chosen, verdict, order);
      chosen.remove(chosen.size() - 1);
    }
  }

  private void placeElement(
      MapKind kind, List<Intervals.Interval> element, Nft.Verdict verdict, int order) {
    Item item = item(kind, element);
    Shape shape = item.shape();
    List<Bits> key = item.key();
    Group own = new Group(shape, verdict);
    if (!groups.containsKey(own) && groups.size() >= MAX_GROUPS) {
      startAnew();
    }
    int after = barrier - 1;
    for (Map.Entry<Group, Seen> entry : groups.entrySet()) {
      Shape other = entry.getKey().shape();
      if (other.kind().guard().disjointFrom(kind.guard())) {
        continue;
      }
      Integer latest = latest(other, entry.getValue(), shape, key);
      if (latest != null) {
        if (covers(other, shape)) {
          leftOut.add(item);
          return;
        }
        if (mattersTo(other.kind(), entry.getKey().verdict(), kind, verdict)) {
          after = Math.max(after, latest);
        }
      }
    }
    put(own, key, order, after);
  }

  /** Whether two overlapping elements must keep their order. */
  private static boolean mattersTo(
      MapKind one, Nft.Verdict verdict, MapKind other, Nft.Verdict otherVerdict) {
    return one.equals(other) || !verdict.equals(otherVerdict);
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

  private void put(Group group, List<Bits> key, int order, int after) {
    Shape shape = group.shape();
    List<Integer> candidates = stepsOfKind.computeIfAbsent(shape.kind(), k -> new ArrayList<>());
    int step = -1;
    for (int candidate : candidates) {
      if (candidate > after) {
        step = candidate;
        break;
      }
    }
    if (step < 0) {
      step = steps.size();
      steps.add(new MapStep(shape.kind()));
      candidates.add(step);
    }
    ((MapStep) steps.get(step))
        .elements.put(key, new Placed(shape.prefixes(), group.verdict(), order));
    Seen seen = groups.computeIfAbsent(group, g -> new Seen());
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
   * Puts one rule of a priority in another's place without folding all anew, where both are one
   * element, nothing was left out because of the old one, and there is a map at a place where the
   * new one keeps its order with all it overlaps. The result means what folding anew would mean,
   * though the elements may be spread over the maps in another way.
   */
  Optional<Swap> swap(
      Variant old, Nft.Verdict was, Variant now, Nft.Verdict verdict, int priority) {
    Optional<Item> before = onlyItem(old);
    Optional<Item> after = onlyItem(now);
    if (before.isEmpty() || after.isEmpty()) {
      return Optional.empty();
    }
    Item gone = before.get();
    Item come = after.get();
    Optional<MapStep> source =
        stepOf(gone, new Placed(gone.shape().prefixes(), was, order(priority, was)));
    if (source.isEmpty()
        || leftOut.stream()
            .anyMatch(
                item ->
                    overlap(gone, item.shape(), item.key())
                        && covers(gone.shape(), item.shape()))) {
      return Optional.empty();
    }
    return stepFor(come, verdict, order(priority, verdict), source.get(), gone)
        .map(
            target ->
                new Swap(
                    source.get().name,
                    new Nft.Element(keyOf(gone), Optional.of(was)),
                    target.name,
                    new Nft.Element(keyOf(come), Optional.of(verdict)),
                    () -> {
                      source.get().elements.remove(gone.key());
                      target.elements.put(
                          come.key(),
                          new Placed(come.shape().prefixes(), verdict, order(priority, verdict)));
                    }));
  }

  private Optional<MapStep> stepOf(Item item, Placed placed) {
    for (Step step : steps) {
      if (step instanceof MapStep map
          && map.kind.equals(item.shape().kind())
          && placed.equals(map.elements.get(item.key()))) {
        return Optional.of(map);
      }
    }
    return Optional.empty();
  }

  /** A map below all that must stay above an element, and above all that must stay below it. */
  private Optional<MapStep> stepFor(
      Item item, Nft.Verdict verdict, int order, MapStep source, Item gone) {
    int lowest = -1;
    int highest = steps.size();
    for (int i = 0; i < steps.size(); i++) {
      if (steps.get(i) instanceof RuleStep rule) {
        if (!rule.verdict().equals(verdict)) {
          lowest = rule.order() > order ? i : lowest;
          highest = rule.order() < order ? Math.min(highest, i) : highest;
        }
        continue;
      }
      MapStep map = (MapStep) steps.get(i);
      if (map.kind.guard().disjointFrom(item.shape().kind().guard())) {
        continue;
      }
      for (Map.Entry<List<Bits>, Placed> entry : map.elements.entrySet()) {
        Placed placed = entry.getValue();
        boolean leaves = map == source && entry.getKey().equals(gone.key());
        if (leaves
            || !mattersTo(map.kind, placed.verdict(), item.shape().kind(), verdict)
            || !overlap(item, map.kind, placed.prefixes(), entry.getKey())) {
          continue;
        }
        lowest = placed.order() >= order ? i : lowest;
        highest = placed.order() < order ? Math.min(highest, i) : highest;
      }
    }
    for (int i = lowest + 1; i < highest; i++) {
      if (steps.get(i) instanceof MapStep map && map.kind.equals(item.shape().kind())) {
        return Optional.of(map);
      }
    }
    return Optional.empty();
  }

  private static boolean overlap(Item item, Shape shape, List<Bits> key) {
    return !shape.kind().guard().disjointFrom(item.shape().kind().guard())
        && overlap(item, shape.kind(), shape.prefixes(), key);
  }

  /** Whether two elements, of frames that can be the same, have a frame in common. */
  private static boolean overlap(Item item, MapKind kind, List<Integer> prefixes, List<Bits> key) {
    List<Field> fields = kind.fields();
    for (int i = 0; i < fields.size(); i++) {
      int place = item.shape().kind().fields().indexOf(fields.get(i));
      if (place >= 0) {
        int prefix = Math.min(prefixes.get(i), item.shape().prefixes().get(place));
        Bits mask = Bits.prefixMask(prefix, fields.get(i).width());
        if (!key.get(i).and(mask).equals(item.key().get(place).and(mask))) {
          return false;
        }
      }
    }
    return true;
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
