// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.lab;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** A simulated host with the product on it, and its service running as systemd would run it. */
final class HookedHost {

  /** Beside this module, in a checkout. */
  private static final Path PRODUCT = Path.of("../../vdsm-hook");

  private static final Duration SIGNALLED = Duration.ofSeconds(90);

  private final Lab lab;
  private final LabHost host;
  private int starts;
  private Path log;
  private Process watch;

  HookedHost(Lab lab, LabHost host) {
    this.lab = lab;
    this.host = host;
  }

  LabHost host() {
    return host;
  }

  /** Installs hooks, filter and service, and writes the list. */
  HookedHost install(List<IsolatedBridge> list) {
    host.installHooks(PRODUCT);
    host.isolatedBridges(list);
    return this;
  }

  /** Starts {@code isolated-ports-host watch} and returns when it follows the kernel. */
  HookedHost startWatch() {
    starts++;
    log = lab.scratch().resolve("watch-%s-%d.log".formatted(host.name(), starts));
    watch = host.startWatch(log);
    return this;
  }

  /** Ends the watch as kill -9 does. */
  void killWatch() {
    host.run("sh", "-c", "kill -9 $(cut -d' ' -f1 /run/isolated-ports/watch)");
  }

  /** Sends the watch a signal, as STOP to make it hang. */
  void signalWatch(String signal) {
    host.run("sh", "-c", "kill -%s $(cut -d' ' -f1 /run/isolated-ports/watch)".formatted(signal));
    if (signal.equals("CONT")) {
      // The nsenter it runs under has stopped with it, and would be left behind.
      Command.run(SIGNALLED, List.of("kill", "-CONT", Long.toString(watch.pid())), "");
    }
  }

  /** What the watch that was started last has said so far. */
  String watchLog() {
    return read(log);
  }

  private static String read(Path log) {
    try {
      return Files.exists(log) ? Files.readString(log, UTF_8) : "";
    } catch (IOException e) {
      throw new LabException("'%s' cannot be read.".formatted(log), e);
    }
  }

  /** The port of a vNIC as the kernel has it now; empty without one. */
  Optional<Port> port(DomainXml.Vnic vnic) {
    return host.ports().stream()
        .filter(port -> port.mac().equalsIgnoreCase(vnic.mac()))
        .findFirst();
  }

  /** The kernel's flag of a vNIC's port. Throws without one. */
  boolean isolated(DomainXml.Vnic vnic) {
    return port(vnic)
        .orElseThrow(
            () ->
                new LabException(
                    "Host '%s' has no port of %s: %s"
                        .formatted(host.name(), vnic.mac(), host.ports())))
        .isolated();
  }

  /** Waits for a port to get, or lose, its flag. */
  void await(DomainXml.Vnic vnic, boolean isolated) {
    Poll.until(
        Duration.ofSeconds(90),
        () -> isolated(vnic) == isolated,
        () ->
            "The port of %s on host '%s' is not %s."
                .formatted(vnic.mac(), host.name(), isolated ? "isolated" : "open"));
  }

  /** Exit status of {@code isolated-ports-host status}: 0 where all ports are as wanted. */
  int status() {
    return Integer.parseInt(
        host.run("sh", "-c", "/usr/sbin/isolated-ports-host status > /run/lab/status; echo $?")
            .strip());
  }
}
