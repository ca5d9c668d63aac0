// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.packages;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A command that was run to its end.
 *
 * @param line what was run
 * @param code its exit code
 * @param output what it wrote to both streams
 */
record Command(List<String> line, int code, String output) {

  private static final long LIMIT_MINUTES = 5;

  static Command run(String... line) {
    return run(Map.of(), List.of(line));
  }

  /** Runs a command with some variables more in its environment. */
  static Command run(Map<String, String> variables, List<String> line) {
    try {
      Path output = Files.createTempFile("command", ".log");
      try {
        ProcessBuilder builder =
            new ProcessBuilder(new ArrayList<>(line))
                .redirectErrorStream(true)
                .redirectInput(Path.of("/dev/null").toFile())
                .redirectOutput(output.toFile());
        builder.environment().putAll(variables);
        Process process = builder.start();
        if (!process.waitFor(LIMIT_MINUTES, TimeUnit.MINUTES)) {
          process.descendants().forEach(ProcessHandle::destroyForcibly);
          process.destroyForcibly();
          throw new IllegalStateException(String.join(" ", line) + " does not end.");
        }
        return new Command(
            line,
            process.exitValue(),
            new String(Files.readAllBytes(output), StandardCharsets.UTF_8));
      } finally {
        Files.delete(output);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(String.join(" ", line) + " cannot be run", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Interrupted while " + String.join(" ", line) + " ran", e);
    }
  }

  /** The same, if it went well. */
  Command good() {
    if (code != 0) {
      throw new IllegalStateException(
          String.join(" ", line) + " failed (" + code + "): " + output.strip());
    }
    return this;
  }

  /** What it wrote, by lines. */
  List<String> lines() {
    return output.lines().toList();
  }
}
