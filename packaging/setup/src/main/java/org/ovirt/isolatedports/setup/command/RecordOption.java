// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.setup.command;

import java.nio.file.Path;
import java.util.function.Function;
import org.ovirt.isolatedports.setup.Answers;
import org.ovirt.isolatedports.setup.SetupRecord;
import picocli.CommandLine.Option;

/** Where set-up keeps what it found, and the answers it was given. */
final class RecordOption {

  @Option(
      names = "--record",
      paramLabel = "FILE",
      defaultValue = "/var/lib/ovirt-isolated-ports-setup/setup.properties",
      description = "where to keep what was there before (default: ${DEFAULT-VALUE})")
  private Path record;

  @Option(
      names = "--answers",
      paramLabel = "FILE",
      description = "lines name=value; without it, those of the last set-up")
  private Path answers;

  boolean hasAnswers() {
    return answers != null;
  }

  /** Does something with the record open, which is then closed to others. */
  <T> T with(Function<SetupRecord, T> work) {
    try (SetupRecord open = new SetupRecord(record)) {
      return work.apply(open);
    }
  }

  Answers answers(SetupRecord open) {
    return answers == null ? Answers.kept(open) : Answers.read(answers);
  }
}
