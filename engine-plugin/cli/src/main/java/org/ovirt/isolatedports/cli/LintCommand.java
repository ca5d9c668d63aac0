// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.ovirt.isolatedports.policy.finding.Finding;
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

  @Option(names = "--json", description = "Print JSON; each finding is listed.")
  private boolean json;

  @Option(names = "--all", description = "Show each finding, also of those that are alike.")
  private boolean all;

  @Override
  public Integer call() {
    InputOptions.Input read = input.read();
    List<Finding> findings = new ArrayList<>(read.findings());
    if (!read.isUnreadable()) {
      findings.addAll(new Linter(read.inventory(), read.networks()).lint());
    }
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(JsonWriter.write(Findings.json(findings)));
    } else if (findings.isEmpty()) {
      out.println("No errors, no warnings.");
    } else if (all) {
      findings.forEach(finding -> out.println(Findings.line(finding)));
    } else {
      Findings.grouped(findings).forEach(out::println);
    }
    return findings.stream().anyMatch(Finding::isError) ? IsolatedPorts.ERRORS : 0;
  }
}
