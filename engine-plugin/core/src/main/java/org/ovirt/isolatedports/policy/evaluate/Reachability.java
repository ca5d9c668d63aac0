// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.evaluate;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.ovirt.isolatedports.policy.acl.Acl;
import org.ovirt.isolatedports.policy.evaluate.Evaluator.AclLists;
import org.ovirt.isolatedports.policy.inventory.Inventory;
import org.ovirt.isolatedports.policy.inventory.Nic;
import org.ovirt.isolatedports.policy.inventory.Vm;
import org.ovirt.isolatedports.policy.match.Packet;
import org.ovirt.isolatedports.policy.resolve.ResolvedNetwork;

/** Who reaches whom with a flow: every VM and the gateway against every other. */
public final class Reachability {

  /** The reason for a pair that shares no network. */
  public static final String NO_NETWORK = "the two share no network";

  private final Inventory inventory;
  private final Map<String, ResolvedNetwork> networks;

  public Reachability(Inventory inventory, Map<String, ResolvedNetwork> networks) {
    this.inventory = inventory;
    this.networks = networks;
  }

  /**
   * One pair, with the most open of the ways between the two.
   *
   * @param from a VM by name (with its id where several bear that), or {@code gateway}
   * @param to a VM, or {@code gateway}
   * @param verdict whether the flow's first packet arrives
   * @param replyVerdict whether the answer does; it does not if there is nothing to answer
   * @param family the family of that way; empty if the two share no network
   * @param rule what decides about the first packet, or about the answer if only that is stopped
   */
  public record Pair(
      String from, String to, Verdict verdict, Verdict replyVerdict, String family, String rule) {

    /** Whether it is certain that the first packet arrives. */
    public boolean forward() {
      return verdict == Verdict.PASSES;
    }

    /** Whether it is certain that the answer arrives. */
    public boolean reply() {
      return replyVerdict == Verdict.PASSES;
    }
  }

  /** All pairs, in the order of the inventory, the gateway last. */
  public List<Pair> matrix(Flow flow) {
    List<Pair> all = new ArrayList<>();
    forEach(flow, all::add);
    return all;
  }

  /** The names of all that can be a pair, in the order of {@link #matrix}. */
  public List<String> names() {
    List<String> names = new ArrayList<>(inventory.vmNames());
    names.add(Inventory.GATEWAY);
    return names;
  }

  /** Hands over all pairs one by one, in the order of {@link #matrix}, and keeps none. */
  public void forEach(Flow flow, Consumer<Pair> consumer) {
    List<String> names = names();
    List<Part> parts = networks.values().stream().map(network -> new Part(network, flow)).toList();
    for (int from = 0; from < names.size(); from++) {
      Way[] row = new Way[names.size()];
      for (Part part : parts) {
        part.fill(from, row);
      }
      for (int to = 0; to < names.size(); to++) {
        if (from != to) {
          consumer.accept(pair(names.get(from), names.get(to), Optional.ofNullable(row[to])));
        }
      }
    }
  }

  private static Pair pair(String from, String to, Optional<Way> found) {
    if (found.isEmpty()) {
      return new Pair(from, to, Verdict.DROPPED, Verdict.DROPPED, "", NO_NETWORK);
    }
    Exchange exchange = found.get().exchange();
    return new Pair(
        from,
        to,
        exchange.forward().verdict(),
        exchange.replyVerdict(),
        found.get().from().family(),
        exchange.rule());
  }

  /** A side with the ACLs that can match what it sends and gets. */
  private record Prepared(
      Side side,
      List<Acl> fromLport,
      List<Acl> fromLportReply,
      List<Acl> toLport,
      List<Acl> toLportReply) {}

  /** One end with its sides. */
  private record End(int place, List<Prepared> sources, List<Prepared> destinations) {}

  /** The ways over one network. */
  private final class Part {
    private final Evaluator evaluator;
    private final Flow flow;
    private final List<End> ends = new ArrayList<>();
    private final Map<Integer, List<End>> byPlace = new HashMap<>();

    Part(ResolvedNetwork network, Flow flow) {
      this.evaluator = new Evaluator(network);
      this.flow = flow;
      Map<String, Integer> places = new HashMap<>();
      for (Vm vm : inventory.vms()) {
        places.put(vm.id(), places.size());
      }
      List<Nic> nics = network.nics();
      for (int i = 0; i < nics.size(); i++) {
        add(new Endpoint.Vnic(i), places.get(nics.get(i).vm().id()));
      }
      add(new Endpoint.Uplink(), inventory.vms().size());
    }

    private void add(Endpoint endpoint, int place) {
      List<Prepared> sources =
          evaluator.packets().sources(endpoint, flow).stream().map(this::prepare).toList();
      List<Prepared> destinations =
          flow.isBetweenOwnAddresses()
              ? sources
              : evaluator.packets().destinations(endpoint, flow).stream()
                  .map(this::prepare)
                  .toList();
      End end = new End(place, sources, destinations);
      ends.add(end);
      byPlace.computeIfAbsent(place, p -> new ArrayList<>(1)).add(end);
    }

    /** Puts the most open way from one end to each other into a row. */
    void fill(int from, Way[] row) {
      for (End source : byPlace.getOrDefault(from, List.of())) {
        List<Speaker> speakers = source.sources().stream().map(Speaker::new).toList();
        for (End destination : ends) {
          Way known = row[destination.place()];
          if (destination.place() != from && (known == null || !known.isOpen())) {
            Optional<Way> way = mostOpen(speakers, destination);
            if (way.isPresent() && (known == null || way.get().isWiderThan(known))) {
              row[destination.place()] = way.get();
            }
          }
        }
      }
    }

    private Optional<Way> mostOpen(List<Speaker> speakers, End destination) {
      List<Prepared> listeners = destination.destinations();
      if (speakers.size() == 1 && listeners.size() == 1) {
        Speaker only = speakers.get(0);
        return only.speaksWith(listeners.get(0))
            ? Optional.of(only.decide(listeners.get(0)))
            : Optional.empty();
      }
      List<Way> ways = new ArrayList<>();
      for (Speaker speaker : speakers) {
        for (Prepared listener : listeners) {
          if (speaker.speaksWith(listener)) {
            ways.add(speaker.decide(listener));
          }
        }
      }
      return Way.mostOpen(ways);
    }

    /**
     * One way in which a source speaks, to one destination after the other. The packets are made
     * once and turned to each destination: a matrix of 1,000 VMs asks about two million.
     */
    private final class Speaker {
      private final Prepared from;
      private final Packet request;
      private final Packet answer;

      Speaker(Prepared from) {
        this.from = from;
        this.request = Packets.request(from.side(), from.side(), flow);
        this.answer = Packets.answer(from.side(), from.side(), flow);
      }

      boolean speaksWith(Prepared to) {
        return from.side().ipv6() == to.side().ipv6();
      }

      Way decide(Prepared to) {
        Side source = from.side();
        Side destination = to.side();
        Packets.setDestination(request, destination);
        Decision forward =
            evaluator.decideQuickly(
                source.end(),
                destination.end(),
                request,
                false,
                new AclLists(from.fromLport(), to.toLport()));
        if (forward.verdict() == Verdict.DROPPED) {
          return new Way(source, destination, new Exchange(forward, Optional.empty()));
        }
        Packets.setSource(answer, destination);
        Decision reply =
            evaluator.decideQuickly(
                destination.end(),
                source.end(),
                answer,
                true,
                new AclLists(to.fromLportReply(), from.toLportReply()));
        return new Way(source, destination, new Exchange(forward, Optional.of(reply)));
      }
    }

    private Prepared prepare(Side side) {
      AclLists all = evaluator.allAcls();
      return new Prepared(
          side,
          possible(all.fromLport(), Packets.sent(side, flow, true)),
          possible(all.fromLport(), Packets.sent(side, flow, false)),
          possible(all.toLport(), Packets.received(side, flow, true)),
          possible(all.toLport(), Packets.received(side, flow, false)));
    }
  }

  /** The ACLs that may match a packet of which one end is known, up to the first that must. */
  private static List<Acl> possible(List<Acl> acls, Packet packet) {
    List<Acl> possible = new ArrayList<>();
    for (Acl acl : acls) {
      Packet.Truth truth = packet.test(acl.expression());
      if (truth != Packet.Truth.NO) {
        possible.add(acl);
      }
      if (truth == Packet.Truth.YES) {
        break;
      }
    }
    return possible;
  }
}
