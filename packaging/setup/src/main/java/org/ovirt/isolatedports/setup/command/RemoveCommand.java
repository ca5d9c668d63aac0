// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.setup.command;

import java.io.PrintWriter;
import java.util.concurrent.Callable;
import org.ovirt.isolatedports.setup.Installation;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code isolated-ports-setup remove}. */
@Command(
    name = "remove",
    mixinStandardHelpOptions = true,
    description = {
      "Takes out what set-up made, the server's database with all it knows included, and leaves alone"
          + " what was changed since. Run `isolated-ports-setup scheduler off` and stop the server first."
    })
final class RemoveCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;
  @Mixin private RecordOption record;

  @Override
  public Integer call() {
    Installation.Outcome outcome =
        record.with(open -> new Installation(record.answers(open)).undo(open));
    PrintWriter out = spec.commandLine().getOut();
    if (outcome.steps().isEmpty()) {
      out.println("Nothing to take out.");
    }
    outcome.steps().forEach(out::println);
    return outcome.restartNeeded() ? IsolatedPortsSetup.RESTART : 0;
  }
}
