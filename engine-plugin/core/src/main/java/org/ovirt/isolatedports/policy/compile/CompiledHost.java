// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.compile;

import java.util.List;
import java.util.Optional;
import org.ovirt.isolatedports.policy.acl.Acl;

/** A host's ruleset together with what is needed to change one of its ACLs quickly. */
public final class CompiledHost {

  private final Ruleset ruleset;
  private final List<NetworkCompiler> networks;

  CompiledHost(Ruleset ruleset, List<NetworkCompiler> networks) {
    this.ruleset = ruleset;
    this.networks = List.copyOf(networks);
  }

  /** The ruleset, with all changes made so far. */
  public Ruleset ruleset() {
    return ruleset;
  }

  /**
   * Puts one ACL in another's place.
   *
   * @param network the network's name
   * @param old an ACL of that network
   * @param now what it becomes, of the same direction and priority
   * @return the transaction for {@code nft -j -f}; empty, and nothing changed, if the change
   *     reaches further than the two: compile anew then, and send {@link Ruleset#changesFrom}
   */
  public Optional<String> replace(String network, Acl old, Acl now) throws CompileException {
    for (NetworkCompiler compiler : networks) {
      if (compiler.name().equals(network)) {
        Optional<List<AclFolder.Swap>> swaps = compiler.swap(old, now);
        if (swaps.isPresent() && swaps.get().stream().allMatch(this::fits)) {
          return Optional.of(apply(swaps.get()));
        }
      }
    }
    return Optional.empty();
  }

  /**
   * A map of single values cannot take a block, and what is a part of a range cannot leave alone.
   */
  private boolean fits(AclFolder.Swap swap) {
    if (!swap.gone()
        .equals(
            ruleset.findSet(swap.map()).orElseThrow().elements().get(swap.gone().key().text()))) {
      return false;
    }
    boolean block = swap.come().key().text().matches(".*[-/].*");
    return !block || ruleset.findSet(swap.newMap()).orElseThrow().interval();
  }

  private String apply(List<AclFolder.Swap> swaps) {
    Ruleset.Commands commands = new Ruleset.Commands();
    for (AclFolder.Swap swap : swaps) {
      swap.remember().run();
      ruleset.findSet(swap.map()).orElseThrow().elements().remove(swap.gone().key().text());
      ruleset
          .findSet(swap.newMap())
          .orElseThrow()
          .elements()
          .put(swap.come().key().text(), swap.come());
      commands.elements("delete", swap.map(), List.of(swap.gone()));
      commands.elements("add", swap.newMap(), List.of(swap.come()));
    }
    return commands.finish();
  }
}
