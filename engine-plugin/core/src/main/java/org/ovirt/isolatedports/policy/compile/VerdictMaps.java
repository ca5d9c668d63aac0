// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.compile;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.ovirt.isolatedports.policy.address.Bits;
import org.ovirt.isolatedports.policy.compile.Elements.Item;
import org.ovirt.isolatedports.policy.compile.Elements.MapKind;
import org.ovirt.isolatedports.policy.match.Field;
import org.ovirt.isolatedports.policy.match.Intervals;

/** The chain that rules are folded into, and how it is written: maps of verdicts, and rules. */
final class VerdictMaps {

  private VerdictMaps() {}

  /** Steps of the chain: maps, and rules that could not be folded. */
  sealed interface Step {}

  static final class MapStep implements Step {
    final MapKind kind;
    final Map<List<Bits>, Placed> elements = new LinkedHashMap<>();
    String name = "";

    MapStep(MapKind kind) {
      this.kind = kind;
    }
  }

  record RuleStep(Nft.Rule rule, Nft.Verdict verdict, int order) implements Step {}

  /** What a map's element says, and how high it stands, see {@link AclFolder#order}. */
  record Placed(List<Integer> prefixes, Nft.Verdict verdict, int order) {}

  /** Writes the chain and its maps, whose names start with the chain's. */
  static void write(List<Step> steps, Ruleset ruleset, Ruleset.Chain chain) {
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
    NftSet set =
        ruleset.map(
            name.toString(),
            interval,
            fields.stream().map(f -> Fields.keyType(f).orElseThrow()).toList());
    if (interval && fields.size() > 1) {
      writeRanges(set, map);
    } else {
      map.elements.forEach(
          (key, placed) ->
              set.add(keyOf(fields, fields.size(), key, placed.prefixes()), placed.verdict()));
    }
    List<Nft> statements = new ArrayList<>(kind.guards());
    List<Nft> expressions = new ArrayList<>();
    fields.forEach(field -> expressions.add(Fields.expression(field, false)));
    statements.add(new Nft.Lookup(Nft.key(expressions), set.name()));
    chain.rules().add(new Nft.Rule(statements, ""));
  }

  /**
   * Blocks that follow one another in the last field and say the same are one element, as a range
   * of ports is one for who reads it: the kernel takes ranges in each part of a key, and the time
   * it takes to load a map goes by its elements.
   */
  private static void writeRanges(NftSet set, MapStep map) {
    List<Field> fields = map.kind.fields();
    int last = fields.size() - 1;
    Field field = fields.get(last);
    Map<Nft, Map<Nft.Verdict, List<Intervals.Interval>>> ranges = new LinkedHashMap<>();
    map.elements.forEach(
        (key, placed) ->
            ranges
                .computeIfAbsent(
                    keyOf(fields, last, key, placed.prefixes()), k -> new LinkedHashMap<>())
                .computeIfAbsent(placed.verdict(), v -> new ArrayList<>())
                .add(interval(field, key.get(last), placed.prefixes().get(last))));
    ranges.forEach(
        (others, verdicts) ->
            verdicts.forEach(
                (verdict, list) -> {
                  for (Intervals.Interval range : Intervals.union(list).list()) {
                    List<Nft> parts =
                        new ArrayList<>(
                            others instanceof Nft.Concat concat ? concat.parts() : List.of(others));
                    parts.add(Fields.element(field, range));
                    set.add(Nft.key(parts), verdict);
                  }
                }));
  }

  private static Nft keyOf(List<Field> fields, int count, List<Bits> key, List<Integer> prefixes) {
    List<Nft> parts = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      parts.add(block(fields.get(i), key.get(i), prefixes.get(i)));
    }
    return Nft.key(parts);
  }

  private static Intervals.Interval interval(Field field, Bits first, int prefix) {
    int width = field.width();
    return new Intervals.Interval(
        first, first.or(Bits.prefixMask(prefix, width).complement(width)));
  }

  private static Nft block(Field field, Bits first, int prefix) {
    return Fields.element(field, interval(field, first, prefix));
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

  /** An element as the key of a map. */
  static Nft keyOf(Item item) {
    List<Field> fields = item.shape().kind().fields();
    return keyOf(fields, fields.size(), item.key(), item.shape().prefixes());
  }
}
