// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.compile;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Runs shell scripts in namespaces that end with the process that made them. Needs root. */
record Namespaces(Path folder) {

  /** What a script came to. */
  record Result(int code, String output) {}

  /** Runs a script in network, mount and PID namespaces of its own. */
  Result run(String script) throws IOException, InterruptedException {
    Path file = write("script.sh", script);
    Path output = folder.resolve("output");
    int code =
        new ProcessBuilder(
                "unshare",
                "--net",
                "--mount",
                "--pid",
                "--fork",
                "--kill-child",
                "sh",
                file.toString())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start()
            .waitFor();
    return new Result(code, Files.readString(output, StandardCharsets.UTF_8));
  }

  Path write(String name, String text) throws IOException {
    return Files.writeString(folder.resolve(name), text);
  }
}
