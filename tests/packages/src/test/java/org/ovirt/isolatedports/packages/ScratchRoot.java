// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.packages;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * A root directory to install packages into: this machine's own, with everything that is written
 * laid over it. So scriptlets find a whole system, and what an installation changed is what lies on
 * top.
 *
 * <p>It lives in a mount namespace that ends with the process that holds it, which ends with this
 * JVM: nothing is left on the machine, also after a kill.
 */
final class ScratchRoot implements AutoCloseable {

  private static final String MOUNT =
      """
      set -e
      mount -t tmpfs -o size=3g,mode=755 tmpfs "$1"
      mkdir "$1/upper" "$1/work" "$1/root"
      chmod 755 "$1/upper"
      mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/root"
      mount --rbind /proc "$1/root/proc"
      mount --rbind /dev "$1/root/dev"
      mount -t tmpfs -o mode=755 tmpfs "$1/root/run"
      mount -t tmpfs -o mode=1777 tmpfs "$1/root/tmp"
      echo ready
      exec cat
      """;

  private final Path directory;
  private final Process holder;

  private ScratchRoot(Path directory, Process holder) {
    this.directory = directory;
    this.holder = holder;
  }

  static ScratchRoot mount() {
    try {
      Path directory = Files.createTempDirectory("isolated-ports-packages");
      Process holder =
          new ProcessBuilder(
                  "unshare",
                  "--mount",
                  "--propagation",
                  "private",
                  "sh",
                  "-c",
                  MOUNT,
                  "sh",
                  directory.toString())
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      String said =
          new BufferedReader(new InputStreamReader(holder.getInputStream(), StandardCharsets.UTF_8))
              .readLine();
      if (!"ready".equals(said)) {
        throw new IllegalStateException("The scratch root cannot be mounted.");
      }
      return new ScratchRoot(directory, holder);
    } catch (IOException e) {
      throw new UncheckedIOException("The scratch root cannot be mounted", e);
    }
  }

  /** Where it is, for those in its mount namespace. */
  String path() {
    return directory.resolve("root").toString();
  }

  /** Runs a command of the machine that sees the scratch root at {@link #path()}. */
  Command beside(String... line) {
    return Command.run(Map.of(), inNamespace(line));
  }

  /** The line that runs a command beside the scratch root. */
  List<String> inNamespace(String... line) {
    List<String> whole =
        new ArrayList<>(
            List.of("nsenter", "--mount", "--target", String.valueOf(holder.pid()), "--wd=/"));
    whole.addAll(Arrays.asList(line));
    return whole;
  }

  /** Runs a command in the scratch root, as root, in the environment of a login. */
  Command inside(String... line) {
    List<String> whole =
        new ArrayList<>(
            List.of(
                "chroot",
                path(),
                "/usr/bin/env",
                "-i",
                "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                "HOME=/root",
                "LANG=C.UTF-8"));
    whole.addAll(Arrays.asList(line));
    return beside(whole.toArray(String[]::new));
  }

  /** rpm, working on the scratch root alone. */
  Command rpm(String... arguments) {
    List<String> line =
        new ArrayList<>(
            List.of("rpm", "--root", path(), "--dbpath", "/var/lib/rpm", "--force-debian"));
    line.addAll(Arrays.asList(arguments));
    return beside(line.toArray(String[]::new));
  }

  /** A file of it, readable from outside. */
  Path file(String path) {
    return Path.of("/proc", String.valueOf(holder.pid()), "root", path(), path);
  }

  /**
   * What differs from the machine's own files: new, changed or removed. Directories that were there
   * before do not count, as a change in them makes a copy of them.
   */
  List<String> changes() {
    List<String> changed = new ArrayList<>();
    Command found =
        beside(
                "find",
                directory.resolve("upper").toString(),
                "-mindepth",
                "1",
                "-printf",
                "%y /%P\n")
            .good();
    for (String line : found.lines()) {
      String path = line.substring(2);
      boolean directoryAsBefore =
          line.startsWith("d ") && Files.isDirectory(Path.of(path), LinkOption.NOFOLLOW_LINKS);
      if (!directoryAsBefore) {
        changed.add(path);
      }
    }
    changed.sort(String::compareTo);
    return changed;
  }

  @Override
  public void close() {
    try {
      holder.getOutputStream().close();
      holder.waitFor();
      Files.delete(directory);
    } catch (IOException e) {
      throw new UncheckedIOException("The scratch root is not gone: " + directory, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
