// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.lab;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Runs VDSM's hooks as VDSM does ({@code vdsm.common.hooks._runHooksDir}): the executable regular
 * files of {@code HOOKS/EVENT} in the order of their names, each with the same file, named by an
 * environment variable, which it may rewrite.
 *
 * <p>Exit status 0 is success; 1 an error, after which later scripts still run; 2 an error that
 * ends the run; anything else counts as 1. An error makes VDSM report the standard error of the
 * <em>last script that ran</em>, even when that one succeeded and said nothing; except for {@code
 * before_vm_start}, where it is that of the last script that failed.
 */
final class HookRunner {

  /** VDSM has no limit at all; the lab rather fails than hangs. */
  private static final Duration LIMIT = Duration.ofMinutes(2);

  private static final String BEFORE_VM_START = "before_vm_start";

  /** Where hooks run, and as whom. */
  interface Machine {

    /** Runs a program as VDSM's user. */
    Command.Result run(Duration limit, List<String> command);

    /** Where this JVM finds a file of that machine. */
    Path path(String inside);

    /** Gives a file to VDSM's user. */
    void own(Path file) throws IOException;
  }

  /**
   * What VDSM knows of the VM a hook runs for.
   *
   * @param vmId empty for a hook that concerns no VM
   * @param custom VM-level custom properties
   */
  record Context(String vmId, Map<String, String> custom) {

    static final Context NO_VM = new Context("", Map.of());

    Context {
      custom = new LinkedHashMap<>(custom);
    }
  }

  private final Machine machine;
  private final String hooks;
  private final String temporary;
  private final AtomicLong nextFile = new AtomicLong();

  /**
   * @param hooks the directory of the events, as the machine names it
   * @param temporary the directory for temporary files, as the machine names it
   */
  HookRunner(Machine machine, String hooks, String temporary) {
    this.machine = machine;
    this.hooks = hooks;
    this.temporary = temporary;
  }

  /** Runs an event that may refuse; returns the file as the scripts left it. */
  String run(String event, String data, Context context, Map<String, String> deviceProperties) {
    return run(event, data, context, deviceProperties, "_hook_domxml", true);
  }

  /** Runs an event whose errors VDSM ignores. */
  void runIgnoringErrors(
      String event, String data, Context context, Map<String, String> deviceProperties) {
    run(event, data, context, deviceProperties, "_hook_domxml", false);
  }

  /** Runs an event that has JSON instead of XML. */
  String runJson(String event, String json, boolean mayRefuse) {
    return run(event, json, Context.NO_VM, Map.of(), "_hook_json", mayRefuse);
  }

  private String run(
      String event,
      String data,
      Context context,
      Map<String, String> deviceProperties,
      String variable,
      boolean mayRefuse) {
    List<String> scripts = scripts(event);
    if (scripts.isEmpty()) {
      return data;
    }
    String file = temporary + "/vdsm-hook-" + nextFile.incrementAndGet();
    Path outside = machine.path(file);
    try {
      Files.createFile(
          outside,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      Files.writeString(outside, data, UTF_8);
      machine.own(outside);
      runAll(event, scripts, environment(context, deviceProperties, variable, file), mayRefuse);
      return Files.readString(outside, UTF_8);
    } catch (IOException e) {
      throw new LabException("The hooks of %s lost their file %s: %s".formatted(event, file, e), e);
    } finally {
      delete(outside);
    }
  }

  private void runAll(
      String event, List<String> scripts, Map<String, String> environment, boolean mayRefuse) {
    String last = "";
    String lastFailed = "";
    boolean failed = false;
    for (String script : scripts) {
      List<String> command = new ArrayList<>(List.of("/usr/bin/env", "-i"));
      environment.forEach((name, value) -> command.add(name + "=" + value));
      command.add(script);
      Command.Result result = machine.run(LIMIT, command);
      last = result.errors();
      if (!result.succeeded()) {
        failed = true;
        lastFailed = last;
      }
      if (result.status() == 2) {
        break;
      }
    }
    if (failed && mayRefuse) {
      String message = event.equals(BEFORE_VM_START) ? lastFailed : last;
      throw new HookRefused(event, message.strip());
    }
  }

  /** vdsmd's own variables, then the device's properties, then the VM's, then the rest. */
  private static Map<String, String> environment(
      Context context, Map<String, String> deviceProperties, String variable, String file) {
    Map<String, String> environment = new LinkedHashMap<>();
    environment.put("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    environment.put("LANG", "C.UTF-8");
    environment.put("HOME", "/var/lib/vdsm");
    environment.putAll(deviceProperties);
    environment.putAll(context.custom());
    if (!context.vmId().isEmpty()) {
      environment.put("vmId", context.vmId());
    }
    environment.merge("PYTHONPATH", ":/usr/lib/python3/dist-packages/vdsm/hook", String::concat);
    environment.put(variable, file);
    return environment;
  }

  private List<String> scripts(String event) {
    Command.Result result =
        machine.run(
            LIMIT,
            List.of(
                "find",
                "-L",
                hooks + "/" + event,
                "-mindepth",
                "1",
                "-maxdepth",
                "1",
                "-type",
                "f",
                "-executable",
                "-not",
                "-name",
                ".*"));
    return result.output().lines().sorted().toList();
  }

  private static void delete(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      throw new LabException("The hooks' file %s cannot be removed.".formatted(file), e);
    }
  }
}
