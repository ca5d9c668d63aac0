// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.rulesets;

import java.time.Clock;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.ovirt.isolatedports.policy.compile.CompileException;
import org.ovirt.isolatedports.policy.compile.HostCapabilities;
import org.ovirt.isolatedports.server.policies.HostAbilities;

/**
 * The rulesets of all hosts. A network is compiled once for all hosts of the same abilities, and
 * again only when something it depends on changed; hosts with the same networks and abilities share
 * all but the first line.
 *
 * <p>{@link #update} is called by one thread, the rest by any.
 */
public final class RulesetBook {

  /** So many rulesets of a host are remembered, for differences from them. */
  private static final int REMEMBERED = 4;

  /**
   * A host.
   *
   * @param id the engine's id
   * @param name its name
   * @param abilities what it can enforce
   * @param networkIds the networks attached to it
   */
  record HostInput(String id, String name, HostAbilities abilities, Set<String> networkIds) {

    HostInput {
      networkIds = Set.copyOf(networkIds);
    }
  }

  /**
   * What could not be compiled.
   *
   * @param hostId the host that keeps what it had
   * @param hostName its name
   * @param networkId the network; empty if it is about several
   * @param networkName its name
   * @param text what is wrong and what to do, in sentences
   */
  public record Problem(
      String hostId, String hostName, String networkId, String networkName, String text) {}

  /** A network as compiled for some abilities: a part, and why it is not what was asked for. */
  private record Outcome(NetworkPart part, Optional<String> problem) {}

  /** A network and all that was compiled of it. */
  private static final class Compiled {
    private final NetworkInput input;
    private final Map<HostCapabilities, Outcome> outcomes = new HashMap<>();
    private final Map<HostCapabilities, NetworkPart> lastGood;

    Compiled(NetworkInput input, Map<HostCapabilities, NetworkPart> lastGood) {
      this.input = input;
      this.lastGood = lastGood;
    }
  }

  private final Clock clock;
  private final Map<String, Compiled> networks = new TreeMap<>();
  private Map<List<NetworkPart>, SharedRuleset> shared = new HashMap<>();
  private final Map<String, Deque<HostRuleset>> byHost = new ConcurrentHashMap<>();
  private volatile List<Problem> problems = List.of();
  private volatile List<Problem> uncounted = List.of();
  private volatile Map<String, Map<String, Counted>> counted = Map.of();
  private long compilations;

  RulesetBook(Clock clock) {
    this.clock = clock;
  }

  /**
   * Brings all rulesets up to date.
   *
   * @param inputs the networks that hosts have to know of, by id
   * @param hosts the hosts of which is known what is attached to them
   * @return the hosts whose ruleset is another one now
   */
  Set<String> update(Map<String, NetworkInput> inputs, List<HostInput> hosts) {
    networks.keySet().retainAll(inputs.keySet());
    inputs.forEach(
        (id, input) -> {
          Compiled before = networks.get(id);
          if (before == null || !before.input.equals(input)) {
            networks.put(
                id, new Compiled(input, before == null ? new HashMap<>() : before.lastGood));
          }
        });
    Set<String> changed = new HashSet<>();
    Set<String> known = new HashSet<>();
    Map<List<NetworkPart>, SharedRuleset> used = new HashMap<>();
    List<Problem> found = new ArrayList<>();
    List<Problem> notCounted = new ArrayList<>();
    for (HostInput host : hosts) {
      known.add(host.id());
      if (update(host, used, found, notCounted)) {
        changed.add(host.id());
      }
    }
    byHost.keySet().retainAll(known);
    shared = used;
    problems = List.copyOf(found);
    uncounted = List.copyOf(notCounted);
    counted =
        networks.entrySet().stream()
            .collect(
                Collectors.toUnmodifiableMap(Map.Entry::getKey, each -> counted(each.getValue())));
    return changed;
  }

  private boolean update(
      HostInput host,
      Map<List<NetworkPart>, SharedRuleset> used,
      List<Problem> found,
      List<Problem> notCounted) {
    List<NetworkPart> parts = new ArrayList<>();
    for (Map.Entry<String, Compiled> network : networks.entrySet()) {
      if (host.networkIds().contains(network.getKey())) {
        Outcome outcome = outcome(network.getValue(), host.abilities().kernel());
        outcome
            .problem()
            .or(() -> withoutTable(host, outcome.part()))
            .ifPresent(text -> found.add(problem(host, network.getValue().input, text)));
        // A table that only counts is nothing for a host that takes none.
        NetworkPart part =
            host.abilities().said() && host.abilities().nft()
                ? outcome.part()
                : outcome.part().withoutTableToCount();
        part.uncounted()
            .ifPresent(text -> notCounted.add(problem(host, network.getValue().input, text)));
        parts.add(part);
      }
    }
    SharedRuleset now = used.getOrDefault(parts, shared.get(parts));
    if (now == null) {
      try {
        now = SharedRuleset.of(parts);
      } catch (CompileException e) {
        found.add(new Problem(host.id(), host.name(), "", "", e.getMessage()));
        if (byHost.containsKey(host.id())) {
          return false;
        }
        now = shut(parts);
      }
    }
    now.uncounted()
        .ifPresent(text -> notCounted.add(new Problem(host.id(), host.name(), "", "", text)));
    used.put(List.copyOf(parts), now);
    return put(host.id(), now);
  }

  private static Map<String, Counted> counted(Compiled network) {
    Map<String, Counted> all = new HashMap<>();
    network.outcomes.values().forEach(outcome -> all.putAll(outcome.part().counted()));
    return Map.copyOf(all);
  }

  /** Rules that no host of its kind could load are made all the same, for when it can. */
  private static Optional<String> withoutTable(HostInput host, NetworkPart part) {
    return part.rules().isEmpty()
        ? Optional.empty()
        : host.abilities().missing(NetworkPart.HOST, part.network().name());
  }

  private static SharedRuleset shut(List<NetworkPart> parts) {
    try {
      return SharedRuleset.of(
          parts.stream().map(part -> NetworkPart.shut(part.network())).toList());
    } catch (CompileException e) {
      throw new IllegalStateException("there is nothing in it", e);
    }
  }

  private boolean put(String hostId, SharedRuleset now) {
    Deque<HostRuleset> all = byHost.getOrDefault(hostId, new ArrayDeque<>());
    if (!all.isEmpty() && all.getFirst().shared().digest().equals(now.digest())) {
      return false;
    }
    Deque<HostRuleset> longer = new ArrayDeque<>(all);
    longer.addFirst(new HostRuleset(hostId, now, clock.instant()));
    while (longer.size() > REMEMBERED) {
      longer.removeLast();
    }
    byHost.put(hostId, longer);
    return true;
  }

  private static Problem problem(HostInput host, NetworkInput input, String text) {
    return new Problem(
        host.id(),
        host.name(),
        input.network().id(),
        input.network().name(),
        text.replace(NetworkPart.HOST, host.name()));
  }

  /** A network that cannot be compiled stays as it was; one that never could be is shut. */
  private Outcome outcome(Compiled network, HostCapabilities capabilities) {
    Outcome known = network.outcomes.get(capabilities);
    if (known != null) {
      return known;
    }
    Outcome outcome;
    compilations++;
    try {
      NetworkPart part = NetworkPart.compile(network.input, capabilities);
      network.lastGood.put(capabilities, part);
      outcome = new Outcome(part, NetworkPart.unenforced(network.input));
    } catch (CompileException e) {
      NetworkPart before = network.lastGood.get(capabilities);
      outcome =
          new Outcome(
              before == null ? NetworkPart.shut(network.input.network()) : before,
              Optional.of(e.getMessage()));
    }
    network.outcomes.put(capabilities, outcome);
    return outcome;
  }

  /** What a host is to enforce; empty for one of which nothing is known yet. */
  public Optional<HostRuleset> of(String hostId) {
    return Optional.ofNullable(byHost.get(hostId)).map(Deque::getFirst);
  }

  /** An earlier ruleset of a host, if it is remembered. */
  public Optional<HostRuleset> of(String hostId, String revision) {
    return Optional.ofNullable(byHost.get(hostId)).stream()
        .flatMap(Deque::stream)
        .filter(each -> each.revision().equals(revision))
        .findFirst();
  }

  /** What could not be compiled, and where. */
  public List<Problem> problems() {
    return problems;
  }

  /** Why hosts do not count for policies in audit, and where. */
  public List<Problem> uncounted() {
    return uncounted;
  }

  /** What the counters of a network count, by their names. */
  public Map<String, Counted> counted(String networkId) {
    return counted.getOrDefault(networkId, Map.of());
  }

  /** How often a network was compiled. */
  long compilations() {
    return compilations;
  }
}
