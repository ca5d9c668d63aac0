// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.compile;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.ovirt.isolatedports.policy.TestPolicies;
import org.ovirt.isolatedports.policy.acl.Acl;
import org.ovirt.isolatedports.policy.acl.AclAction;
import org.ovirt.isolatedports.policy.acl.Subnet;
import org.ovirt.isolatedports.policy.inventory.Inventory;
import org.ovirt.isolatedports.policy.match.Field;
import org.ovirt.isolatedports.policy.match.MatchException;
import org.ovirt.isolatedports.policy.match.MatchLanguage;
import org.ovirt.isolatedports.policy.match.NameSets;
import org.ovirt.isolatedports.policy.match.Packet;
import org.ovirt.isolatedports.policy.read.PolicySet;
import org.ovirt.isolatedports.policy.resolve.ResolvedNetwork;

/** A ruleset in which one rule was changed quickly means what compiling anew means. */
class IncrementalChangeTest {

  private static final Inventory INVENTORY =
      TestPolicies.inventory(TestPolicies.resource("inventory.yaml"));

  private static final int HOSTS = 120;

  private static String match(Random random) {
    String host = "10.0.0." + random.nextInt(HOSTS);
    return switch (random.nextInt(5)) {
      case 0 -> "ip4.src == " + host;
      case 1 -> "ip4.dst == " + host + " && tcp.dst == " + (1 + random.nextInt(9));
      case 2 -> "ip4.src == " + host + "/30";
      case 3 -> "ip4.src == " + host + " && ip4.dst == 10.0.0." + random.nextInt(HOSTS);
      default -> "ip4.dst == " + host + " && udp.dst >= 32768";
    };
  }

  /** A frame that often meets one of two rules. */
  private static NftInterpreter.Frame frame(Random random, Acl... rules) {
    Packet packet = new Packet();
    packet.set(Field.ETH_TYPE, 0x800).set(Field.IP_TTL, 64);
    String rule = rules[random.nextInt(rules.length)].match();
    packet.set(Field.IP4_SRC, address(random, rule, "ip4.src"));
    packet.set(Field.IP4_DST, address(random, rule, "ip4.dst"));
    if (random.nextBoolean()) {
      packet.set(Field.IP_PROTO, 6).set(Field.TCP_DST, 1 + random.nextInt(9));
    } else {
      packet.set(Field.IP_PROTO, 17).set(Field.UDP_DST, random.nextBoolean() ? 53 : 40000);
    }
    return new NftInterpreter.Frame(
        packet,
        Optional.of("uplink0"),
        Optional.of("nic5254000a0002"),
        "vswitch1",
        new NftInterpreter.Tracked("new", "original"));
  }

  /** The address a rule names, or any other. */
  private static long address(Random random, String rule, String field) {
    Matcher named = Pattern.compile(field + " == 10\\.0\\.0\\.(\\d+)").matcher(rule);
    int host = named.find() ? Integer.parseInt(named.group(1)) : random.nextInt(HOSTS);
    return 0x0a000000L + host;
  }

  private static Acl acl(int priority, Random random) throws MatchException {
    String match = match(random);
    return new Acl(
        false,
        priority,
        match,
        new MatchLanguage().parse(match, NameSets.NONE),
        random.nextBoolean() ? AclAction.DROP : AclAction.ALLOW,
        TestPolicies.place(priority));
  }

  private static Map<String, ResolvedNetwork> networks(List<Acl> acls) {
    Subnet subnet = new Subnet("s", "vswitch1", acls, List.of(), List.of(), TestPolicies.place(1));
    return ResolvedNetwork.all(INVENTORY, new PolicySet(List.of(subnet), List.of()));
  }

  @Test
  void aQuickChangeMeansWhatCompilingAnewMeans() throws Exception {
    Random random = new Random(20260104);
    List<Acl> acls = new ArrayList<>();
    for (int priority = 40; priority > 0; priority--) {
      acls.add(acl(priority / 2, random));
    }
    CompiledHost host = HostCompiler.compileForUpdates("h1", HostCapabilities.ALL, networks(acls));
    int quick = 0;
    int declined = 0;
    int changedVerdicts = 0;
    for (int i = 0; i < 400; i++) {
      int place = random.nextInt(acls.size());
      Acl old = acls.get(place);
      Acl now = acl(old.priority(), random);
      String before = host.ruleset().toJson();
      Optional<String> change = host.replace("vswitch1", old, now);
      if (change.isEmpty()) {
        declined++;
        assertThat(host.ruleset().toJson()).isEqualTo(before);
        continue;
      }
      quick++;
      acls.set(place, now);
      assertThat(change.get()).contains("\"delete\"", "\"add\"");
      NftInterpreter earlier = new NftInterpreter(before);
      NftInterpreter changed = new NftInterpreter(host.ruleset().toJson());
      NftInterpreter anew =
          new NftInterpreter(
              HostCompiler.compile("h1", HostCapabilities.ALL, networks(acls)).toJson());
      for (int j = 0; j < 200; j++) {
        NftInterpreter.Frame frame = frame(random, old, now);
        boolean passes = anew.passes(frame, "prerouting", "forward");
        assertThat(changed.passes(frame, "prerouting", "forward"))
            .as(() -> old.shown() + " -> " + now.shown() + "\n" + host.ruleset().toText())
            .isEqualTo(passes);
        changedVerdicts += passes == earlier.passes(frame, "prerouting", "forward") ? 0 : 1;
      }
    }
    assertThat(quick).isGreaterThan(50);
    assertThat(declined).isGreaterThan(10);
    assertThat(changedVerdicts).isGreaterThan(100);
  }

  @Test
  void rulesThatSayTheSameShareMapsWhateverTheirOrder() throws Exception {
    Random random = new Random(20260105);
    List<Acl> acls = new ArrayList<>();
    for (int priority = 1000; priority > 0; priority--) {
      Acl acl = acl(priority, random);
      acls.add(
          new Acl(false, priority, acl.match(), acl.expression(), AclAction.DROP, acl.location()));
    }
    long maps =
        HostCompiler.compile("h1", HostCapabilities.ALL, networks(acls))
            .toText()
            .lines()
            .filter(line -> line.matches("\\s*map n_.*"))
            .count();
    // One for each kind of match, and two where single addresses lie above blocks.
    assertThat(maps).isBetween(4L, 8L);
  }
}
