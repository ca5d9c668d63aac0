// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.match;

import java.util.Optional;
import java.util.Set;
import org.ovirt.isolatedports.policy.address.Bits;

/**
 * A frame, as far as matches look at it. A field that was not set counts as 0, as in Open vSwitch;
 * prerequisites keep that from mattering.
 *
 * <p>With {@link #forget(Field)} some fields can be left open; a match then holds, does not hold,
 * or is undecided.
 */
// Arrays by ordinal: a matrix of 1,000 VMs makes two million of these.
@SuppressWarnings("EnumOrdinal")
public final class Packet {

  /** Whether a match holds. */
  public enum Truth {
    YES,
    NO,
    UNDECIDED
  }

  private static final int COUNT = Field.values().length;

  private final long[] high = new long[COUNT];
  private final long[] low = new long[COUNT];
  private long known = -1L;
  private Optional<Set<String>> inport = Optional.empty();
  private Optional<Set<String>> outport = Optional.empty();

  public Packet() {}

  /** A copy that can be changed apart. */
  public Packet copy() {
    Packet copy = new Packet();
    System.arraycopy(high, 0, copy.high, 0, COUNT);
    System.arraycopy(low, 0, copy.low, 0, COUNT);
    copy.known = known;
    copy.inport = inport;
    copy.outport = outport;
    return copy;
  }

  public Packet set(Field field, Bits value) {
    high[field.ordinal()] = value.high();
    low[field.ordinal()] = value.low();
    known |= 1L << field.ordinal();
    return this;
  }

  public Packet set(Field field, long value) {
    return set(field, Bits.of(value));
  }

  public Bits get(Field field) {
    return new Bits(high[field.ordinal()], low[field.ordinal()]);
  }

  /** A field of no more than 64 bits. */
  public long low(Field field) {
    return low[field.ordinal()];
  }

  /** Says by which names the port of entry is known. */
  public Packet inport(Set<String> names) {
    inport = Optional.of(names);
    return this;
  }

  /** Says by which names the port of exit is known. */
  public Packet outport(Set<String> names) {
    outport = Optional.of(names);
    return this;
  }

  public Set<String> inport() {
    return inport.orElse(Set.of());
  }

  public Set<String> outport() {
    return outport.orElse(Set.of());
  }

  /** Leaves a field open. */
  public Packet forget(Field field) {
    known &= ~(1L << field.ordinal());
    return this;
  }

  /** Leaves fields open. */
  public Packet forget(Set<Field> fields) {
    fields.forEach(this::forget);
    return this;
  }

  /** Whether a field was not left open. */
  public boolean knows(Field field) {
    return (known & 1L << field.ordinal()) != 0;
  }

  /** Whether a match holds for this frame; undecided only where fields or ports were left open. */
  public Truth test(Expression expression) {
    if (expression instanceof Expression.Comparison comparison) {
      return test(comparison);
    } else if (expression instanceof Expression.And and) {
      Truth result = Truth.YES;
      for (Expression part : and.parts()) {
        Truth truth = test(part);
        if (truth == Truth.NO) {
          return Truth.NO;
        }
        result = truth == Truth.UNDECIDED ? truth : result;
      }
      return result;
    } else if (expression instanceof Expression.Or or) {
      Truth result = Truth.NO;
      for (Expression part : or.parts()) {
        Truth truth = test(part);
        if (truth == Truth.YES) {
          return Truth.YES;
        }
        result = truth == Truth.UNDECIDED ? truth : result;
      }
      return result;
    } else if (expression instanceof Expression.PortComparison port) {
      Optional<Set<String>> names = port.isInport() ? inport : outport;
      if (names.isEmpty()) {
        return Truth.UNDECIDED;
      }
      boolean equal = names.get().contains(port.name());
      return truth(equal == (port.operator() == Expression.Operator.EQ));
    }
    return truth(((Expression.Constant) expression).value());
  }

  /** Whether a match holds for this frame, all of which is known. */
  public boolean matches(Expression expression) {
    return test(expression) == Truth.YES;
  }

  private Truth test(Expression.Comparison c) {
    int index = c.field().ordinal();
    if ((known & 1L << index) == 0) {
      return Truth.UNDECIDED;
    }
    int order = Long.compareUnsigned(high[index] & c.mask().high(), c.value().high());
    if (order == 0) {
      order = Long.compareUnsigned(low[index] & c.mask().low(), c.value().low());
    }
    return truth(c.operator().holds(order));
  }

  private static Truth truth(boolean value) {
    return value ? Truth.YES : Truth.NO;
  }
}
