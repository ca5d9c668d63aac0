// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.ovirt.isolatedports.policy.evaluate.Reachability;
import org.ovirt.isolatedports.policy.json.JsonWriter;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "reachability",
    mixinStandardHelpOptions = true,
    description = "Shows who reaches whom: every VM and the gateway against every other.")
final class ReachabilityCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;
  @Mixin private InputOptions input;
  @Mixin private FlowOptions flow;

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  @Override
  public Integer call() {
    InputOptions.Input read = input.read().orRefuse();
    List<Reachability.Pair> pairs =
        new Reachability(read.inventory(), read.networks()).matrix(flow.flow());
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      printJson(out, pairs);
    } else {
      printTable(out, pairs);
    }
    return 0;
  }

  private static void printJson(PrintWriter out, List<Reachability.Pair> pairs) {
    List<Map<String, Object>> list = new ArrayList<>();
    for (Reachability.Pair pair : pairs) {
      Map<String, Object> entry = new LinkedHashMap<>();
      entry.put("from", pair.from());
      entry.put("to", pair.to());
      entry.put("forward", pair.forward());
      entry.put("reply", pair.reply());
      entry.put("rule", pair.rule());
      list.add(entry);
    }
    out.println(JsonWriter.write(Map.of("pairs", list)));
  }

  private static void printTable(PrintWriter out, List<Reachability.Pair> pairs) {
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("FROM", "TO", "FORWARD", "REPLY", "RULE"));
    for (Reachability.Pair pair : pairs) {
      rows.add(
          List.of(
              pair.from(),
              pair.to(),
              pair.forward() ? "yes" : "no",
              pair.reply() ? "yes" : "no",
              pair.rule()));
    }
    Table.print(out, rows);
  }
}
