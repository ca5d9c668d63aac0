// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.compile;

import java.util.List;

/**
 * Compiles policies in audit: what they would drop is counted and passes. They have base chains of
 * their own, behind those that drop, so that only what passes is counted, and a set of ports of
 * their own, so that a network of audited policies alone has nothing else of a table.
 */
final class AuditCompiler {

  /** Behind all chains that drop. */
  private static final int LAST = -140;

  private final NetworkScope scope;
  private final Ruleset ruleset;

  AuditCompiler(NetworkScope scope) {
    this.scope = scope;
    this.ruleset = scope.ruleset();
  }

  void compile() throws CompileException {
    NftSet ports = ruleset.set("audit_ports", false, "ifname");
    scope.local().forEach(nic -> ports.add(scope.device(nic)));
    lookup(chain("enter", "prerouting"), "iifname", "acl_enter");
    Ruleset.Chain forward = chain("forward", "forward");
    forward.add(scope.notVmPort("iifname"), map("oifname", "acl_from_uplink"));
    lookup(forward, "iifname", "egress");
    lookup(forward, "oifname", "ingress");
    lookup(forward, "oifname", "acl_leave");
    forward.add(scope.notVmPort("oifname"), map("iifname", "acl_to_uplink"));
    Ruleset.Chain input = chain("input", "input");
    lookup(input, "iifname", "egress");
    lookup(input, "iifname", "acl_to_uplink");
    Ruleset.Chain output = chain("output", "output");
    lookup(output, "oifname", "acl_host");
    lookup(output, "oifname", "ingress");
    new NetworkCompiler(scope).audit();
  }

  private Ruleset.Chain chain(String name, String hook) {
    return ruleset.baseChain(NetworkScope.AUDIT + name, hook, LAST);
  }

  private void lookup(Ruleset.Chain chain, String key, String map) {
    chain.add(map(key, map));
  }

  private Nft map(String key, String map) {
    String name = NetworkScope.AUDIT + map;
    ruleset.map(name, false, List.of("ifname"));
    return new Nft.Lookup(new Nft.Meta(key), name);
  }
}
