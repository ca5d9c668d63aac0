// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.compile;

import java.util.List;
import java.util.Optional;
import org.ovirt.isolatedports.policy.acl.Acl;
import org.ovirt.isolatedports.policy.inventory.Nic;
import org.ovirt.isolatedports.policy.resolve.ResolvedNetwork;

/** Compiles what rules one network on one host: roles, ACLs and network policies. */
final class NetworkCompiler {

  private final NetworkScope scope;
  private final ResolvedNetwork network;
  private final AclCompiler acls;

  NetworkCompiler(NetworkScope scope) {
    this.scope = scope;
    this.network = scope.network();
    this.acls = new AclCompiler(scope);
  }

  String name() {
    return network.network().name();
  }

  String bridge() {
    return network.network().bridge();
  }

  List<Nic> localNics() {
    return scope.local().stream().map(network.nics()::get).toList();
  }

  boolean tracksConnections() {
    return network.stateful() || limitsLocally();
  }

  private boolean limitsLocally() {
    return scope.local().stream()
        .anyMatch(
            i -> !network.limiting(i, true).isEmpty() || !network.limiting(i, false).isEmpty());
  }

  /** Which rules need connection tracking, for a message. */
  String trackingReason() {
    return network.stateful()
        ? "ACLs with allow-related (" + network.subnet().orElseThrow().location().file() + ")"
        : "network policies";
  }

  /** Compiles policies that only count what they would drop. */
  void audit() throws CompileException {
    acls.compile();
    new PolicyCompiler(scope).compile();
  }

  void compile() throws CompileException {
    new RoleCompiler(scope).compile();
    new HairpinCompiler(scope).compile();
    acls.compile();
    new PolicyCompiler(scope).compile();
  }

  /**
   * How the ruleset changes if one ACL takes the place of another; see {@link AclCompiler#swap}.
   */
  Optional<List<AclFolder.Swap>> swap(Acl old, Acl now) throws CompileException {
    return acls.swap(old, now);
  }
}
