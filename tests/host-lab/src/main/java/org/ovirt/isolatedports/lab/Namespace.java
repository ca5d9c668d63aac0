// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.lab;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A small machine of its own: network, mount, UTS, IPC and PID namespace.
 *
 * <p>Its first process reads a pipe that this JVM holds. When the pipe ends, because the namespace
 * is closed or because the JVM was killed, that process ends; the kernel then kills every other
 * process in the PID namespace, and with the last of them go the devices, bridges and mounts
 * (pid_namespaces(7), network_namespaces(7)). So nothing has a name outside, and nothing can be
 * left behind.
 */
final class Namespace implements AutoCloseable {

  /** The lab's native program, also where the machine does not see the file it was started from. */
  private static final String FIRST_PROCESS = "/proc/1/exe";

  private final String name;
  private final Process unshare;
  private final long pid;

  private Namespace(String name, Process unshare, long pid) {
    this.name = name;
    this.unshare = unshare;
    this.pid = pid;
  }

  /**
   * Makes a namespace.
   *
   * @param name what the machine is called, inside and in messages
   * @param agent the lab's native program, which is the first process
   */
  static Namespace create(String name, Path agent) {
    List<String> command =
        List.of(
            "unshare",
            "--net",
            "--mount",
            "--uts",
            "--ipc",
            "--pid",
            "--fork",
            "--kill-child",
            "--mount-proc",
            "--propagation",
            "private",
            "setsid",
            agent.toString(),
            "hold");
    try {
      Process unshare =
          new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
      BufferedReader output =
          new BufferedReader(
              new InputStreamReader(unshare.getInputStream(), StandardCharsets.UTF_8));
      if (!"ready".equals(output.readLine())) {
        unshare.destroyForcibly();
        throw new LabException(
            "The namespaces of '%s' could not be made: are you root, and does the kernel have user-visible namespaces?"
                .formatted(name));
      }
      long pid =
          unshare
              .children()
              .findFirst()
              .map(ProcessHandle::pid)
              .orElseThrow(() -> new LabException("The namespaces of '%s' ended.".formatted(name)));
      // A mount of sysfs shows the devices of the network namespace it was made in.
      Namespace namespace = new Namespace(name, unshare, pid);
      namespace.output(
          "sh", "-c", "hostname \"$0\" && mount -t sysfs sysfs /sys && ip link set lo up", name);
      return namespace;
    } catch (IOException e) {
      throw new LabException("The namespaces of '%s' could not be made.".formatted(name), e);
    }
  }

  String name() {
    return name;
  }

  /** Pid of the first process, as this JVM sees it; {@code ip link} takes it as a namespace. */
  long pid() {
    return pid;
  }

  /** Pid of the process that holds the first one, for the record of a lab. */
  long holder() {
    return unshare.pid();
  }

  /** Where a file of this machine can be read and written from this JVM. */
  Path path(String inside) {
    return Path.of("/proc/" + pid + "/root" + inside);
  }

  /** The command line that runs {@code command} on this machine. */
  List<String> enter(List<String> command) {
    List<String> line =
        new ArrayList<>(
            List.of(
                "nsenter",
                "--target",
                Long.toString(pid),
                "--mount",
                "--net",
                "--uts",
                "--ipc",
                "--pid",
                "--"));
    line.addAll(command);
    return line;
  }

  /** Runs a program here that must succeed and returns its standard output. */
  String output(String... command) {
    return output(List.of(command), "");
  }

  /** Runs a program here that must succeed, with {@code input} on its standard input. */
  String output(List<String> command, String input) {
    return Command.output(enter(command), input);
  }

  /** Runs a program here. */
  Command.Result run(Duration limit, List<String> command) {
    return Command.run(limit, enter(command), "");
  }

  /**
   * Starts a program here that lives at most as long as this machine; its output goes to a file.
   */
  Process spawn(Path log, List<String> command) {
    return spawn(ProcessBuilder.Redirect.appendTo(log.toFile()), command);
  }

  /** As {@link #spawn}, with the network of this JVM. */
  Process spawnOutside(Path log, List<String> command) {
    List<String> line = new ArrayList<>(enter(command));
    line.remove("--net");
    return start(ProcessBuilder.Redirect.appendTo(log.toFile()), line);
  }

  private Process spawn(ProcessBuilder.Redirect output, List<String> command) {
    return start(output, enter(command));
  }

  private Process start(ProcessBuilder.Redirect output, List<String> line) {
    try {
      return new ProcessBuilder(line).redirectErrorStream(true).redirectOutput(output).start();
    } catch (IOException e) {
      throw new LabException(
          "'%s' could not be started on '%s'.".formatted(String.join(" ", line), name), e);
    }
  }

  /** Runs {@code ip -batch} here. */
  void ip(List<String> lines) {
    output(List.of("ip", "-batch", "-"), String.join("\n", lines) + "\n");
  }

  /** Makes a device that is one VLAN of a cable here, and returns its name. */
  String vlan(String cable, int tag) {
    String device = cable + "." + tag;
    ip(List.of("link set %s up".formatted(cable)));
    spawn(
        ProcessBuilder.Redirect.INHERIT,
        List.of(FIRST_PROCESS, "vlan", cable, Integer.toString(tag), device));
    Poll.until(
        Duration.ofSeconds(90),
        () -> Files.exists(path("/sys/class/net/" + device)),
        () -> "The VLAN %d of %s on '%s' did not come up.".formatted(tag, cable, name));
    return device;
  }

  @Override
  public void close() {
    try {
      unshare.getOutputStream().close();
      if (!unshare.waitFor(10, TimeUnit.SECONDS)) {
        unshare.destroyForcibly().waitFor();
      }
    } catch (IOException e) {
      unshare.destroyForcibly();
    } catch (InterruptedException e) {
      unshare.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
