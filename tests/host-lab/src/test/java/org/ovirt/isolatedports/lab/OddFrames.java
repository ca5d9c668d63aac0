// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;

/** Frames of every kind that a ping does not send, and whether a guest got them. */
final class OddFrames {

  private static final int TIMES = 3;

  private record Odd(
      Supplier<byte[]> frame,
      FrameCount.Kind kind,
      FrameCount.Destination destination,
      String what) {}

  private OddFrames() {}

  private static List<Odd> all(String from, String to) {
    return List.of(
        new Odd(
            () -> Frames.arpRequest(from, "10.77.1.222", "10.77.1.223"),
            FrameCount.Kind.ARP,
            FrameCount.Destination.BROADCAST,
            "ARP request"),
        new Odd(
            () -> Frames.neighbourSolicitation(from, to),
            FrameCount.Kind.ND,
            FrameCount.Destination.MULTICAST,
            "neighbour solicitation"),
        new Odd(
            () -> Frames.tagged(from, to, 33),
            FrameCount.Kind.VLAN,
            FrameCount.Destination.ME,
            "tagged frame"),
        new Odd(
            () -> Frames.raw(from, to, Frames.EXPERIMENTAL),
            FrameCount.Kind.OTHER,
            FrameCount.Destination.ME,
            "odd EtherType"),
        new Odd(
            () -> Frames.raw(from, Frames.BROADCAST, Frames.EXPERIMENTAL),
            FrameCount.Kind.OTHER,
            FrameCount.Destination.BROADCAST,
            "broadcast"),
        new Odd(
            () -> Frames.raw(from, "01:00:5e:00:00:fb", Frames.EXPERIMENTAL),
            FrameCount.Kind.OTHER,
            FrameCount.Destination.MULTICAST,
            "multicast"),
        new Odd(
            () -> Frames.raw(from, "56:6f:99:99:99:99", Frames.EXPERIMENTAL),
            FrameCount.Kind.OTHER,
            FrameCount.Destination.SOMEONE_ELSE,
            "unknown unicast"));
  }

  /** What was sent, and what the receiver had seen before. */
  record Sent(Guest receiver, String source, String target, List<Odd> frames, List<Long> before) {

    void allArrived() {
      for (int i = 0; i < frames.size(); i++) {
        Odd odd = frames.get(i);
        long wanted = before.get(i) + TIMES;
        assertThat(Poll.within(Duration.ofSeconds(90), () -> seen(odd) >= wanted))
            .as("%s from %s to %s arrived", odd.what(), source, target)
            .isTrue();
      }
    }

    void noneArrived() {
      for (int i = 0; i < frames.size(); i++) {
        Odd odd = frames.get(i);
        assertThat(seen(odd) - before.get(i))
            .as("%s from %s to %s", odd.what(), source, target)
            .isZero();
      }
    }

    private long seen(Odd odd) {
      return OddFrames.seen(receiver, target, source, odd);
    }
  }

  private static long seen(Guest receiver, String target, String source, Odd odd) {
    return count(
        receiver.counts().stream().filter(count -> count.receiver().equals(target)).toList(),
        source,
        odd);
  }

  private static long count(List<FrameCount> counts, String source, Odd odd) {
    return counts.stream()
        .filter(count -> count.source().equals(source))
        .filter(count -> count.kind() == odd.kind() && count.destination() == odd.destination())
        .mapToLong(FrameCount::frames)
        .sum();
  }

  /**
   * Sends each of them three times. The gateway sees the last ones in any case: once they are
   * there, the others have arrived, or never will.
   *
   * @param source MAC of the vNIC that sends
   * @param target MAC of the vNIC that may receive
   */
  static Sent send(Gateway gateway, Guest sender, String source, Guest receiver, String target) {
    List<Odd> frames = all(source, target);
    List<Long> before = frames.stream().map(odd -> seen(receiver, target, source, odd)).toList();
    Odd last = frames.get(frames.size() - 1);
    long atGateway = count(gateway.counts(), source, last);
    String nic = sender.nic(source).name();
    frames.forEach(odd -> sender.send(nic, TIMES, odd.frame().get()));
    Poll.until(
        Duration.ofSeconds(90),
        () -> count(gateway.counts(), source, last) >= atGateway + TIMES,
        () -> "The gateway never saw the unknown unicast of " + source);
    return new Sent(receiver, source, target, frames, before);
  }
}
