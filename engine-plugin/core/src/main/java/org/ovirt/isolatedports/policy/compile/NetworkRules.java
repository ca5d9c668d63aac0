// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.compile;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.ovirt.isolatedports.policy.inventory.Network;
import org.ovirt.isolatedports.policy.inventory.Nic;
import org.ovirt.isolatedports.policy.resolve.ResolvedNetwork;
import org.ovirt.isolatedports.policy.role.PortRole;

/**
 * What rules one network on any host with certain abilities, wherever its VMs run: each vNIC counts
 * as one that may be on the host, under the stand-in for its device ({@link Nic#device}), and as
 * one whose frames may come in from the uplink with its MAC. So a VM that starts, stops or moves
 * changes nothing here; the host puts in and takes out devices. A stand-in stands only in elements
 * of sets and maps whose key begins with a device.
 *
 * <p>The rulesets of hosts are put together from it.
 */
public final class NetworkRules {

  /** What {@link Nic#device} gives where no device is known. */
  private static final Pattern STAND_IN = Pattern.compile("nic[0-9a-f]{12}");

  /** What a host reads: docs/host-protocol.md, "Counters". */
  private static final int MOST_COUNTERS = 4_096;

  private final Ruleset ruleset;

  private NetworkRules(Ruleset ruleset) {
    ruleset.freeze();
    this.ruleset = ruleset;
  }

  /**
   * Whether a network needs rules, beyond the kernel's flag on isolated ports: ACLs, policies, an
   * uplink that lets in gateways alone, or ports of a role that the flag does not know.
   */
  public static boolean needed(ResolvedNetwork resolved) {
    Network network = resolved.network();
    boolean anyClosed =
        network.portIsolation() || resolved.nics().stream().anyMatch(HostCompiler::isClosed);
    return resolved.subnet().isPresent()
        || network.dropsHairpin()
        || !resolved.policies().isEmpty()
        || (anyClosed && network.uplink() == Network.Uplink.GATEWAYS)
        || resolved.nics().stream().anyMatch(nic -> needsRules(nic, network.portIsolation()));
  }

  private static boolean needsRules(Nic nic, boolean isolated) {
    return nic.role() instanceof PortRole.Community
        || (isolated && nic.role() instanceof PortRole.Promiscuous);
  }

  /**
   * Compiles a network.
   *
   * @param host what messages call the host
   * @param capabilities what its kernel can do
   * @param network the network
   * @throws CompileException if such a host cannot enforce one of its rules
   */
  public static NetworkRules compile(
      String host, HostCapabilities capabilities, ResolvedNetwork network) throws CompileException {
    checkBridge(host, network);
    return new NetworkRules(HostCompiler.compileAnywhere(host, capabilities, network));
  }

  private static void checkBridge(String host, ResolvedNetwork network) throws CompileException {
    String bridge = network.network().bridge();
    if (STAND_IN.matcher(bridge).matches()) {
      throw new CompileException(
          "Host "
              + host
              + " cannot enforce the rules of network "
              + network.network().name()
              + ": the name of its bridge, "
              + bridge
              + ", reads like a vNIC that is not there yet. Give the network another name.");
    }
  }

  /**
   * What counts what policies in audit would drop where it passes, and drops nothing. It stands
   * beside the network's rules in force, if there are any. A host that cannot track the connections
   * that the policies need counts nothing.
   *
   * @param host what messages call the host
   * @param capabilities what its kernel can do
   * @param inForce the network's rules in force for the same capabilities; empty if it has none
   * @param audited the network with the policies to count for
   * @param edition what the network policies among them say, in short: with another one they count
   *     from 0
   * @throws CompileException if a policy cannot be compiled for such a host
   */
  public static NetworkRules counting(
      String host,
      HostCapabilities capabilities,
      Optional<NetworkRules> inForce,
      ResolvedNetwork audited,
      String edition)
      throws CompileException {
    checkBridge(host, audited);
    Ruleset counting = new Ruleset();
    HostCompiler.audit(
        host,
        capabilities,
        audited,
        edition,
        counting,
        inForce.isPresent() && inForce.get().ruleset.hasChain(HostCompiler.ZONES));
    return new NetworkRules(counting);
  }

  /**
   * What is counted, by the name of the counter: the rule, as {@code file:line}, or the direction
   * and the policies that would drop it.
   */
  public Map<String, String> counters() {
    return ruleset.counters();
  }

  /**
   * The ruleset of a host from the rules of its networks, all of which were compiled for the same
   * abilities. The same networks in the same order always give the same ruleset.
   *
   * @throws CompileException if two vNICs of the networks cannot be told apart
   */
  public static Ruleset together(Collection<NetworkRules> networks) throws CompileException {
    Ruleset all = new Ruleset();
    Set<Integer> zones = new HashSet<>();
    for (NetworkRules each : networks) {
      for (Ruleset.Chain chain : each.ruleset.chains()) {
        addChain(all, chain, zones);
      }
      for (NftSet set : each.ruleset.sets()) {
        addSet(all, set);
      }
      each.ruleset.counters().forEach(all::count);
    }
    if (all.counters().size() > MOST_COUNTERS) {
      throw new CompileException(
          "The policies in audit of all networks would need "
              + all.counters().size()
              + " counters, and a host reads at most "
              + MOST_COUNTERS
              + ". Put fewer of them in audit at once.");
    }
    all.leaveOutEmptyMaps();
    return all;
  }

  private static void addChain(Ruleset all, Ruleset.Chain chain, Set<Integer> zones) {
    Ruleset.Chain same =
        chain
            .hook()
            .map(hook -> all.baseChain(chain.name(), hook.hook(), hook.priority()))
            .orElseGet(() -> all.chain(chain.name()));
    if (chain.name().equals(HostCompiler.ZONES)) {
      chain.rules().forEach(rule -> same.rules().add(inFreeZone(rule, zones)));
    } else if (same.rules().isEmpty()) {
      same.rules().addAll(chain.rules());
    } else if (!same.rules().equals(chain.rules())) {
      throw new IllegalStateException("chain " + chain.name() + " differs between networks");
    }
  }

  /** Two networks may have come to the same zone while neither knew of the other. */
  private static Nft.Rule inFreeZone(Nft.Rule rule, Set<Integer> zones) {
    List<Nft> statements = new ArrayList<>();
    for (Nft statement : rule.statements()) {
      if (statement instanceof Nft.SetZone zone) {
        int free = zone.zone();
        while (!zones.add(free)) {
          free = HostCompiler.nextZone(free);
        }
        statements.add(new Nft.SetZone(free));
      } else {
        statements.add(statement);
      }
    }
    return new Nft.Rule(statements, rule.comment());
  }

  private static void addSet(Ruleset all, NftSet set) throws CompileException {
    Optional<NftSet> there = all.findSet(set.name());
    if (there.isEmpty()) {
      all.put(set);
      return;
    }
    NftSet same = there.get();
    if (same.isFrozen()) {
      same = same.copy();
      all.put(same);
    }
    if (!same.sameKind(set)) {
      throw new IllegalStateException("set " + set.name() + " differs between networks");
    }
    for (var element : set.elements().entrySet()) {
      Nft.Element before = same.elements().putIfAbsent(element.getKey(), element.getValue());
      boolean ofDevice = set.types().get(0).equals("ifname");
      if (before != null && (ofDevice || !before.equals(element.getValue()))) {
        throw new CompileException(
            "Two vNICs cannot be told apart: "
                + element.getKey()
                + " is in the rules of two"
                + " networks. Give each vNIC a MAC of its own.");
      }
    }
  }
}
