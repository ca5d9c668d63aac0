// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.compile;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.ovirt.isolatedports.policy.address.Bits;
import org.ovirt.isolatedports.policy.match.Field;
import org.ovirt.isolatedports.policy.match.Intervals;

/**
 * What rules are taken apart into before they are folded: elements of maps, each with the kind of
 * map it belongs to, and how two of them lie to each other.
 */
final class Elements {

  /** What a map looks at: conditions that come before it, and the fields of its key. */
  record MapKind(List<Nft.Match> guards, Guard guard, List<Field> fields) {}

  /** What makes two kinds the same, without what follows from it. */
  record KindKey(Guard guard, List<Field> fields) {}

  /** The frames a map is about, as far as two maps can be told to be about different ones. */
  record Guard(Optional<Intervals> frames, Optional<Integer> protocol) {
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
  static final class Shape {
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

  /** An element, wherever it is. */
  record Item(Shape shape, List<Bits> key) {}

  private final Map<KindKey, MapKind> kinds = new HashMap<>();
  private final IdentityHashMap<MapKind, Map<List<Integer>, Shape>> shapesOfKind =
      new IdentityHashMap<>();

  MapKind kind(Variant variant) {
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

  /** An element of blocks, one for each field of the kind. */
  Item item(MapKind kind, List<Intervals.Interval> element) {
    List<Bits> key = new ArrayList<>(element.size());
    List<Integer> prefixes = new ArrayList<>(element.size());
    for (int i = 0; i < element.size(); i++) {
      key.add(element.get(i).first());
      prefixes.add(element.get(i).prefixLength(kind.fields().get(i).width()));
    }
    return new Item(shape(kind, prefixes), key);
  }

  /** A rule as the one element it is; none if it is more than one, or does not fold. */
  Optional<Item> onlyItem(Variant variant) {
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

  /** Whether an element of a shape, where it overlaps one of another, holds all of it. */
  static boolean covers(Shape outer, Shape inner) {
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

  /** The bits of a key of one shape that elements of another shape have too, in field order. */
  static List<Bits> common(Shape own, Shape other, List<Bits> key) {
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

  /** Whether two elements have a frame in common. */
  static boolean overlap(Item item, Shape shape, List<Bits> key) {
    return !shape.kind().guard().disjointFrom(item.shape().kind().guard())
        && overlap(item, shape.kind(), shape.prefixes(), key);
  }

  /** Whether two elements, of frames that can be the same, have a frame in common. */
  static boolean overlap(Item item, MapKind kind, List<Integer> prefixes, List<Bits> key) {
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
}
