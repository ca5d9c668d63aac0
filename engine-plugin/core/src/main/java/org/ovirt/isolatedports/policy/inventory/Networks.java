// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.inventory;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Networks by id, and what a text that people write for one stands for. */
public final class Networks {

  public static final Networks NONE = of(List.of());

  private final Map<String, Network> byId = new TreeMap<>();
  private final Map<String, List<Network>> byName = new HashMap<>();

  private Networks() {}

  /** Networks of which each has an id of its own; of two with one id the later counts. */
  public static Networks of(Collection<Network> all) {
    Networks networks = new Networks();
    all.forEach(network -> networks.byId.put(network.id(), network));
    for (Network network : networks.byId.values()) {
      networks.addName(network.name(), network);
      if (network.dataCenter().isPresent()) {
        networks.addName(network.qualifiedName(), network);
      }
    }
    return networks;
  }

  private void addName(String name, Network network) {
    byName.computeIfAbsent(name, n -> new ArrayList<>(1)).add(network);
  }

  /** All networks, by id. */
  public List<Network> all() {
    return List.copyOf(byId.values());
  }

  public Optional<Network> get(String id) {
    return Optional.ofNullable(byId.get(id));
  }

  /**
   * The networks that a text stands for: the one with that id, else all that bear it as their name
   * or as {@code DATA_CENTER/NAME}. More than one means that the text is ambiguous.
   */
  public List<Network> called(String text) {
    return get(text)
        .map(List::of)
        .orElseGet(() -> List.copyOf(byName.getOrDefault(text, List.of())));
  }

  /** A network's name; where a text of that kind means others too, one that tells it apart. */
  public String nameOf(Network network) {
    for (String name : List.of(network.name(), network.qualifiedName())) {
      if (called(name).equals(List.of(network))) {
        return name;
      }
    }
    return network.id();
  }

  /** All networks by names that tell them apart, as messages list them. */
  public String names() {
    return namesOf(byId.values());
  }

  /** Some of the networks by names that tell them apart, as messages list them. */
  public String namesOf(Collection<Network> some) {
    return some.stream().map(this::nameOf).sorted().collect(Collectors.joining(", "));
  }
}
