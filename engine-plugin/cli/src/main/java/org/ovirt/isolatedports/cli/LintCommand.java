// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.ovirt.isolatedports.policy.Finding;
import org.ovirt.isolatedports.policy.json.JsonWriter;
import org.ovirt.isolatedports.policy.lint.Linter;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "lint",
    mixinStandardHelpOptions = true,
    description = "Finds errors, and rules that do not do what they seem to; offers cures.")
final class LintCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;
  @Mixin private InputOptions input;

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  @Override
  public Integer call() {
    InputOptions.Input read = input.read();
    List<Finding> findings = new ArrayList<>(read.findings());
    if (!read.hasErrors()) {
      findings.addAll(new Linter(read.inventory(), read.networks()).lint());
    }
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      Map<String, Object> report = new LinkedHashMap<>();
      report.put("errors", asList(findings, true));
      report.put("warnings", asList(findings, false));
      out.println(JsonWriter.write(report));
    } else if (findings.isEmpty()) {
      out.println("No errors, no warnings.");
    } else {
      findings.forEach(finding -> out.println(InputOptions.shown(finding)));
    }
    return findings.stream().anyMatch(Finding::isError) ? IsolatedPorts.ERRORS : 0;
  }

  private static List<Map<String, Object>> asList(List<Finding> findings, boolean errors) {
    List<Map<String, Object>> list = new ArrayList<>();
    for (Finding finding : findings) {
      if (finding.isError() == errors) {
        Map<String, Object> entry = new LinkedHashMap<>();
        entry.put("file", finding.location().file());
        entry.put("line", finding.location().line());
        entry.put("column", finding.location().column());
        entry.put("message", finding.message());
        list.add(entry);
      }
    }
    return list;
  }
}
