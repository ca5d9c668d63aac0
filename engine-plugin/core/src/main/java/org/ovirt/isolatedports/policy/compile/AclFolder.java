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
import org.ovirt.isolatedports.policy.compile.Elements.Item;
import org.ovirt.isolatedports.policy.compile.Elements.MapKind;
import org.ovirt.isolatedports.policy.compile.Elements.Shape;
import org.ovirt.isolatedports.policy.compile.VerdictMaps.MapStep;
import org.ovirt.isolatedports.policy.compile.VerdictMaps.Placed;
import org.ovirt.isolatedports.policy.compile.VerdictMaps.RuleStep;
import org.ovirt.isolatedports.policy.compile.VerdictMaps.Step;
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

  /** Elements of a shape that say the same. */
  private record Group(Shape shape, Nft.Verdict verdict) {}

  /** For one shape: at which step an element with given leading bits was put last. */
  private static final class Seen {
    private final List<List<Bits>> keys = new ArrayList<>();
    private final List<Integer> steps = new ArrayList<>();
    private final IdentityHashMap<Shape, Map<List<Bits>, Integer>> latestFor =
        new IdentityHashMap<>();
  }

  private final Elements elements = new Elements();
  private final List<Step> steps = new ArrayList<>();
  private final Map<Group, Seen> groups = new LinkedHashMap<>();
  private final IdentityHashMap<MapKind, List<Integer>> stepsOfKind = new IdentityHashMap<>();
  private final List<Item> leftOut = new ArrayList<>();
  private int barrier = 0;

  /** Which of two rules decides: the higher, and of one priority the one that does not allow. */
  static int order(int priority, Nft.Verdict verdict) {
    return 2 * priority + (verdict.equals(Nft.Verdict.RETURN) ? 0 : 1);
  }

  /** Adds a rule below all those added before. */
  void add(Variant variant, int priority, Nft.Verdict verdict, Supplier<Nft.Rule> whole) {
    int order = order(priority, verdict);
    List<List<Intervals.Interval>> blocks = new ArrayList<>();
    long product = 1;
    if (variant.foldable()) {
      for (Map.Entry<Field, Intervals> entry : variant.keys().entrySet()) {
        List<Intervals.Interval> split = Elements.blocks(entry.getValue(), entry.getKey().width());
        blocks.add(split);
        product = Math.min(product * split.size(), MAX_ELEMENTS + 1L);
      }
    }
    if (!variant.foldable() || product > MAX_ELEMENTS) {
      steps.add(new RuleStep(whole.get(), verdict, order));
      startAnew();
      return;
    }
    MapKind kind = elements.kind(variant);
    place(kind, blocks, 0, new ArrayList<>(), verdict, order);
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
    Item item = elements.item(kind, element);
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
        if (Elements.covers(other, shape)) {
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

  /** The last step with an element of a shape that overlaps an element of another. */
  private static Integer latest(Shape seenShape, Seen seen, Shape shape, List<Bits> key) {
    Map<List<Bits>, Integer> table = seen.latestFor.get(shape);
    if (table == null) {
      table = new HashMap<>();
      for (int i = 0; i < seen.keys.size(); i++) {
        table.merge(
            Elements.common(seenShape, shape, seen.keys.get(i)), seen.steps.get(i), Math::max);
      }
      seen.latestFor.put(shape, table);
    }
    return table.get(Elements.common(shape, seenShape, key));
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
      table.getValue().merge(Elements.common(shape, table.getKey(), key), step, Math::max);
    }
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
    Optional<Item> before = elements.onlyItem(old);
    Optional<Item> after = elements.onlyItem(now);
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
                    Elements.overlap(gone, item.shape(), item.key())
                        && Elements.covers(gone.shape(), item.shape()))) {
      return Optional.empty();
    }
    return stepFor(come, verdict, order(priority, verdict), source.get(), gone)
        .map(
            target ->
                new Swap(
                    source.get().name,
                    new Nft.Element(VerdictMaps.keyOf(gone), Optional.of(was)),
                    target.name,
                    new Nft.Element(VerdictMaps.keyOf(come), Optional.of(verdict)),
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
            || !Elements.overlap(item, map.kind, placed.prefixes(), entry.getKey())) {
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

  /** Writes the chain and its maps, whose names start with the chain's. */
  void write(Ruleset ruleset, Ruleset.Chain chain) {
    VerdictMaps.write(steps, ruleset, chain);
  }
}
