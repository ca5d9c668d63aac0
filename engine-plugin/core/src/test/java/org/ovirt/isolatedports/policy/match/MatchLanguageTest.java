// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.match;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The language of OVN: what it takes, what it means, and what it refuses in which words. */
class MatchLanguageTest {

  private static final NameSets SETS =
      new NameSets(
          Map.of("as1", List.of("10.1.0.0/16", "10.2.0.1"), "none", List.of(), "bad", List.of("x")),
          Map.of("pg1", List.of("web", "db")));

  private final MatchLanguage language = new MatchLanguage();

  private String meaning(String match) {
    try {
      return language.parse(match, SETS).format();
    } catch (MatchException e) {
      return fail(match + " is refused: " + e.getMessage(), e);
    }
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '~',
      quoteCharacter = '%',
      value = {
        "ip4.src == 10.0.0.1 ~ ip4.src == 0xa000001 && eth.type == 0x800",
        "10.0.0.1 != ip4.src ~ ip4.src != 0xa000001 && eth.type == 0x800",
        "ip4.dst == 10.0.0.0/255.255.0.0 ~ ip4.dst[16..31] == 0xa00 && eth.type == 0x800",
        "ip4.dst == 10.0.0.9/24 ~ ip4.dst[8..31] == 0xa0000 && eth.type == 0x800",
        "tcp.dst == 80 ~ tcp.dst == 0x50 && ip.proto == 0x6 && (eth.type == 0x800 || eth.type == 0x86dd)",
        "1000 < tcp.dst <= 2000 ~ tcp.dst > 0x3e8 && tcp.dst <= 0x7d0 && ip.proto == 0x6 && (eth.type == 0x800 || eth.type == 0x86dd)",
        "udp.src == {1, 2} ~ (udp.src == 0x1 || udp.src == 0x2) && ip.proto == 0x11 && (eth.type == 0x800 || eth.type == 0x86dd)",
        "sctp.src != 7 ~ sctp.src != 0x7 && ip.proto == 0x84 && (eth.type == 0x800 || eth.type == 0x86dd)",
        "ip6.src == fd00::/8 ~ ip6.src[120..127] == 0xfd && eth.type == 0x86dd",
        "eth.mcast ~ eth.dst[40]",
        "!eth.mcast ~ !eth.dst[40]",
        "eth.bcast == 0 ~ eth.dst != 0xffffffffffff",
        "eth.src == 52:54:00:00:00:00/ff:ff:00:00:00:00 ~ eth.src[32..47] == 0x5254",
        "vlan.vid == 7 ~ vlan.tci[0..11] == 0x7 && vlan.tci[12]",
        "icmp4.type == 8 ~ icmp4.type == 0x8 && eth.type == 0x800 && ip.proto == 0x1 && (eth.type == 0x800 || eth.type == 0x86dd)",
        "arp.op == 1 && arp.tpa == 10.0.0.1 ~ arp.op == 0x1 && eth.type == 0x806 && arp.tpa == 0xa000001 && eth.type == 0x806",
        "tcp.flags[1] ~ tcp.flags[1] && ip.proto == 0x6 && (eth.type == 0x800 || eth.type == 0x86dd)",
        "inport == \"web\" ~ inport == \"web\"",
        "outport == @pg1 ~ outport == \"web\" || outport == \"db\"",
        "inport == {\"a\", @pg1} ~ inport == \"a\" || inport == \"web\" || inport == \"db\"",
        "ip4.src == $as1 ~ (ip4.src[16..31] == 0xa01 || ip4.src == 0xa020001) && eth.type == 0x800",
        "ip4.src == {$as1, 1.2.3.4} ~ (ip4.src[16..31] == 0xa01 || ip4.src == 0xa020001 || ip4.src == 0x1020304) && eth.type == 0x800",
        "ip4.src == $none ~ 0",
        "ip4.src != $none ~ 1",
        "1 && (0 || 1) ~ 1 && (0 || 1)",
        "ip4 /* all of it */ // and more ~ eth.type == 0x800",
        "!(ip4.src == 1.2.3.4 && tcp.dst != 80) ~ (ip4.src != 0x1020304 && eth.type == 0x800) || (tcp.dst == 0x50 && ip.proto == 0x6 && (eth.type == 0x800 || eth.type == 0x86dd))",
      })
  void saysWhatOvnSays(String match, String meaning) {
    assertThat(meaning(match)).isEqualTo(meaning);
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '~',
      quoteCharacter = '%',
      value = {
        "ip4.src = 1.2.3.4 ~ 9 ~ Syntax error at `=' expecting relational operator.",
        "ip4.src == ~ 11 ~ Syntax error at end of input expecting constant.",
        "xyzzy == 1 ~ 1 ~ Syntax error at `xyzzy' expecting field name.",
        "tcp && ~ 7 ~ Syntax error at end of input expecting constant.",
        "tcp && udp || sctp ~ 12 ~ && and || must be parenthesized when used together.",
        "!ip4.src == 1.2.3.4 ~ 20 ~ Missing parentheses around operand of !.",
        "ip4.src == \"web\" ~ 1 ~ Integer field ip4.src is not compatible with string constant.",
        "inport == 1 ~ 1 ~ String field inport is not compatible with integer constant.",
        "ip4.src == ::1 ~ 1 ~ 128-bit constant is not compatible with 32-bit field ip4.src.",
        "tcp.dst == 65536 ~ 1 ~ 17-bit constant is not compatible with 16-bit field tcp.dst.",
        "!tcp ~ 2 ~ Nominal predicate tcp may only be tested positively, e.g. `tcp' or `tcp == 1' but not `!tcp' or `tcp == 0'.",
        "inport != \"web\" ~ 1 ~ Nominal field inport may only be tested for equality (taking enclosing `!' operators into account).",
        "ip.ttl > 4 ~ 1 ~ Only == and != operators may be used with nominal field ip.ttl.",
        "eth.mcast < 1 && eth.bcast > 0 ~ 18 ~ Only == and != operators may be used with Boolean field eth.bcast.",
        "tcp.dst < {1, 2} ~ 1 ~ Only == and != operators may be used with value sets.",
        "tcp.dst ~ 8 ~ Explicit `!= 0' is required for inequality test of multibit field against 0.",
        "tcp.dst[16] ~ 12 ~ Cannot select bits 16 to 16 of 16-bit field tcp.dst.",
        "tcp.dst[3..1] == 1 ~ 15 ~ Invalid bit range 3 to 1.",
        "inport[0] ~ 8 ~ Cannot select subfield of string field inport.",
        "eth.type[0] ~ 12 ~ Cannot select subfield of nominal field eth.type.",
        "1 < tcp.dst > 3 ~ 16 ~ Range expressions must have the form `x < field < y' or `x > field > y', with each `<' optionally replaced by `<=' or `>' by `>=').",
        "ip4.src == $nope ~ 12 ~ Syntax error at `$nope' expecting address set name.",
        "inport == @nope ~ 11 ~ Syntax error at `@nope' expecting port group name.",
        "ip4.src == $bad ~ 12 ~ Address set $bad holds \"x\", which is no address.",
        "ip4.src == {1.2.3.4, \"a\"} ~ 22 ~ Syntax error at `\"a\"' expecting integer.",
        "ip4.src == 1.2.3.4 x ~ 20 ~ Syntax error at `x' expecting end of input.",
        "ip4.src == 256.1.1.1 ~ 12 ~ Invalid numeric constant.",
        "ip4.src == 10.0.0.0/33 ~ 12 ~ Value and mask have incompatible formats.",
        "tcp.dst == 080 ~ 12 ~ Decimal constants must not have leading zeros.",
        "tcp.dst == 0x ~ 12 ~ Hex digits expected following 0x.",
        "tcp.dst == 18446744073709551616 ~ 12 ~ Decimal constants must be less than 2**64.",
        "ip4 & tcp ~ 5 ~ `&' is only valid as part of `&&'.",
        "ip4 /* ~ 5 ~ `/*' without matching `*/'.",
        "inport == \"web ~ 11 ~ Input ends inside quoted string.",
        "ip4 # tcp ~ 5 ~ Invalid character `#' in input.",
        "^x == 1 ~ 1 ~ Unexpanded template.",
        "f(1) ~ 1 ~ parsing function name",
      })
  void refusesWhatOvnRefusesInItsWordsAndSaysWhere(String match, int column, String message) {
    assertThatThrownBy(() -> language.parse(match, SETS))
        .isInstanceOf(MatchException.class)
        .hasMessage(message)
        .extracting(e -> ((MatchException) e).column())
        .isEqualTo(column);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "reg0 == 1",
        "ct.est",
        "ct_state == 1",
        "ip.frag == 1",
        "ip.is_frag",
        "flags.loopback",
        "nd.sll == 00:00:00:00:00:01",
        "rarp.op == 1",
        "pkt.mark == 1",
        "is_chassis_resident(\"x\")",
        "icmp4.frag_mtu == 1"
      })
  void refusesWhatOnlyOvnCanDo(String match) {
    assertThatThrownBy(() -> language.parse(match, SETS))
        .isInstanceOf(MatchException.class)
        .message()
        .doesNotContain("expecting field name")
        .matches(".*(bridge|rule here).*");
  }

  @Test
  void nestsAHundredParenthesesAndNoMore() throws MatchException {
    assertThat(language.parse("(".repeat(100) + "0" + ")".repeat(100), SETS).format())
        .isEqualTo("0");
    assertThatThrownBy(() -> language.parse("(".repeat(101) + "0" + ")".repeat(101), SETS))
        .hasMessage("Parentheses nested too deeply.");
  }

  @Test
  void aMatchThatSpreadsTooFarIsRefused() throws MatchException {
    StringBuilder match = new StringBuilder("1");
    for (int bit = 0; bit < 12; bit++) {
      match.append(" && (tcp.flags[").append(bit).append("] || eth.src[").append(bit).append("])");
    }
    Expression expression = language.parse(match.toString(), SETS);
    assertThatThrownBy(() -> Alternatives.of(expression))
        .isInstanceOf(MatchException.class)
        .hasMessageContaining("more than 512 different ways");
  }
}
