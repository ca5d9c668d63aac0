// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.ovirt.isolatedports.policy.address.Addresses;
import org.ovirt.isolatedports.policy.address.Bits;
import org.ovirt.isolatedports.policy.address.IpRange;
import org.ovirt.isolatedports.policy.address.IpText;
import org.ovirt.isolatedports.policy.evaluate.Decision;
import org.ovirt.isolatedports.policy.evaluate.Exchange;
import org.ovirt.isolatedports.policy.evaluate.Flow;
import org.ovirt.isolatedports.policy.evaluate.Reachability;
import org.ovirt.isolatedports.policy.evaluate.Tracer;
import org.ovirt.isolatedports.policy.evaluate.Verdict;
import org.ovirt.isolatedports.policy.inventory.Vm;
import org.ovirt.isolatedports.policy.json.JsonWriter;
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
    Flow packet = packet();
    InputOptions.Input read = input.read().orRefuse();
    Tracer tracer = new Tracer(read.inventory(), read.networks());
    checkName(tracer, "--from", from);
    checkName(tracer, "--to", to);
    Tracer.Result result = tracer.trace(from, to, packet);
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(JsonWriter.write(asMap(result, read)));
    } else {
      read.remark(spec.commandLine().getErr());
      print(out, result);
    }
    Exchange exchange = exchange(result.mostOpen());
    boolean passes = exchange.forward().passes() && exchange.replyPasses();
    return check && !passes ? IsolatedPorts.NOT_PASSED : 0;
  }

  private Flow packet() {
    Flow base = flow.flow();
    Optional<IpRange> source = address("--source-ip", sourceIp);
    Optional<IpRange> destination = address("--destination-ip", destinationIp);
    if (source.isPresent()
        && destination.isPresent()
        && source.get().ipv6() != destination.get().ipv6()) {
      throw new UsageException(
          "--source-ip and --destination-ip must be of one family, not "
              + sourceIp
              + " and "
              + destinationIp
              + ".");
    }
    return new Flow(base.protocol(), base.sourcePort(), base.port(), source, destination, mac());
  }

  private static Exchange exchange(Optional<Tracer.Traced> traced) {
    return traced
        .map(t -> t.way().exchange())
        .orElse(
            new Exchange(
                new Decision(Verdict.DROPPED, Reachability.NO_NETWORK, List.of()),
                Optional.empty()));
  }

  private static void checkName(Tracer tracer, String option, String name) {
    List<Vm> candidates = tracer.candidates(name);
    if (!candidates.isEmpty()) {
      throw new UsageException(
          "Several VMs are meant by "
              + option
              + " "
              + name
              + "; write one of their ids: "
              + candidates.stream().map(Vm::id).collect(Collectors.joining(", "))
              + ".");
    }
    if (!tracer.knows(name)) {
      throw new UsageException(
          "There is no VM "
              + name
              + " in the inventory; "
              + option
              + " must be a VM's name or id, VM/NIC, or gateway.");
    }
  }

  private static Optional<IpRange> address(String option, String text) {
    if (text == null) {
      return Optional.empty();
    }
    Optional<String> problem = IpText.addressProblem(text);
    if (problem.isPresent()) {
      throw new UsageException(option + " \"" + text + "\": " + problem.get() + ".");
    }
    return IpRange.parse(text);
  }

  private Optional<Bits> mac() {
    if (sourceMac == null) {
      return Optional.empty();
    }
    Optional<Bits> mac = Addresses.parseMac(sourceMac);
    if (mac.isEmpty()) {
      throw new UsageException(
          "--source-mac must be a MAC such as 52:54:00:00:00:01, not \"" + sourceMac + "\".");
    }
    return mac;
  }

  private Map<String, Object> asMap(Tracer.Result result, InputOptions.Input read) {
    Exchange exchange = exchange(result.mostOpen());
    Map<String, Object> map = new LinkedHashMap<>();
    if (!read.readClosed().isEmpty()) {
      map.put("errors", Findings.entries(read.readClosed(), true));
    }
    map.put("from", from);
    map.put("to", to);
    putVerdict(map, exchange);
    result.mostOpen().ifPresent(traced -> putWay(map, traced));
    map.put("considered", exchange.forward().considered());
    exchange
        .reply()
        .ifPresent(
            reply -> {
              map.put("reply_rule", reply.rule());
              map.put("reply_considered", reply.considered());
            });
    List<Map<String, Object>> ways = new ArrayList<>();
    for (Tracer.Traced traced : result.all()) {
      Map<String, Object> way = new LinkedHashMap<>();
      putWay(way, traced);
      putVerdict(way, traced.way().exchange());
      ways.add(way);
    }
    map.put("ways", ways);
    return map;
  }

  private static void putVerdict(Map<String, Object> map, Exchange exchange) {
    map.put("forward", exchange.forward().passes());
    map.put("reply", exchange.replyPasses());
    map.put("verdict", exchange.forward().verdict().name().toLowerCase(Locale.ROOT));
    map.put("rule", exchange.rule());
  }

  private static void putWay(Map<String, Object> map, Tracer.Traced traced) {
    map.put("network", traced.network());
    map.put("family", traced.way().from().family());
    map.put("source", traced.way().from().address().map(IpRange::addressText).orElse(""));
    map.put("destination", traced.way().to().address().map(IpRange::addressText).orElse(""));
  }

  private void print(PrintWriter out, Tracer.Result result) {
    Exchange exchange = exchange(result.mostOpen());
    Decision forward = exchange.forward();
    line(out, from + " -> " + to + ": " + verdict(forward));
    result.mostOpen().ifPresent(traced -> line(out, "    " + shown(traced)));
    forward.considered().forEach(text -> line(out, "    " + text));
    if (exchange.reply().isPresent()) {
      Decision reply = exchange.reply().get();
      String condition = forward.passes() ? "" : ", if the packet arrives";
      line(out, to + " -> " + from + " (reply): " + verdict(reply) + condition);
      reply.considered().forEach(text -> line(out, "    " + text));
    } else {
      line(out, "There is no reply, since the packet does not arrive.");
    }
    if (result.all().size() > 1) {
      line(out, "All ways between the two, of which the most open one is above:");
      result
          .all()
          .forEach(
              traced ->
                  line(
                      out,
                      "    " + shown(traced) + ": " + verdict(traced.way().exchange().forward())));
    }
  }

  private static String shown(Tracer.Traced traced) {
    return "over "
        + traced.way().from().family()
        + " on network "
        + traced.network()
        + ", from "
        + traced.way().from().shownAddress()
        + " to "
        + traced.way().to().shownAddress();
  }

  private static void line(PrintWriter out, String text) {
    out.println(Shown.text(text));
  }

  private static String verdict(Decision decision) {
    return decision.verdict().sentence() + " (" + decision.rule() + ")";
  }
}
