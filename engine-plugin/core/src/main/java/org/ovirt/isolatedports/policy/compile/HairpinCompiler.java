// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.compile;

import java.util.ArrayList;
import java.util.List;
import org.ovirt.isolatedports.policy.address.IpRange;
import org.ovirt.isolatedports.policy.match.Field;
import org.ovirt.isolatedports.policy.match.Intervals;
import org.ovirt.isolatedports.policy.resolve.ResolvedNetwork;

/**
 * Drops what a gateway hands on from one vNIC to another (a "hairpin"): it comes in from the uplink
 * with the gateway's MAC and an address of the network that is not the gateway's. What a vNIC on
 * another host sends has its own MAC. DHCP servers may be anywhere.
 */
final class HairpinCompiler {

  private final NetworkScope scope;
  private final ResolvedNetwork network;

  HairpinCompiler(NetworkScope scope) {
    this.scope = scope;
    this.network = scope.network();
  }

  void compile() {
    if (network.hairpinBlocks(false).isEmpty() && network.hairpinBlocks(true).isEmpty()) {
      return;
    }
    Ruleset.Chain chain = scope.ruleset().chain(scope.prefix() + "_hairpin");
    for (boolean ipv6 : new boolean[] {false, true}) {
      Field source = ipv6 ? Field.IP6_SRC : Field.IP4_SRC;
      if (network.hairpinBlocks(ipv6).isEmpty()) {
        continue;
      }
      Nft.Match family = HostCompiler.isType(ipv6 ? "ip6" : "ip");
      chain.add(
          family,
          HostCompiler.protocol(17),
          HostCompiler.port("udp", "dport", ipv6 ? 546 : 68),
          Nft.Verdict.RETURN);
      List<Nft> statements = new ArrayList<>();
      statements.add(family);
      statements.addAll(scope.uplinkItself("iifname"));
      statements.add(Fields.match(source, ipv6, inside(ipv6)));
      statements.add(Nft.Verdict.DROP);
      chain.rules().add(new Nft.Rule(statements, "hairpin"));
    }
    for (int i : scope.local()) {
      scope.dispatch("returned", i, chain.name());
    }
  }

  private Intervals inside(boolean ipv6) {
    List<Intervals.Interval> all = new ArrayList<>();
    for (IpRange block : network.hairpinBlocks(ipv6)) {
      Intervals part = Intervals.of(block.first(), block.last());
      for (IpRange gateway : network.allGateways(ipv6)) {
        part = part.minus(Intervals.of(gateway.first(), gateway.last()), ipv6 ? 128 : 32);
      }
      all.addAll(part.list());
    }
    return Intervals.union(all);
  }
}
