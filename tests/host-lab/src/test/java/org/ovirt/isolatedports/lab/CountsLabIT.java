// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Each frame is counted once, as what it is. A count that sees nothing would prove every isolation;
 * the frames of {@link OddFrames} show that it sees.
 */
@Tag("root")
class CountsLabIT {

  private static final String SENDER = "56:6f:11:22:04:01";
  private static final String RECEIVER = "56:6f:11:22:04:02";

  private static Lab lab;
  private static Guest sender;
  private static Guest receiver;

  @BeforeAll
  static void startTwoGuests() {
    lab = Lab.builder().hosts("a").network("net", "10.77.1.0/24").guests(GuestKind.NETNS).start();
    sender = guest("sender", SENDER);
    receiver = guest("receiver", RECEIVER);
  }

  private static Guest guest(String name, String mac) {
    return lab.guest(
        lab.host("a").start(DomainXml.vm(name).vnic(DomainXml.Vnic.on("net", mac)).domain()));
  }

  @AfterAll
  static void end() {
    if (lab != null) {
      lab.close();
    }
  }

  private static void send(String source, String destination, int etherType, int times) {
    sender.send(sender.nic(SENDER).name(), times, Frames.raw(source, destination, etherType));
  }

  private static List<FrameCount> from(Station station, String source) {
    return station.counts().stream().filter(count -> count.source().equals(source)).toList();
  }

  /** What comes of seven frames of a source of their own. */
  @ParameterizedTest
  @CsvSource({
    "01, 0806, ff:ff:ff:ff:ff:ff, ARP,   BROADCAST",
    "02, 88b5, 01:00:5e:00:00:fb, OTHER, MULTICAST",
    "03, 8100, 56:6f:11:22:04:02, VLAN,  ME",
    "04, 88a8, 56:6f:11:22:04:02, VLAN,  ME",
    "05, 88b5, 56:6f:99:99:99:99, OTHER, SOMEONE_ELSE"
  })
  void countsEachFrameOnceAsWhatItIs(
      String last,
      String etherType,
      String destination,
      FrameCount.Kind kind,
      FrameCount.Destination as) {
    String source = "56:6f:11:22:05:" + last;
    send(source, destination, Integer.parseInt(etherType, 16), 7);
    Poll.until(
        Duration.ofSeconds(90),
        () -> from(receiver, source).stream().mapToLong(FrameCount::frames).sum() >= 7,
        () -> "The receiver saw " + from(receiver, source));

    assertThat(from(receiver, source))
        .containsExactly(new FrameCount(RECEIVER, source, kind, as, 7));
    assertThat(from(sender, source)).as("what it sent itself").isEmpty();
  }

  @Test
  void tellsPingsAndNeighbourDiscoveryFromOtherFrames() {
    String address = receiver.awaitLeases(Duration.ofSeconds(90), List.of(RECEIVER)).get(RECEIVER);
    String nic = sender.nic(SENDER).name();
    sender.awaitLeases(Duration.ofSeconds(90), List.of(SENDER));
    assertThat(sender.ping(Duration.ofSeconds(90), nic, List.of(address))).contains(address);
    sender.send(nic, 3, Frames.neighbourSolicitation(SENDER, RECEIVER));

    for (FrameCount.Kind kind : List.of(FrameCount.Kind.IPV4, FrameCount.Kind.ND)) {
      Poll.until(
          Duration.ofSeconds(90),
          () -> from(receiver, SENDER).stream().anyMatch(count -> count.kind() == kind),
          () -> "Of %s the receiver saw none: %s".formatted(kind, from(receiver, SENDER)));
    }
  }
}
