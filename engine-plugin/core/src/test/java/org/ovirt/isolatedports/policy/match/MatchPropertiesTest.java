// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.match;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

/** Whatever comes, the parser answers; and spreading a match out does not change what it means. */
class MatchPropertiesTest {

  private static final NameSets SETS =
      new NameSets(
          Map.of("as1", List.of("10.1.0.0/16", "10.2.0.1")), Map.of("pg1", List.of("web", "db")));

  private static final String[] PIECES = {
    "ip4.src",
    "ip4.dst",
    "tcp.dst",
    "udp",
    "tcp",
    "ip6.src",
    "eth.type",
    "vlan.present",
    "inport",
    "outport",
    "==",
    "!=",
    "<",
    "<=",
    ">",
    ">=",
    "&&",
    "||",
    "!",
    "(",
    ")",
    "{",
    "}",
    "[",
    "]",
    ",",
    "..",
    "1",
    "0",
    "80",
    "65536",
    "10.0.0.1",
    "10.0.0.0/8",
    "::1",
    "fd00::/8",
    "0x1f",
    "0x",
    "$as1",
    "$",
    "@pg1",
    "\"web\"",
    "\"",
    "\\",
    "/*",
    "*/",
    "//",
    "\n",
    "é",
    "\u0000",
    "ff:ff:ff:ff:ff:ff",
    "=",
    "^x",
    "is_chassis_resident",
    "reg0",
    "ct.est",
    "nd",
    "ip",
    "#",
    "-",
    ";",
    ":"
  };

  @Test
  void aHundredThousandRandomInputsMeetOnlyOurErrors() {
    Random random = new Random(20260101);
    MatchLanguage language = new MatchLanguage();
    int accepted = 0;
    for (int i = 0; i < 100_000; i++) {
      String match =
          switch (i % 3) {
            case 0 -> pieces(random);
            case 1 -> characters(random);
            default -> nearlyRight(random);
          };
      try {
        Alternatives.of(language.parse(match, SETS));
        accepted++;
      } catch (MatchException e) {
        assertThat(e.column()).as(match).isBetween(1, match.length() + 1);
      }
    }
    assertThat(accepted).isBetween(1_000, 99_000);
  }

  /** A match with one character changed, doubled or taken away. */
  private static String nearlyRight(Random random) {
    StringBuilder match = new StringBuilder(RandomMatches.match(random, 3, true));
    int place = random.nextInt(match.length());
    switch (random.nextInt(3)) {
      case 0 -> match.setCharAt(place, (char) (32 + random.nextInt(95)));
      case 1 -> match.insert(place, match.charAt(place));
      default -> match.deleteCharAt(place);
    }
    return match.toString();
  }

  private static String pieces(Random random) {
    StringBuilder match = new StringBuilder();
    for (int count = random.nextInt(12); count >= 0; count--) {
      match.append(PIECES[random.nextInt(PIECES.length)]);
      match.append(random.nextInt(3) == 0 ? "" : " ");
    }
    return match.toString();
  }

  private static String characters(Random random) {
    StringBuilder match = new StringBuilder();
    for (int count = random.nextInt(40); count >= 0; count--) {
      match.append(
          (char) (random.nextInt(10) == 0 ? random.nextInt(0x300) : 32 + random.nextInt(95)));
    }
    return match.toString();
  }

  @Test
  void longInputsTakeTimeInProportionToTheirLength() throws MatchException {
    MatchLanguage language = new MatchLanguage();
    ThreadMXBean clock = ManagementFactory.getThreadMXBean();
    List<String> hostile =
        List.of(
            "(".repeat(900_000),
            "!".repeat(900_000),
            "a".repeat(900_000),
            "f".repeat(900_000),
            "\"".concat("\\\\".repeat(400_000)),
            "/*".repeat(400_000),
            "0x".concat("0".repeat(900_000)),
            "ip4 && ".repeat(120_000) + "ip4",
            "tcp.dst == {" + "80, ".repeat(200_000) + "80}");
    for (String match : hostile) {
      long start = clock.getCurrentThreadCpuTime();
      try {
        Alternatives.of(language.parse(match, SETS));
      } catch (MatchException e) {
        assertThat(e.getMessage()).isNotEmpty();
      }
      // A second is fifty times what it takes; quadratic time would need minutes.
      assertThat(clock.getCurrentThreadCpuTime() - start)
          .as(match.substring(0, 10))
          .isLessThan(5_000_000_000L);
    }
  }

  @Property(tries = 2000)
  void spreadingAMatchOutKeepsItsMeaning(@ForAll Random random) throws MatchException {
    MatchLanguage language = new MatchLanguage();
    String match = RandomMatches.match(random, 3, true);
    Expression expression = language.parse(match, SETS);
    List<Alternative> alternatives = Alternatives.of(expression);
    for (int i = 0; i < 30; i++) {
      Packet packet = RandomMatches.packet(random);
      packet.inport(Set.of(random.nextBoolean() ? "web" : "other"));
      packet.outport(Set.of(random.nextBoolean() ? "db" : "other"));
      boolean any = alternatives.stream().anyMatch(a -> holds(a, packet));
      assertThat(any).as(match).isEqualTo(packet.matches(expression));
    }
  }

  private static boolean holds(Alternative alternative, Packet packet) {
    List<Boolean> all = new ArrayList<>();
    alternative.fields().forEach((field, values) -> all.add(values.contains(packet.get(field))));
    alternative
        .masks()
        .forEach(
            m ->
                all.add(
                    m.operator().holds(packet.get(m.field()).and(m.mask()).compareTo(m.value()))));
    alternative.inports().ifPresent(n -> all.add(n.stream().anyMatch(packet.inport()::contains)));
    alternative.outports().ifPresent(n -> all.add(n.stream().anyMatch(packet.outport()::contains)));
    return !all.contains(false);
  }
}
