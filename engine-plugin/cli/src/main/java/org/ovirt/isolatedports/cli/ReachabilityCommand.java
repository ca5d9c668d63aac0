// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.cli;

import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import org.ovirt.isolatedports.policy.evaluate.Flow;
import org.ovirt.isolatedports.policy.evaluate.Reachability;
import org.ovirt.isolatedports.policy.evaluate.Verdict;
import org.ovirt.isolatedports.policy.json.JsonWriter;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "reachability",
    mixinStandardHelpOptions = true,
    description = {
      "Shows who reaches whom: every VM and the gateway against every other.",
      "Of several ways between two (vNICs, families, addresses) the most open one is shown."
    })
final class ReachabilityCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;
  @Mixin private InputOptions input;
  @Mixin private FlowOptions flow;

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  @Override
  public Integer call() {
    Flow asked = flow.flow();
    InputOptions.Input read = input.read().orRefuse();
    Reachability reachability = new Reachability(read.inventory(), read.networks());
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      printJson(out, reachability, asked, read);
    } else {
      read.remark(spec.commandLine().getErr());
      printTable(out, reachability, asked);
    }
    return 0;
  }

  /** One pair after the other, so that a million of them need no more memory than one. */
  private static void printJson(
      PrintWriter out, Reachability reachability, Flow flow, InputOptions.Input read) {
    out.print("{");
    if (!read.readClosed().isEmpty()) {
      out.print("\"errors\":" + JsonWriter.write(Findings.entries(read.readClosed(), true)) + ",");
    }
    out.print("\"pairs\":[");
    AtomicBoolean first = new AtomicBoolean(true);
    reachability.forEach(
        flow,
        pair -> {
          out.print(first.getAndSet(false) ? "" : ",");
          out.print(JsonWriter.write(asMap(pair)));
        });
    out.println("]}");
  }

  private static Map<String, Object> asMap(Reachability.Pair pair) {
    Map<String, Object> entry = new LinkedHashMap<>();
    entry.put("from", pair.from());
    entry.put("to", pair.to());
    entry.put("forward", pair.forward());
    entry.put("reply", pair.reply());
    entry.put("verdict", pair.verdict().name().toLowerCase(Locale.ROOT));
    entry.put("family", pair.family());
    entry.put("rule", pair.rule());
    return entry;
  }

  private static void printTable(PrintWriter out, Reachability reachability, Flow flow) {
    int name = reachability.names().stream().mapToInt(n -> Shown.text(n).length()).max().orElse(0);
    int unknown = Verdict.UNKNOWN.cell().length();
    Table table = new Table(out, Math.max(4, name), Math.max(2, name), unknown, unknown, 6);
    table.print(List.of("FROM", "TO", "FORWARD", "REPLY", "FAMILY", "RULE"));
    reachability.forEach(
        flow,
        pair ->
            table.print(
                List.of(
                    pair.from(),
                    pair.to(),
                    pair.verdict().cell(),
                    pair.replyVerdict().cell(),
                    pair.family(),
                    pair.rule())));
  }
}
