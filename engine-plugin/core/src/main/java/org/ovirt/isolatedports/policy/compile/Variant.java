// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.compile;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.ovirt.isolatedports.policy.address.Addresses;
import org.ovirt.isolatedports.policy.address.Bits;
import org.ovirt.isolatedports.policy.match.Alternative;
import org.ovirt.isolatedports.policy.match.Expression.Operator;
import org.ovirt.isolatedports.policy.match.Field;
import org.ovirt.isolatedports.policy.match.Intervals;

/**
 * One rule's worth of an alternative: its conditions apart by what nftables can do with them.
 *
 * @param frames the frame types it is about; none means all
 * @param protocol the one protocol it is about, if it is about one
 * @param keys fields that can be parts of the key of a map
 * @param others fields that cannot
 * @param masks tests of bits
 * @param ports conditions on the ports of entry and exit
 */
record Variant(
    Optional<Intervals> frames,
    Optional<Integer> protocol,
    Map<Field, Intervals> keys,
    Map<Field, Intervals> others,
    List<Alternative.MaskTest> masks,
    List<Nft.Match> ports) {

  private static final Bits TAG_PRESENT = Bits.of(0x1000);
  private static final Intervals BOTH_FAMILIES =
      Intervals.union(
          List.of(
              new Intervals.Interval(Bits.of(Fields.IPV4), Bits.of(Fields.IPV4)),
              new Intervals.Interval(Bits.of(Fields.IPV6), Bits.of(Fields.IPV6))));

  /** The variants of an alternative: one, or one for each family where a field differs by it. */
  static List<Variant> of(Alternative alternative, List<Nft.Match> ports) {
    boolean differs =
        alternative.fields().keySet().stream().anyMatch(Fields::differsByFamily)
            || alternative.masks().stream().anyMatch(m -> Fields.differsByFamily(m.field()));
    Optional<Intervals> frames = frames(alternative);
    if (frames.isPresent() && frames.get().isEmpty()) {
      return List.of();
    }
    if (!differs) {
      return List.of(of(alternative, frames, ports));
    }
    List<Variant> variants = new ArrayList<>();
    for (int family : new int[] {Fields.IPV4, Fields.IPV6}) {
      Intervals one = Intervals.single(Bits.of(family));
      if (frames.isEmpty() || frames.get().containsAll(one)) {
        variants.add(of(alternative, Optional.of(one), ports));
      }
    }
    return variants;
  }

  /** The frame types in which all fields exist. */
  private static Optional<Intervals> frames(Alternative alternative) {
    Optional<Intervals> frames = Optional.ofNullable(alternative.fields().get(Field.ETH_TYPE));
    List<Field> fields = new ArrayList<>(alternative.fields().keySet());
    alternative.masks().forEach(mask -> fields.add(mask.field()));
    for (Field field : fields) {
      Optional<Intervals> own =
          Fields.etherType(field)
              .map(type -> Intervals.single(Bits.of(type)))
              .or(
                  () ->
                      Fields.protocol(field).isPresent() || field == Field.IP_PROTO
                          ? Optional.of(BOTH_FAMILIES)
                          : Optional.empty());
      if (own.isPresent()) {
        Intervals set = own.get();
        frames = Optional.of(frames.map(set::intersect).orElse(set));
      }
    }
    return frames;
  }

  private static Variant of(
      Alternative alternative, Optional<Intervals> frames, List<Nft.Match> ports) {
    Optional<Integer> protocol = Optional.empty();
    Map<Field, Intervals> keys = new EnumMap<>(Field.class);
    Map<Field, Intervals> others = new EnumMap<>(Field.class);
    for (Map.Entry<Field, Intervals> entry : alternative.fields().entrySet()) {
      Field field = entry.getKey();
      Intervals values = entry.getValue();
      if (field == Field.ETH_TYPE) {
        continue;
      }
      boolean oneProtocol =
          field == Field.IP_PROTO && values.list().size() == 1 && values.list().get(0).isSingle();
      if (oneProtocol) {
        protocol = Optional.of((int) values.list().get(0).first().low());
      } else if (Fields.keyType(field).isPresent()) {
        keys.put(field, values);
      } else {
        others.put(field, values);
      }
    }
    return new Variant(frames, protocol, keys, others, alternative.masks(), ports);
  }

  /** What must hold before any field of the network or transport header can be looked at. */
  List<Nft.Match> guards() {
    List<Nft.Match> guards = new ArrayList<>();
    boolean implied = protocol.isPresent() && frames.equals(Optional.of(BOTH_FAMILIES));
    // A protocol is found in packets of both families and in nothing else.
    if (frames.isPresent() && !implied) {
      guards.add(Fields.match(Field.ETH_TYPE, false, frames.get()));
    }
    protocol.ifPresent(
        number ->
            guards.add(new Nft.Match("==", new Nft.Meta("l4proto"), new Nft.Value(number, false))));
    return guards;
  }

  boolean isIpv6() {
    return frames.equals(Optional.of(Intervals.single(Bits.of(Fields.IPV6))));
  }

  /** Whether it can be elements of a map. */
  boolean foldable() {
    return !keys.isEmpty() && others.isEmpty() && masks.isEmpty() && ports.isEmpty();
  }

  /** All conditions one after the other, for a rule of its own. */
  List<Nft> conditions() {
    List<Nft> conditions = new ArrayList<>(ports);
    // nft wants to hear of the tag, and that there is one, before the type of what is in it.
    masks.stream()
        .filter(mask -> mask.field() == Field.VLAN_TCI)
        .sorted(Comparator.comparing(mask -> !mask.mask().equals(TAG_PRESENT)))
        .forEach(mask -> conditions.add(vlanMatch(mask)));
    conditions.addAll(guards());
    keys.forEach((field, values) -> conditions.add(Fields.match(field, isIpv6(), values)));
    others.forEach((field, values) -> conditions.add(Fields.match(field, isIpv6(), values)));
    masks.stream()
        .filter(mask -> mask.field() != Field.VLAN_TCI)
        .forEach(mask -> conditions.add(maskMatch(mask)));
    return conditions;
  }

  private Nft.Match maskMatch(Alternative.MaskTest test) {
    Nft expression = Fields.expression(test.field(), isIpv6());
    return new Nft.Match(
        test.operator().sign(),
        new Nft.Masked(expression, maskValue(test.field(), test.mask())),
        maskValue(test.field(), test.value()));
  }

  private static Nft maskValue(Field field, Bits value) {
    return switch (field) {
      case IP6_SRC, IP6_DST -> Fields.plain(Addresses.formatIpv6(value));
      case ETH_TYPE -> Fields.plain(String.format("0x%04x", value.low()));
      default -> Fields.value(field, value);
    };
  }

  private static Nft.Match vlanMatch(Alternative.MaskTest test) {
    boolean present = test.mask().equals(TAG_PRESENT);
    if (present) {
      boolean wanted = test.value().isZero() ^ (test.operator() == Operator.EQ);
      return new Nft.Match(
          wanted ? "==" : "!=", new Nft.Payload("ether", "type"), Fields.plain("vlan"));
    }
    boolean id = test.mask().equals(Bits.of(0x0fff));
    return new Nft.Match(
        test.operator().sign(),
        new Nft.Payload("vlan", id ? "id" : "pcp"),
        new Nft.Value(test.value().shiftRight(id ? 0 : 13).low(), false));
  }
}
