// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.match;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.ovirt.isolatedports.policy.address.Bits;
import org.ovirt.isolatedports.policy.match.Expression.Operator;

/** A set of numbers as intervals, sorted, apart from each other, ends included. */
public record Intervals(List<Interval> list) {

  /** The numbers from one to another. */
  public record Interval(Bits first, Bits last) {
    public boolean isSingle() {
      return first.equals(last);
    }

    public boolean contains(Bits value) {
      return first.compareTo(value) <= 0 && value.compareTo(last) <= 0;
    }

    public boolean overlaps(Interval other) {
      return first.compareTo(other.last) <= 0 && other.first.compareTo(last) <= 0;
    }

    /** How many leading bits all its numbers share, if it is all the numbers that do; else -1. */
    public int prefixLength(int width) {
      Bits differing = new Bits(first.high() ^ last.high(), first.low() ^ last.low());
      int host = differing.bitLength();
      boolean aligned = first.and(Bits.ones(host)).isZero() && differing.equals(Bits.ones(host));
      return aligned ? width - host : -1;
    }
  }

  public Intervals {
    list = List.copyOf(list);
  }

  public static Intervals of(Bits first, Bits last) {
    return new Intervals(List.of(new Interval(first, last)));
  }

  public static Intervals single(Bits value) {
    return of(value, value);
  }

  /** The numbers of a width for which {@code x OPERATOR value} holds on the prefix {@code mask}. */
  static Intervals comparing(Operator operator, Bits value, Bits mask, int width) {
    Bits top = Bits.ones(width);
    Bits end = value.or(mask.complement(width));
    return switch (operator) {
      case EQ -> of(value, end);
      case NE -> of(value, end).complement(width);
      case LT -> value.isZero() ? new Intervals(List.of()) : of(Bits.ZERO, value.previous());
      case LE -> of(Bits.ZERO, end);
      case GT -> end.equals(top) ? new Intervals(List.of()) : of(end.next(), top);
      case GE -> of(value, top);
    };
  }

  /** The union of intervals given in any order. */
  public static Intervals union(List<Interval> intervals) {
    List<Interval> sorted = new ArrayList<>(intervals);
    sorted.sort(Comparator.comparing(Interval::first));
    List<Interval> merged = new ArrayList<>();
    for (Interval next : sorted) {
      Interval last = merged.isEmpty() ? null : merged.get(merged.size() - 1);
      if (last != null && touches(last, next)) {
        Bits end = last.last().compareTo(next.last()) >= 0 ? last.last() : next.last();
        merged.set(merged.size() - 1, new Interval(last.first(), end));
      } else {
        merged.add(next);
      }
    }
    return new Intervals(merged);
  }

  private static boolean touches(Interval before, Interval after) {
    Bits end = before.last().next();
    return end.isZero() || after.first().compareTo(end) <= 0;
  }

  public Intervals intersect(Intervals other) {
    List<Interval> result = new ArrayList<>();
    int i = 0;
    int j = 0;
    while (i < list.size() && j < other.list.size()) {
      Interval a = list.get(i);
      Interval b = other.list.get(j);
      Bits first = a.first().compareTo(b.first()) >= 0 ? a.first() : b.first();
      Bits last = a.last().compareTo(b.last()) <= 0 ? a.last() : b.last();
      if (first.compareTo(last) <= 0) {
        result.add(new Interval(first, last));
      }
      if (a.last().compareTo(b.last()) < 0) {
        i++;
      } else {
        j++;
      }
    }
    return new Intervals(result);
  }

  public Intervals complement(int width) {
    List<Interval> result = new ArrayList<>();
    Bits top = Bits.ones(width);
    Bits from = Bits.ZERO;
    for (Interval interval : list) {
      if (from.compareTo(interval.first()) < 0) {
        result.add(new Interval(from, interval.first().previous()));
      }
      if (interval.last().equals(top)) {
        return new Intervals(result);
      }
      from = interval.last().next();
    }
    result.add(new Interval(from, top));
    return new Intervals(result);
  }

  public Intervals minus(Intervals other, int width) {
    return intersect(other.complement(width));
  }

  public boolean contains(Bits value) {
    int low = 0;
    int high = list.size() - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      Interval interval = list.get(middle);
      if (value.compareTo(interval.first()) < 0) {
        high = middle - 1;
      } else if (value.compareTo(interval.last()) > 0) {
        low = middle + 1;
      } else {
        return true;
      }
    }
    return false;
  }

  public boolean containsAll(Intervals other) {
    return intersect(other).equals(other);
  }

  public boolean isEmpty() {
    return list.isEmpty();
  }

  public boolean isEverything(int width) {
    return list.size() == 1
        && list.get(0).first().isZero()
        && list.get(0).last().equals(Bits.ones(width));
  }
}
