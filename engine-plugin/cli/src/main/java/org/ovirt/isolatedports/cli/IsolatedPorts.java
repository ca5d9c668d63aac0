// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.ovirt.isolatedports.policy.json.JsonWriter;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The command {@code isolated-ports}: looks at policies without a host or an engine. */
@Command(
    name = "isolated-ports",
    mixinStandardHelpOptions = true,
    version = "isolated-ports 1.0.0",
    description = {
      "Checks, explains and compiles the policies of isolated ports, offline.",
      "Policies are Kube-OVN Subnets (ACLs) and Kubernetes NetworkPolicies in YAML; the inventory"
          + " says which networks, VMs and vNICs there are."
    },
    footerHeading = "%nExit codes:%n",
    footer = {
      "  0  done",
      "  1  the policies or the inventory have errors, or the output could not be written",
      "  2  the command line is wrong",
      "  3  trace --check: the packet or its reply does not pass"
    },
    subcommands = {
      LintCommand.class,
      TraceCommand.class,
      ReachabilityCommand.class,
      CompileCommand.class,
      AutoComplete.GenerateCompletion.class,
      CommandLine.HelpCommand.class
    })
public final class IsolatedPorts {

  static final int ERRORS = 1;
  static final int WRONG_COMMAND_LINE = 2;
  static final int NOT_PASSED = 3;

  /** That it was said already that the output cannot be written; no exit code. */
  private static final int UNWRITTEN = -1;

  private IsolatedPorts() {}

  /**
   * Runs the command.
   *
   * @param out takes what was asked for; throws {@link UncheckedIOException} where it cannot
   * @param err takes what is wrong
   * @return the exit code
   */
  static int run(PrintWriter out, PrintWriter err, String... arguments) {
    try {
      int code = commandLine(out, err, List.of(arguments).contains("--json")).execute(arguments);
      if (code != UNWRITTEN) {
        out.flush();
        return code;
      }
      return ERRORS;
    } catch (UncheckedIOException e) {
      return unwritten(e, err);
    } catch (OutOfMemoryError e) {
      err.println(
          "The memory does not suffice for this input; give Java more (JAVA_TOOL_OPTIONS=-Xmx4g),"
              + " or ask about fewer VMs.");
      return ERRORS;
    }
  }

  /** Says once why what was asked for cannot be written. */
  private static int unwritten(UncheckedIOException e, PrintWriter err) {
    err.println("The output could not be written: " + e.getCause().getMessage() + ".");
    return ERRORS;
  }

  private static CommandLine commandLine(PrintWriter out, PrintWriter err, boolean json) {
    CommandLine command = new CommandLine(new IsolatedPorts());
    CommandLine.IParameterExceptionHandler usual = command.getParameterExceptionHandler();
    return command
        .setOut(out)
        .setErr(err)
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setUnmatchedOptionsAllowedAsOptionParameters(false)
        .setParameterExceptionHandler(
            (exception, arguments) -> {
              if (!json) {
                return usual.handleParseException(exception, arguments);
              }
              out.println(JsonWriter.write(Findings.json(exception.getMessage())));
              return WRONG_COMMAND_LINE;
            })
        .setExecutionExceptionHandler(
            (exception, failed, parsed) -> {
              if (exception instanceof RefusedException refused) {
                report(json, refused.json(), refused.getMessage(), out, err);
                return ERRORS;
              } else if (exception instanceof UsageException usage) {
                String message = usage.getMessage();
                report(json, Findings.json(message), Shown.text(message), out, err);
                return WRONG_COMMAND_LINE;
              } else if (exception instanceof UncheckedIOException unwritable) {
                unwritten(unwritable, err);
                return UNWRITTEN;
              }
              throw exception;
            });
  }

  private static void report(
      boolean json, Object asJson, String text, PrintWriter out, PrintWriter err) {
    if (json) {
      out.println(JsonWriter.write(asJson));
    } else {
      err.println(text);
    }
  }

  public static void main(String[] arguments) {
    PrintWriter out = Output.writer(new FileOutputStream(FileDescriptor.out));
    PrintWriter err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
    System.exit(run(out, err, arguments));
  }
}
