// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.evaluate;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.ovirt.isolatedports.policy.inventory.Inventory;
import org.ovirt.isolatedports.policy.inventory.Nic;
import org.ovirt.isolatedports.policy.resolve.ResolvedNetwork;

/** Follows a flow between two by name, over every network, vNIC, family and address they have. */
public final class Tracer {

  private final Inventory inventory;
  private final Map<String, ResolvedNetwork> networks;

  public Tracer(Inventory inventory, Map<String, ResolvedNetwork> networks) {
    this.inventory = inventory;
    this.networks = networks;
  }

  /** A way over a network. */
  public record Traced(String network, Way way) {}

  /**
   * What was found.
   *
   * @param mostOpen the way that decides, as in a matrix; none if the two share no network
   * @param all all ways, in the order in which they were asked
   */
  public record Result(Optional<Traced> mostOpen, List<Traced> all) {
    public Result {
      all = List.copyOf(all);
    }
  }

  /** Whether a name is one that can be traced from or to. */
  public boolean knows(String name) {
    return inventory.vms().contains(name)
        || name.equals(Inventory.GATEWAY)
        || networks.values().stream().anyMatch(network -> !endpoints(network, name).isEmpty());
  }

  /**
   * Follows a flow.
   *
   * @param from a VM, a vNIC ({@code VM/NIC}) or {@code gateway}
   * @param to a VM, a vNIC or {@code gateway}
   */
  public Result trace(String from, String to, Flow flow) {
    List<Traced> all = new ArrayList<>();
    Optional<Traced> best = Optional.empty();
    for (ResolvedNetwork network : networks.values()) {
      String name = network.network().name();
      Evaluator evaluator = new Evaluator(network);
      for (Endpoint source : endpoints(network, from)) {
        for (Endpoint destination : endpoints(network, to)) {
          if (source.equals(destination)) {
            continue;
          }
          List<Way> ways = ways(evaluator, source, destination, flow);
          ways.forEach(way -> all.add(new Traced(name, way)));
          Optional<Traced> found = Way.mostOpen(ways).map(way -> new Traced(name, way));
          if (found.isPresent()
              && (best.isEmpty() || found.get().way().isWiderThan(best.get().way()))) {
            best = found;
          }
        }
      }
    }
    return new Result(best, all);
  }

  private static List<Way> ways(
      Evaluator evaluator, Endpoint source, Endpoint destination, Flow flow) {
    List<Way> ways = new ArrayList<>();
    for (Side from : evaluator.packets().sources(source, flow)) {
      for (Side to : evaluator.packets().destinations(destination, flow)) {
        if (from.ipv6() == to.ipv6()) {
          ways.add(new Way(from, to, evaluator.trace(from, to, flow)));
        }
      }
    }
    return ways;
  }

  /**
   * The ends a name stands for on a network: all vNICs of a VM, one, or the uplink. A VM that bears
   * the uplink's name is met by its own name first.
   */
  private List<Endpoint> endpoints(ResolvedNetwork network, String name) {
    List<Endpoint> ends = new ArrayList<>();
    for (int i = 0; i < network.nics().size(); i++) {
      Nic nic = network.nics().get(i);
      if (nic.vm().equals(name) || nic.portName().equals(name)) {
        ends.add(new Endpoint.Vnic(i));
      }
    }
    boolean uplink = name.equals(Inventory.GATEWAY) || name.equals(Inventory.UPLINK);
    if (uplink && !inventory.vms().contains(name)) {
      ends.add(new Endpoint.Uplink());
    }
    return ends;
  }
}
