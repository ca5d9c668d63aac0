// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.cli;

import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.ovirt.isolatedports.policy.IpRange;
import org.ovirt.isolatedports.policy.evaluate.Decision;
import org.ovirt.isolatedports.policy.evaluate.Endpoint;
import org.ovirt.isolatedports.policy.evaluate.Evaluator;
import org.ovirt.isolatedports.policy.evaluate.Exchange;
import org.ovirt.isolatedports.policy.evaluate.Flow;
import org.ovirt.isolatedports.policy.evaluate.Reachability;
import org.ovirt.isolatedports.policy.inventory.Inventory;
import org.ovirt.isolatedports.policy.json.JsonWriter;
import org.ovirt.isolatedports.policy.match.Addresses;
import org.ovirt.isolatedports.policy.match.Bits;
import org.ovirt.isolatedports.policy.resolve.ResolvedNetwork;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "trace",
    mixinStandardHelpOptions = true,
    description = "Follows one packet and the reply to it, and names the rule that decides.")
final class TraceCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;
  @Mixin private InputOptions input;
  @Mixin private FlowOptions flow;

  @Option(
      names = "--from",
      required = true,
      paramLabel = "VM",
      description = "A VM, a vNIC (VM/NIC), or gateway.")
  private String from;

  @Option(
      names = "--to",
      required = true,
      paramLabel = "VM",
      description = "A VM, a vNIC (VM/NIC), or gateway.")
  private String to;

  @Option(
      names = "--source-ip",
      paramLabel = "ADDRESS",
      description = "Source address, if not the sender's own.")
  private String sourceIp;

  @Option(
      names = "--destination-ip",
      paramLabel = "ADDRESS",
      description = "Destination address, if not the receiver's own.")
  private String destinationIp;

  @Option(
      names = "--source-mac",
      paramLabel = "MAC",
      description = "Source MAC, if not the sender's own.")
  private String sourceMac;

  @Option(names = "--check", description = "Exit with 3 unless packet and reply pass.")
  private boolean check;

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  @Override
  public Integer call() {
    InputOptions.Input read = input.read().orRefuse();
    Flow base = flow.flow();
    Flow packet =
        new Flow(
            base.protocol(),
            base.sourcePort(),
            base.port(),
            address("--source-ip", sourceIp),
            address("--destination-ip", destinationIp),
            mac());
    Exchange exchange = trace(read, packet);
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(JsonWriter.write(asMap(exchange)));
    } else {
      print(out, exchange);
    }
    boolean passes = exchange.forward().passes() && exchange.replyPasses();
    return check && !passes ? IsolatedPorts.NOT_PASSED : 0;
  }

  private Exchange trace(InputOptions.Input read, Flow packet) {
    Map<String, ResolvedNetwork> networks = read.networks();
    checkName(read.inventory(), networks, from);
    checkName(read.inventory(), networks, to);
    Optional<Exchange> best = Optional.empty();
    for (ResolvedNetwork network : networks.values()) {
      Optional<Endpoint> source = Reachability.endpoint(network, from);
      Optional<Endpoint> destination = Reachability.endpoint(network, to);
      if (source.isPresent() && destination.isPresent() && !source.equals(destination)) {
        Exchange exchange = new Evaluator(network).trace(source.get(), destination.get(), packet);
        if (best.isEmpty() || (exchange.forward().passes() && !best.get().replyPasses())) {
          best = Optional.of(exchange);
        }
      }
    }
    return best.orElse(
        new Exchange(new Decision(false, Reachability.NO_NETWORK, List.of()), Optional.empty()));
  }

  private static void checkName(
      Inventory inventory, Map<String, ResolvedNetwork> networks, String name) {
    boolean known =
        inventory.vms().contains(name)
            || networks.values().stream()
                .anyMatch(network -> Reachability.endpoint(network, name).isPresent());
    if (!known) {
      throw new RefusedException(
          "There is no VM " + name + " in the inventory; give a VM's name, VM/NIC, or gateway.");
    }
  }

  private static Optional<IpRange> address(String option, String text) {
    if (text == null) {
      return Optional.empty();
    }
    Optional<IpRange> address = IpRange.parse(text).filter(IpRange::isSingle);
    if (address.isEmpty()) {
      throw new RefusedException(
          option + " must be an address such as 10.0.0.1, not \"" + text + "\".");
    }
    return address;
  }

  private Optional<Bits> mac() {
    if (sourceMac == null) {
      return Optional.empty();
    }
    Optional<Bits> mac = Addresses.parseMac(sourceMac);
    if (mac.isEmpty()) {
      throw new RefusedException(
          "--source-mac must be a MAC such as 52:54:00:00:00:01, not \"" + sourceMac + "\".");
    }
    return mac;
  }

  private Map<String, Object> asMap(Exchange exchange) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("from", from);
    map.put("to", to);
    map.put("forward", exchange.forward().passes());
    map.put("reply", exchange.replyPasses());
    map.put("rule", decidingRule(exchange));
    map.put("considered", exchange.forward().considered());
    exchange
        .reply()
        .ifPresent(
            reply -> {
              map.put("reply_rule", reply.rule());
              map.put("reply_considered", reply.considered());
            });
    return map;
  }

  /** What the matrix names too: the rule that stops the reply, if only that is stopped. */
  private static String decidingRule(Exchange exchange) {
    return exchange
        .reply()
        .filter(reply -> !reply.passes())
        .map(Decision::rule)
        .orElse(exchange.forward().rule());
  }

  private void print(PrintWriter out, Exchange exchange) {
    Decision forward = exchange.forward();
    out.println(from + " -> " + to + ": " + verdict(forward));
    forward.considered().forEach(line -> out.println("    " + line));
    if (exchange.reply().isPresent()) {
      Decision reply = exchange.reply().get();
      out.println(to + " -> " + from + " (reply): " + verdict(reply));
      reply.considered().forEach(line -> out.println("    " + line));
    } else {
      out.println("There is no reply, since the packet does not arrive.");
    }
  }

  private static String verdict(Decision decision) {
    return (decision.passes() ? "passes" : "is dropped") + " (" + decision.rule() + ")";
  }
}
