// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.cli;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
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
      "  1  the policies or the inventory have errors",
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
  static final int NOT_PASSED = 3;

  private IsolatedPorts() {}

  /** The command, writing to two streams. */
  static CommandLine commandLine(PrintWriter out, PrintWriter err) {
    return new CommandLine(new IsolatedPorts())
        .setOut(out)
        .setErr(err)
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setExecutionExceptionHandler(
            (exception, command, parsed) -> {
              if (exception instanceof RefusedException refused) {
                command.getErr().println(refused.getMessage());
                return ERRORS;
              }
              throw exception;
            });
  }

  public static void main(String[] arguments) {
    PrintWriter out = new PrintWriter(System.out, false, StandardCharsets.UTF_8);
    PrintWriter err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
    int code = commandLine(out, err).execute(arguments);
    out.flush();
    System.exit(code);
  }
}
