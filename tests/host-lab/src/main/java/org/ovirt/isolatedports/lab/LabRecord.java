// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.lab;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The one trace of a lab outside its namespaces: a scratch directory with its logs and the
 * processes that belong to it, each with its start time, so that a reused pid is never taken for
 * it.
 */
final class LabRecord {

  private static final Path ALL = Path.of("/run/isolated-ports-lab");
  private static final String PROCESSES = "processes";

  private final Path directory;

  private LabRecord(Path directory) {
    this.directory = directory;
  }

  /** Makes a record; its first process is this JVM. */
  static LabRecord create() {
    try {
      Files.createDirectories(ALL);
      LabRecord record = new LabRecord(Files.createTempDirectory(ALL, "lab-"));
      record.add(ProcessHandle.current().pid());
      return record;
    } catch (IOException e) {
      throw new LabException("The lab's scratch directory cannot be made in %s.".formatted(ALL), e);
    }
  }

  Path directory() {
    return directory;
  }

  synchronized void add(long pid) {
    try {
      Files.writeString(
          directory.resolve(PROCESSES),
          pid + " " + startTime(pid).orElse("-") + "\n",
          StandardOpenOption.CREATE,
          StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new LabException("The lab's record cannot be written.", e);
    }
  }

  /** Ticks between the boot and the start of a process (proc(5), field 22 of stat). */
  private static Optional<String> startTime(long pid) {
    try {
      String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
      // The name in parentheses may hold anything; what follows it are plain fields from the third
      // on.
      return Optional.of(stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1)[19]);
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  void delete() {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    } catch (NoSuchFileException e) {
      // Another cleanup was faster.
    } catch (IOException e) {
      throw new LabException("The scratch directory %s cannot be removed.".formatted(directory), e);
    }
  }

  /** Ends what is left of labs whose JVM is gone, and removes their records. */
  static void cleanStale() {
    if (!Files.isDirectory(ALL)) {
      return;
    }
    try (Stream<Path> labs = Files.list(ALL)) {
      labs.map(LabRecord::new).forEach(LabRecord::cleanIfStale);
    } catch (IOException e) {
      throw new LabException("The records of labs in %s cannot be read.".formatted(ALL), e);
    }
  }

  private void cleanIfStale() {
    try {
      Path processes = directory.resolve(PROCESSES);
      List<String[]> recorded =
          Files.exists(processes)
              ? Files.readAllLines(processes).stream().map(line -> line.split(" ", -1)).toList()
              : List.of();
      if (recorded.isEmpty() || alive(recorded.get(0))) {
        return;
      }
      recorded.stream()
          .filter(LabRecord::alive)
          .forEach(
              process ->
                  ProcessHandle.of(Long.parseLong(process[0]))
                      .ifPresent(ProcessHandle::destroyForcibly));
      delete();
    } catch (NoSuchFileException e) {
      // Its lab ended meanwhile.
    } catch (IOException e) {
      throw new LabException("The record %s cannot be read.".formatted(directory), e);
    }
  }

  private static boolean alive(String[] process) {
    return startTime(Long.parseLong(process[0])).equals(Optional.of(process[1]));
  }
}
