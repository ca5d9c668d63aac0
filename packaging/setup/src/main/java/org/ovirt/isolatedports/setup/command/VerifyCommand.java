// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.setup.command;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import org.ovirt.isolatedports.setup.Installation;
import org.ovirt.isolatedports.setup.Piece.Finding;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code isolated-ports-setup verify}. */
@Command(
    name = "verify",
    mixinStandardHelpOptions = true,
    description =
        "Looks at each piece of the installation, changes nothing, and says for what is missing which"
            + " line mends it.")
final class VerifyCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;
  @Mixin private RecordOption record;

  @Option(names = "--json", description = "print JSON")
  private boolean json;

  @Override
  public Integer call() {
    List<Installation.Judgement> found =
        record.with(open -> new Installation(record.answers(open)).verify());
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(json(found));
    } else {
      found.forEach(each -> out.println(line(each)));
    }
    boolean good = found.stream().allMatch(each -> each.finding() instanceof Finding.Good);
    return good ? 0 : IsolatedPortsSetup.FAILED;
  }

  private static String line(Installation.Judgement each) {
    if (each.finding() instanceof Finding.Missing missing) {
      String mend = missing.mend().isEmpty() ? "" : " To mend it: " + missing.mend();
      return "MISSING  " + each.name() + ": " + missing.what() + mend;
    }
    return "ok       " + each.name() + ": " + each.finding().what();
  }

  private static String json(List<Installation.Judgement> found) {
    ArrayNode pieces = new ObjectMapper().createArrayNode();
    for (Installation.Judgement each : found) {
      ObjectNode piece = pieces.addObject();
      piece.put("name", each.name());
      piece.put("ok", each.finding() instanceof Finding.Good);
      piece.put("what", each.finding().what());
      if (each.finding() instanceof Finding.Missing missing && !missing.mend().isEmpty()) {
        piece.put("mend", missing.mend());
      }
    }
    return pieces.toPrettyString();
  }
}
