// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.evaluate;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.ovirt.isolatedports.policy.inventory.Inventory;
import org.ovirt.isolatedports.policy.inventory.Nic;
import org.ovirt.isolatedports.policy.inventory.Vm;
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
    return !inventory.vmsCalled(name).isEmpty()
        || name.equals(Inventory.GATEWAY)
        || networks.values().stream().anyMatch(network -> !endpoints(network, name).isEmpty());
  }

  /** The VMs that a name could mean, where it could mean several; none where it is clear. */
  public List<Vm> candidates(String name) {
    Set<Vm> called = new LinkedHashSet<>(inventory.vmsCalled(name));
    if (called.isEmpty()) {
      inventory.nics().stream().filter(nic -> isPort(nic, name)).map(Nic::vm).forEach(called::add);
    }
    return called.size() > 1 ? List.copyOf(called) : List.of();
  }

  /**
   * Follows a flow.
   *
   * @param from a VM by id or name, a vNIC ({@code VM/NIC}) or {@code gateway}
   * @param to a VM, a vNIC or {@code gateway}
   */
  public Result trace(String from, String to, Flow flow) {
    List<Traced> all = new ArrayList<>();
    Optional<Traced> best = Optional.empty();
    for (ResolvedNetwork network : networks.values()) {
      String name = inventory.networks().nameOf(network.network());
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

  private static boolean isPort(Nic nic, String name) {
    return nic.portName().equals(name) || name.equals(nic.vm().id() + "/" + nic.name());
  }

  /**
   * The ends a name stands for on a network: all vNICs of a VM, one, or the uplink. A VM that bears
   * the uplink's name is met by its own name first.
   */
  private List<Endpoint> endpoints(ResolvedNetwork network, String name) {
    List<Endpoint> ends = new ArrayList<>();
    List<Vm> called = inventory.vmsCalled(name);
    for (int i = 0; i < network.nics().size(); i++) {
      Nic nic = network.nics().get(i);
      if (called.contains(nic.vm()) || isPort(nic, name)) {
        ends.add(new Endpoint.Vnic(i));
      }
    }
    boolean uplink = name.equals(Inventory.GATEWAY) || name.equals(Inventory.UPLINK);
    if (uplink && called.isEmpty()) {
      ends.add(new Endpoint.Uplink());
    }
    return ends;
  }
}
