// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.compile;

import java.util.Optional;
import org.ovirt.isolatedports.policy.address.Addresses;
import org.ovirt.isolatedports.policy.inventory.Network;
import org.ovirt.isolatedports.policy.inventory.Nic;
import org.ovirt.isolatedports.policy.resolve.ResolvedNetwork;
import org.ovirt.isolatedports.policy.role.PortRole;

/** Compiles the port roles of a network (RFC 5517). */
final class RoleCompiler {

  private final NetworkScope scope;
  private final ResolvedNetwork network;
  private final Ruleset ruleset;

  RoleCompiler(NetworkScope scope) {
    this.scope = scope;
    this.network = scope.network();
    this.ruleset = scope.ruleset();
  }

  void compile() {
    boolean anyClosed = network.nics().stream().anyMatch(HostCompiler::isClosed);
    if (!anyClosed) {
      return;
    }
    NftSet closedPorts = ruleset.set(scope.prefix() + "_closed", false, "ifname");
    NftSet closedMacs = ruleset.set(scope.prefix() + "_closed_mac", false, "ether_addr");
    NftSet trusted = ruleset.set(scope.prefix() + "_trusted_mac", false, "ether_addr");
    for (int i = 0; i < network.nics().size(); i++) {
      Nic nic = network.nics().get(i);
      if (HostCompiler.isClosed(nic)) {
        closedMacs.add(scope.mac(i));
        if (scope.isLocal(i)) {
          closedPorts.add(scope.device(i));
        }
      } else {
        trusted.add(scope.mac(i));
      }
      if (nic.role() instanceof PortRole.Community community) {
        ruleset.set(communitySet(community) + "_mac", false, "ether_addr").add(scope.mac(i));
        NftSet ports = ruleset.set(communitySet(community), false, "ifname");
        if (scope.isLocal(i)) {
          ports.add(scope.device(i));
        }
      }
    }
    network
        .network()
        .gatewayMacs()
        .forEach(gateway -> trusted.add(Fields.plain(Addresses.formatMac(gateway))));
    for (int i : scope.local()) {
      PortRole role = network.nics().get(i).role();
      if (role instanceof PortRole.Isolated) {
        scope.dispatch("role_from", i, roleChain("from_isolated", Optional.empty()));
        scope.dispatch("role_to", i, roleChain("to_isolated", Optional.empty()));
      } else if (role instanceof PortRole.Community community) {
        String name = communitySet(community);
        scope.dispatch("role_from", i, roleChain("from_" + community.name(), Optional.of(name)));
        scope.dispatch("role_to", i, roleChain("to_" + community.name(), Optional.of(name)));
      }
    }
  }

  private String communitySet(PortRole.Community community) {
    return scope.prefix() + "_com_" + community.name();
  }

  private String roleChain(String suffix, Optional<String> community) {
    // A community may be named "isolated"; its chain must be another.
    String name = scope.prefix() + (community.isPresent() ? "_crole_" : "_role_") + suffix;
    Ruleset.Chain chain = ruleset.chain(name);
    if (!chain.rules().isEmpty()) {
      return name;
    }
    if (suffix.startsWith("from_")) {
      community.ifPresent(
          set -> chain.add(NetworkScope.in(new Nft.Meta("oifname"), set), Nft.Verdict.RETURN));
      chain.add(
          NetworkScope.in(new Nft.Meta("oifname"), scope.prefix() + "_closed"), Nft.Verdict.DROP);
      community.ifPresent(
          set ->
              chain.add(
                  NetworkScope.in(NetworkScope.ether("daddr"), set + "_mac"), Nft.Verdict.RETURN));
      chain.add(
          scope.notVmPort("oifname"),
          NetworkScope.in(NetworkScope.ether("daddr"), scope.prefix() + "_closed_mac"),
          Nft.Verdict.DROP);
    } else {
      community.ifPresent(
          set ->
              chain.add(
                  NetworkScope.in(NetworkScope.ether("saddr"), set + "_mac"), Nft.Verdict.RETURN));
      chain.add(
          NetworkScope.in(NetworkScope.ether("saddr"), scope.prefix() + "_trusted_mac"),
          Nft.Verdict.RETURN);
      if (network.network().uplink() == Network.Uplink.GATEWAYS) {
        chain.add(Nft.Verdict.DROP);
      } else {
        chain.add(
            NetworkScope.in(NetworkScope.ether("saddr"), scope.prefix() + "_closed_mac"),
            Nft.Verdict.DROP);
      }
    }
    return name;
  }
}
