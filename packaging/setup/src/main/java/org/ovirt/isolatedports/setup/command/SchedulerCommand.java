// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.setup.command;

import java.io.PrintWriter;
import java.util.LinkedHashSet;
import java.util.List;
import org.ovirt.isolatedports.setup.SchedulerSetup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code isolated-ports-setup scheduler on|off}. */
@Command(
    name = "scheduler",
    mixinStandardHelpOptions = true,
    description = "Puts the filter isolated_ports into the engine's scheduling, or takes it out.")
final class SchedulerCommand {

  @Spec private CommandSpec spec;

  @Command(
      name = "on",
      mixinStandardHelpOptions = true,
      description = {
        "Switches the engine's external scheduler to Isolated Ports, and gives the clusters a copy"
            + " of their scheduling policy with the filter isolated_ports in it.",
        "Takes two runs with a restart of the engine between them, as the engine asks for filters"
            + " only at its start. Each run may be repeated."
      })
  int on(
      @Parameters(arity = "1..*", paramLabel = "CLUSTER", description = "names of clusters")
          List<String> clusters,
      @Mixin EngineAccess engine) {
    return tell(engine.run(setup -> setup.on(new LinkedHashSet<>(clusters))), "Nothing to do.");
  }

  @Command(
      name = "off",
      mixinStandardHelpOptions = true,
      description =
          "Puts back what was there before `on`, and leaves alone what was changed since.")
  int off(@Mixin EngineAccess engine) {
    return tell(engine.run(SchedulerSetup::off), "Nothing to put back.");
  }

  private int tell(SchedulerSetup.Outcome outcome, String nothing) {
    PrintWriter out = spec.commandLine().getOut();
    if (outcome.steps().isEmpty()) {
      out.println(nothing);
    }
    outcome.steps().forEach(out::println);
    return outcome.restartNeeded() ? IsolatedPortsSetup.RESTART : 0;
  }
}
