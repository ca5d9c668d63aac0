// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.policies;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.ws.rs.core.Response;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.ovirt.isolatedports.policy.address.IpRange;
import org.ovirt.isolatedports.policy.evaluate.Decision;
import org.ovirt.isolatedports.policy.evaluate.Exchange;
import org.ovirt.isolatedports.policy.evaluate.Flow;
import org.ovirt.isolatedports.policy.evaluate.Tracer;
import org.ovirt.isolatedports.policy.inventory.Inventory;
import org.ovirt.isolatedports.policy.inventory.Vm;
import org.ovirt.isolatedports.server.http.fault.FaultException;
import org.ovirt.isolatedports.server.network.CallersNetworks;

/** Who reaches whom on a network now, by what is in force and the vNICs that are there. */
@ApplicationScoped
public class NetworkReach {

  private static final int BAD_REQUEST = 400;
  private static final int CONFLICT = 409;

  /** What a trace says of an ACL: its place and whether it matches, then its text. */
  private static final Pattern ACL_LINE =
      Pattern.compile("(acls:[0-9]+ [^:]*): .*", Pattern.DOTALL);

  private final PolicyStore store;
  private final NetworkInventories inventories;
  private final PolicyBodies bodies;

  @Inject
  NetworkReach(PolicyStore store, NetworkInventories inventories, PolicyBodies bodies) {
    this.store = store;
    this.inventories = inventories;
    this.bodies = bodies;
  }

  /** Every VM that the caller may see and the gateway, against every other. */
  Response reachability(org.ovirt.isolatedports.server.http.Exchange exchange, String id) {
    exchange.onlyParameters(Parameters.FLOW);
    Flow flow = FlowParameters.between(exchange);
    return CallersNetworks.withReadable(
        exchange,
        id,
        network -> {
          Inventory seen = inventories.seen(network);
          if (seen.vms().size() > Preview.MOST_VMS) {
            throw FaultException.operationFailed(
                CONFLICT,
                "There are more than "
                    + Preview.MOST_VMS
                    + " VMs on Network "
                    + network.name()
                    + "; ask for single pairs by trace.");
          }
          return exchange.ok(
              "reachability",
              Map.of("pair", Preview.shown(seen, store.stored(network.id()), flow)));
        });
  }

  /** One packet and the reply to it, with the rule that decides. */
  Response trace(org.ovirt.isolatedports.server.http.Exchange exchange, String id) {
    exchange.onlyParameters(Parameters.TRACE);
    String from = required(exchange, "from");
    String to = required(exchange, "to");
    Flow flow = FlowParameters.traced(exchange);
    return CallersNetworks.withReadable(
        exchange,
        id,
        network -> {
          Inventory seen = inventories.seen(network);
          StoredPolicies stored = store.stored(network.id());
          Tracer tracer = new Tracer(seen, Preview.networks(seen, stored.inForce()));
          requireKnown(seen, tracer, "from", from);
          requireKnown(seen, tracer, "to", to);
          Tracer.Result result = tracer.trace(from, to, flow);
          Map<String, Object> tree =
              tree(
                  from,
                  to,
                  result,
                  stored.current(Document.acls(network.id())).stream().allMatch(bodies::isSeen));
          if (stored.isAudited()) {
            Tracer all = new Tracer(seen, Preview.networks(seen, stored.everything()));
            putAudit(tree, exchangeOf(result), exchangeOf(all.trace(from, to, flow)));
          }
          return exchange.ok("trace", tree);
        });
  }

  private static Optional<Exchange> exchangeOf(Tracer.Result result) {
    return result.mostOpen().map(traced -> traced.way().exchange());
  }

  private static void putAudit(
      Map<String, Object> tree, Optional<Exchange> now, Optional<Exchange> then) {
    now.flatMap(one -> then.map(other -> Map.entry(one, other)))
        .ifPresent(
            both ->
                Preview.putAudit(
                    tree,
                    Preview.wouldDrop(
                        both.getKey().forward().verdict(), both.getValue().forward().verdict()),
                    Preview.wouldDrop(both.getKey().replyVerdict(), both.getValue().replyVerdict()),
                    both.getValue().rule()));
  }

  private static String required(
      org.ovirt.isolatedports.server.http.Exchange exchange, String name) {
    return exchange
        .parameter(name)
        .filter(text -> !text.isEmpty())
        .orElseThrow(
            () ->
                bad(
                    "The parameter "
                        + name
                        + " is missing: a VM by name or id, VM/NIC, or gateway."));
  }

  private static void requireKnown(Inventory seen, Tracer tracer, String parameter, String name) {
    List<Vm> candidates = tracer.candidates(name);
    if (!candidates.isEmpty()) {
      throw bad(
          "Several VMs are meant by "
              + name
              + ". Write one of their ids: "
              + candidates.stream().map(Vm::id).collect(Collectors.joining(", "))
              + ".");
    }
    boolean hidden =
        seen.vmsCalled(name.contains("/") ? name.substring(0, name.indexOf('/')) : name).stream()
            .anyMatch(vm -> SeenNetworks.isHidden(vm.name()));
    if (hidden || !tracer.knows(name)) {
      throw bad(
          "There is no VM "
              + name
              + " on the network that you may see. The parameter "
              + parameter
              + " is a VM by name or id, VM/NIC, or gateway.");
    }
  }

  private static Map<String, Object> tree(
      String from, String to, Tracer.Result result, boolean withAcls) {
    Map<String, Object> tree = new LinkedHashMap<>();
    tree.put("from", from);
    tree.put("to", to);
    Optional<Exchange> found = exchangeOf(result);
    if (found.isEmpty()) {
      throw bad(from + " and " + to + " are one and the same vNIC.");
    }
    putVerdict(tree, found.get());
    result.mostOpen().ifPresent(traced -> putWay(tree, traced));
    tree.put("considered", texts(found.get().forward(), withAcls));
    found
        .get()
        .reply()
        .ifPresent(
            reply -> {
              tree.put("reply_rule", reply.rule());
              tree.put("reply_considered", texts(reply, withAcls));
            });
    List<Map<String, Object>> ways = new ArrayList<>();
    for (Tracer.Traced traced : result.all()) {
      Map<String, Object> way = new LinkedHashMap<>();
      putWay(way, traced);
      putVerdict(way, traced.way().exchange());
      ways.add(way);
    }
    tree.put("ways", Map.of("way", ways));
    return tree;
  }

  /** What was looked at; without the texts of ACLs that name VMs the caller may not see. */
  private static Map<String, Object> texts(Decision decision, boolean withAcls) {
    return Map.of(
        "text",
        decision.considered().stream()
            .map(line -> withAcls ? line : ACL_LINE.matcher(line).replaceFirst("$1"))
            .toList());
  }

  private static void putVerdict(Map<String, Object> tree, Exchange exchange) {
    tree.put("forward", String.valueOf(exchange.forward().passes()));
    tree.put("reply", String.valueOf(exchange.replyPasses()));
    tree.put("verdict", exchange.forward().verdict().name().toLowerCase(Locale.ROOT));
    tree.put("rule", exchange.rule());
  }

  private static void putWay(Map<String, Object> tree, Tracer.Traced traced) {
    tree.put("family", traced.way().from().family());
    tree.put("source", traced.way().from().address().map(IpRange::addressText).orElse(""));
    tree.put("destination", traced.way().to().address().map(IpRange::addressText).orElse(""));
  }

  private static FaultException bad(String what) {
    return FaultException.operationFailed(BAD_REQUEST, what);
  }
}
