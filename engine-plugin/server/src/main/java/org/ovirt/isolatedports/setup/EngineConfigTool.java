// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.setup;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The engine's own tool {@code engine-config}. */
public final class EngineConfigTool implements EngineOptions {

  private static final long LIMIT_SECONDS = 120;

  private final List<String> command;

  /**
   * The tool by its command.
   *
   * @param command such as {@code engine-config}
   */
  public EngineConfigTool(String... command) {
    this.command = Arrays.asList(command.clone());
  }

  /** Prints {@code NAME: VALUE version: general}. */
  @Override
  public String get(String name) {
    String prefix = name + ": ";
    return run("-g", name)
        .lines()
        .filter(line -> line.startsWith(prefix) && line.endsWith(" version: general"))
        .map(line -> line.substring(prefix.length(), line.lastIndexOf(" version: general")))
        .findFirst()
        .orElseThrow(
            () -> new SetupException("engine-config does not say the value of " + name + "."));
  }

  @Override
  public void set(String name, String value) {
    String unused = run("-s", name + "=" + value, "--cver=general");
  }

  private String run(String... arguments) {
    List<String> whole = new ArrayList<>(command);
    whole.addAll(List.of(arguments));
    try {
      Process process = new ProcessBuilder(whole).redirectErrorStream(true).start();
      process.getOutputStream().close();
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new SetupException(String.join(" ", whole) + " does not end.");
      }
      if (process.exitValue() != 0) {
        throw new SetupException(
            String.join(" ", whole) + " failed (" + process.exitValue() + "): " + output.strip());
      }
      return output;
    } catch (IOException e) {
      throw new SetupException(
          whole.get(0)
              + " cannot be run ("
              + e.getMessage()
              + "): run this on the engine's machine.");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SetupException("Interrupted while " + String.join(" ", whole) + " ran.");
    }
  }
}
