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

  /** An element as the key of a map. */
  static Nft keyOf(Item item) {
    List<Nft> parts = new ArrayList<>();
    List<Field> fields = item.shape().kind().fields();
    for (int i = 0; i < fields.size(); i++) {
      parts.add(block(fields.get(i), item.key().get(i), item.shape().prefixes().get(i)));
    }
    return Nft.key(parts);
  }
}
