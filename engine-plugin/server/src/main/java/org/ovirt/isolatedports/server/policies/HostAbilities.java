// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.policies;

import java.util.Optional;
import org.ovirt.isolatedports.policy.compile.CompileException;
import org.ovirt.isolatedports.policy.compile.HostCapabilities;
import org.ovirt.isolatedports.policy.compile.NetworkRules;
import org.ovirt.isolatedports.policy.resolve.ResolvedNetwork;

/**
 * What a host can enforce, as it says itself. One that never said anything can enforce nothing.
 *
 * @param said whether it said anything
 * @param nft whether its kernel took nftables' bridge family
 * @param kernel what it took besides
 */
public record HostAbilities(boolean said, boolean nft, HostCapabilities kernel) {

  /** A host of which nothing is known. */
  public static final HostAbilities UNKNOWN =
      new HostAbilities(false, false, HostCapabilities.BASIC);

  /** A host that said what it can do. */
  public static HostAbilities said(boolean nft, HostCapabilities kernel) {
    return new HostAbilities(true, nft, kernel);
  }

  /**
   * Why a host can enforce no rules at all; empty if it can enforce some.
   *
   * @param host what to call it
   * @param network the name of the network that has rules
   */
  public Optional<String> missing(String host, String network) {
    if (!said) {
      return Optional.of(
          "Host "
              + host
              + " has not said yet what its kernel can do, so it counts as one that cannot enforce"
              + " the rules of network "
              + network
              + ". Install vdsm-hook-isolated-ports there and see that isolated-ports-host runs; it"
              + " says so within a minute.");
    }
    if (!nft) {
      return Optional.of(
          "Host "
              + host
              + " cannot enforce the rules of network "
              + network
              + ": it does not say that its kernel takes nftables' bridge family. Install nftables"
              + " there, see what isolated-ports-host status says, and start that service anew.");
    }
    return Optional.empty();
  }

  /** Why a host cannot enforce a network as it would be; empty if it can. */
  Optional<String> problem(String host, ResolvedNetwork network) {
    if (!NetworkRules.needed(network)) {
      return Optional.empty();
    }
    Optional<String> missing = missing(host, network.network().name());
    if (missing.isPresent() || kernel.equals(HostCapabilities.ALL)) {
      return missing;
    }
    try {
      NetworkRules.compile(host, kernel, network);
      return Optional.empty();
    } catch (CompileException e) {
      return Optional.of(e.getMessage());
    }
  }
}
