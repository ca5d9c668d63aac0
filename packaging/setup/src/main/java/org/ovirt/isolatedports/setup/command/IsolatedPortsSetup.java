// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.setup.command;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;
import org.ovirt.isolatedports.engine.EngineException;
import org.ovirt.isolatedports.setup.Installation;
import org.ovirt.isolatedports.setup.Piece.Finding.Missing;
import org.ovirt.isolatedports.setup.SetupException;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

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
      VerifyCommand.class,
      RemoveCommand.class,
      SchedulerCommand.class,
      AutoComplete.GenerateCompletion.class,
      CommandLine.HelpCommand.class
    })
public final class IsolatedPortsSetup implements Callable<Integer> {

  static final int FAILED = 1;
  static final int RESTART = 3;

  @Spec private CommandSpec spec;
  @Mixin private RecordOption record;

  @Option(names = "--check", description = "say what would be changed, and change nothing")
  private boolean check;

  private IsolatedPortsSetup() {}

  /** Without a subcommand: the set-up itself. A second run changes nothing. */
  @Override
  public Integer call() {
    if (!record.hasAnswers()) {
      throw new ParameterException(
          spec.commandLine(), "Give --answers FILE, or one of the commands below.");
    }
    PrintWriter out = spec.commandLine().getOut();
    if (check) {
      record.with(open -> new Installation(record.answers(open)).check()).stream()
          .map(each -> each.finding())
          .forEach(
              finding ->
                  out.println(
                      finding instanceof Missing missing ? missing.change() : finding.what()));
      return 0;
    }
    Installation.Outcome outcome =
        record.with(open -> new Installation(record.answers(open)).make(open));
    if (outcome.steps().isEmpty()) {
      out.println("Nothing to do.");
    }
    outcome.steps().forEach(out::println);
    return outcome.restartNeeded() ? RESTART : 0;
  }

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
