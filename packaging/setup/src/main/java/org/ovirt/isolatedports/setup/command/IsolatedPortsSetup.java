// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.setup.command;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import org.ovirt.isolatedports.engine.EngineException;
import org.ovirt.isolatedports.setup.SetupException;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The command {@code isolated-ports-setup}: sets the engine up for Isolated Ports. */
@Command(
    name = "isolated-ports-setup",
    mixinStandardHelpOptions = true,
    version = "isolated-ports-setup 1.0.0",
    description =
        "Sets the engine up for Isolated Ports, and undoes it. Runs on the engine's machine.",
    footerHeading = "%nExit codes:%n",
    footer = {
      "  0  done, and in effect",
      "  1  refused or failed; the message says why and what to do",
      "  2  the command line is wrong",
      "  3  done so far; the engine must be restarted"
    },
    subcommands = {
      SchedulerCommand.class,
      AutoComplete.GenerateCompletion.class,
      CommandLine.HelpCommand.class
    })
public final class IsolatedPortsSetup {

  static final int FAILED = 1;
  static final int RESTART = 3;

  private IsolatedPortsSetup() {}

  public static void main(String[] arguments) {
    PrintWriter out = new PrintWriter(System.out, false, StandardCharsets.UTF_8);
    PrintWriter err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
    int code =
        new CommandLine(new IsolatedPortsSetup())
            .setOut(out)
            .setErr(err)
            .setExecutionExceptionHandler(
                (exception, command, parsed) -> {
                  if (exception instanceof SetupException || exception instanceof EngineException) {
                    command.getErr().println(exception.getMessage());
                    return FAILED;
                  }
                  throw exception;
                })
            .execute(arguments);
    out.flush();
    System.exit(code);
  }
}
