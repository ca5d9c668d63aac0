// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The command in the test's own process. */
final class Cli {

  private Cli() {}

  /** What a run came to. */
  record Result(int code, String out, String err) {

    String all() {
      return out + err;
    }

    JsonNode json() {
      try {
        return new ObjectMapper().readTree(out);
      } catch (IOException e) {
        throw new AssertionError(out, e);
      }
    }
  }

  static Result run(String... arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int code = IsolatedPorts.run(new PrintWriter(out), new PrintWriter(err), arguments);
    return new Result(code, out.toString(), err.toString());
  }

  /** Writes a file, and gives its name. */
  static String file(Path folder, String name, String text) {
    try {
      return Files.writeString(folder.resolve(name), text).toString();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
