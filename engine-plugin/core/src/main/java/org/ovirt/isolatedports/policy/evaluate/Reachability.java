// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.evaluate;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.ovirt.isolatedports.policy.acl.Acl;
import org.ovirt.isolatedports.policy.evaluate.Evaluator.AclLists;
import org.ovirt.isolatedports.policy.inventory.Inventory;
import org.ovirt.isolatedports.policy.inventory.Nic;
import org.ovirt.isolatedports.policy.match.Field;
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
   * One pair.
   *
   * @param from a VM, or {@code gateway}
   * @param to a VM, or {@code gateway}
   * @param forward whether the flow's first packet arrives
   * @param reply whether the answer does; false if there is nothing to answer
   * @param rule what decides about the first packet, or about the answer if only that is stopped
   */
  public record Pair(String from, String to, boolean forward, boolean reply, String rule) {}

  /** All pairs, in the order of the inventory, the gateway last. */
  public List<Pair> matrix(Flow flow) {
    List<String> names = new ArrayList<>(inventory.vms());
    names.add(Inventory.GATEWAY);
    Map<String, Integer> places = new HashMap<>();
    for (int i = 0; i < names.size(); i++) {
      places.put(names.get(i), i);
    }
    Pair[][] pairs = new Pair[names.size()][names.size()];
    networks.values().forEach(network -> fill(network, flow, names, places, pairs));
    List<Pair> all = new ArrayList<>();
    for (int from = 0; from < names.size(); from++) {
      for (int to = 0; to < names.size(); to++) {
        if (from != to) {
          Pair pair = pairs[from][to];
          all.add(
              pair != null
                  ? pair
                  : new Pair(names.get(from), names.get(to), false, false, NO_NETWORK));
        }
      }
    }
    return all;
  }

  /** One end with the ACLs that can match what it sends and gets. */
  private record Prepared(
      Endpoint end,
      int place,
      List<Acl> fromLport,
      List<Acl> fromLportReply,
      List<Acl> toLport,
      List<Acl> toLportReply) {}

  private static void fill(
      ResolvedNetwork network,
      Flow flow,
      List<String> names,
      Map<String, Integer> places,
      Pair[][] pairs) {
    Evaluator evaluator = new Evaluator(network);
    List<Prepared> ends = new ArrayList<>();
    List<Nic> nics = network.nics();
    for (int i = 0; i < nics.size(); i++) {
      ends.add(prepare(evaluator, flow, new Endpoint.Vnic(i), places.get(nics.get(i).vm())));
    }
    ends.add(prepare(evaluator, flow, new Endpoint.Uplink(), places.get(Inventory.GATEWAY)));
    for (Prepared from : ends) {
      for (Prepared to : ends) {
        Pair known = pairs[from.place()][to.place()];
        if (from.place() == to.place() || (known != null && known.reply())) {
          continue;
        }
        Pair pair = decide(evaluator, flow, names, from, to);
        if (known == null || pair.reply() || (pair.forward() && !known.forward())) {
          pairs[from.place()][to.place()] = pair;
        }
      }
    }
  }

  private static Pair decide(
      Evaluator evaluator, Flow flow, List<String> names, Prepared from, Prepared to) {
    Decision forward =
        evaluator.decideQuickly(
            from.end(),
            to.end(),
            evaluator.packets().request(from.end(), to.end(), flow),
            false,
            new AclLists(from.fromLport(), to.toLport()));
    String source = names.get(from.place());
    String destination = names.get(to.place());
    if (!forward.passes()) {
      return new Pair(source, destination, false, false, forward.rule());
    }
    Decision reply =
        evaluator.decideQuickly(
            to.end(),
            from.end(),
            evaluator.packets().answer(from.end(), to.end(), flow),
            true,
            new AclLists(to.fromLportReply(), from.toLportReply()));
    return new Pair(
        source, destination, true, reply.passes(), reply.passes() ? forward.rule() : reply.rule());
  }

  private static Prepared prepare(Evaluator evaluator, Flow flow, Endpoint end, int place) {
    AclLists all = evaluator.allAcls();
    return new Prepared(
        end,
        place,
        possible(all.fromLport(), evaluator, flow, end, true, true),
        possible(all.fromLport(), evaluator, flow, end, true, false),
        possible(all.toLport(), evaluator, flow, end, false, true),
        possible(all.toLport(), evaluator, flow, end, false, false));
  }

  private static final Set<Field> PROTOCOL =
      EnumSet.of(
          Field.IP_PROTO,
          Field.IP_TTL,
          Field.TCP_SRC,
          Field.TCP_DST,
          Field.TCP_FLAGS,
          Field.UDP_SRC,
          Field.UDP_DST,
          Field.SCTP_SRC,
          Field.SCTP_DST);

  /** The ACLs that may match a packet of which one end is known, up to the first that must. */
  private static List<Acl> possible(
      List<Acl> acls,
      Evaluator evaluator,
      Flow flow,
      Endpoint end,
      boolean isSource,
      boolean request) {
    Packet packet = new Packet();
    Packets.setProtocol(packet, flow, false, request);
    Set<Field> known = EnumSet.copyOf(PROTOCOL);
    if (flow.protocol() == Flow.Protocol.ICMP) {
      // ICMP has another number in IPv6, and which family is spoken depends on both ends.
      known.remove(Field.IP_PROTO);
    }
    // What the flow overrides is not the end's own.
    boolean ownAddress = flow.sourceAddress().isEmpty() && flow.address().isEmpty();
    if (isSource) {
      evaluator.packets().setSource(packet, end, false);
      evaluator.packets().setSource(packet, end, true);
      if (ownAddress) {
        known.addAll(EnumSet.of(Field.IP4_SRC, Field.IP6_SRC));
      }
      if (flow.sourceMac().isEmpty()) {
        known.add(Field.ETH_SRC);
      }
    } else {
      evaluator.packets().setDestination(packet, end, false);
      evaluator.packets().setDestination(packet, end, true);
      known.add(Field.ETH_DST);
      if (ownAddress) {
        known.addAll(EnumSet.of(Field.IP4_DST, Field.IP6_DST));
      }
    }
    packet.unknownExcept(known);
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

  /** The end a name stands for on a network, if it has one there. */
  public static Optional<Endpoint> endpoint(ResolvedNetwork network, String name) {
    if (name.equals(Inventory.GATEWAY) || name.equals("uplink")) {
      return Optional.of(new Endpoint.Uplink());
    }
    for (int i = 0; i < network.nics().size(); i++) {
      Nic nic = network.nics().get(i);
      if (nic.vm().equals(name) || nic.portName().equals(name)) {
        return Optional.of(new Endpoint.Vnic(i));
      }
    }
    return Optional.empty();
  }
}
