// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.setup;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The engine's own tool {@code engine-config}. */
public final class EngineConfigTool implements EngineOptions, LevelOptions {

  private static final Duration LIMIT = Duration.ofMinutes(2);

  private final List<String> command;
  private final Duration limit;

  /**
   * The tool by its command.
   *
   * @param command such as {@code engine-config}
   */
  public EngineConfigTool(String... command) {
    this(List.of(command), LIMIT);
  }

  /** The tool with a limit of its own on one run. */
  EngineConfigTool(List<String> command, Duration limit) {
    this.command = command;
    this.limit = limit;
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

  /** Prints {@code NAME: VALUE version: LEVEL} for each level; a value may be empty. */
  @Override
  public Map<String, String> levels(String name) {
    Pattern row = Pattern.compile(Pattern.quote(name) + ": (?<value>.*?) ?version: (?<level>\\S+)");
    Map<String, String> levels = new TreeMap<>();
    run("-g", name)
        .lines()
        .map(row::matcher)
        .filter(Matcher::matches)
        .forEach(found -> levels.put(found.group("level"), found.group("value")));
    if (levels.isEmpty()) {
      throw new SetupException("engine-config does not say the value of " + name + ".");
    }
    return levels;
  }

  @Override
  public void set(String name, String value) {
    set(name, value, "general");
  }

  @Override
  public void set(String name, String value, String level) {
    String unused = run("-s", name + "=" + value, "--cver=" + level);
  }

  private String run(String... arguments) {
    List<String> whole = new ArrayList<>(command);
    whole.addAll(List.of(arguments));
    try {
      // A file, as reading from a pipe would wait for as long as anything it started lives.
      Path output = Files.createTempFile("engine-config", ".txt");
      try {
        return run(whole, output);
      } finally {
        Files.delete(output);
      }
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

  private String run(List<String> whole, Path output) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(whole).redirectErrorStream(true).redirectOutput(output.toFile()).start();
    process.getOutputStream().close();
    if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
      throw new SetupException(String.join(" ", whole) + " does not end.");
    }
    String said = new String(Files.readAllBytes(output), StandardCharsets.UTF_8);
    if (process.exitValue() != 0) {
      throw new SetupException(
          String.join(" ", whole) + " failed (" + process.exitValue() + "): " + said.strip());
    }
    return said;
  }
}
