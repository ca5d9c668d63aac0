// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.lab;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Anything on the network with the lab's agent in it: a guest, or the gateway. It counts every
 * frame it receives, from its first moment, and sends what it is told.
 */
public abstract sealed class Station permits Guest, Gateway {

  private static final Duration ANSWER = Duration.ofSeconds(90);

  /**
   * A NIC of a station.
   *
   * @param name its device name inside, such as eth0
   * @param mac its address, in lower case
   * @param lease the IPv4 address its DHCP client obtained; the gateway has none
   */
  public record Nic(String name, String mac, Optional<String> lease) {}

  abstract Agent agent();

  /** What messages and matrices call it. */
  public abstract String name();

  /** Its NICs, as it sees them itself. */
  public List<Nic> nics() {
    return agent().lines(ANSWER, "nics").stream()
        .map(line -> line.split(" ", -1))
        .map(
            words ->
                new Nic(
                    words[0], words[1], Optional.of(words[2]).filter(lease -> !lease.equals("-"))))
        .toList();
  }

  /** The NIC with this address. */
  public Nic nic(String mac) {
    return nics().stream()
        .filter(nic -> nic.mac().equalsIgnoreCase(mac))
        .findFirst()
        .orElseThrow(() -> new LabException("'%s' has no NIC %s.".formatted(name(), mac)));
  }

  /**
   * Every frame received so far. Throws when some were lost to the count: a leak might be among
   * them.
   */
  public List<FrameCount> counts() {
    List<FrameCount> counts = new ArrayList<>();
    for (String line : agent().lines(ANSWER, "counts")) {
      String[] words = line.split(" ", -1);
      if (words[0].equals("dropped")) {
        if (!words[1].equals("0")) {
          throw new LabException(
              "'%s' could not count %s frames; its figures prove nothing."
                  .formatted(name(), words[1]));
        }
        continue;
      }
      counts.add(
          new FrameCount(
              words[0],
              words[1],
              FrameCount.Kind.valueOf(words[2].toUpperCase(Locale.ROOT)),
              FrameCount.Destination.valueOf(words[3].toUpperCase(Locale.ROOT).replace('-', '_')),
              Long.parseLong(words[4])));
    }
    return counts;
  }

  /**
   * Sends ICMP echo requests until each target answered or the time is over.
   *
   * @param nic device name to send from
   * @param addresses IPv4 addresses
   * @return those that answered
   */
  public Set<String> ping(Duration limit, String nic, List<String> addresses) {
    String targets =
        addresses.stream().map(address -> nic + "=" + address).collect(Collectors.joining(" "));
    return agent()
        .lines(limit.plus(ANSWER), "ping %d %s".formatted(limit.toMillis(), targets))
        .stream()
        .map(line -> line.substring(line.indexOf('=') + 1))
        .collect(Collectors.toSet());
  }

  /** Sends a frame as it is, a number of times, from a device. */
  public void send(String nic, int times, byte[] frame) {
    agent().lines(ANSWER, "send %s %d %s".formatted(nic, times, Frames.hex(frame)));
  }

  /**
   * Sends broadcasts from a device for so long, while other requests go on.
   *
   * @param pauseMicros between two of them; 0 is as fast as it can
   */
  public void flood(String nic, int millis, int pauseMicros) {
    agent().lines(ANSWER, "flood %s %d %d".formatted(nic, millis, pauseMicros));
  }

  /** Runs a shell command inside; throws when it fails. Returns what it printed. */
  public String run(String command) {
    return String.join("\n", agent().lines(ANSWER, "run 60000 " + command));
  }
}
