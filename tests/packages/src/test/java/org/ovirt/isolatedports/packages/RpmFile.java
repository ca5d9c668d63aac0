// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.packages;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * A package as it was built.
 *
 * @param path where it is
 */
record RpmFile(Path path) {

  /**
   * A file of a package.
   *
   * @param mode such as {@code -rw-r--r--}
   * @param owner user and group, such as {@code root:root}
   * @param flags {@code c} configuration, {@code n} kept as it is, {@code g} ghost; else {@code -}
   * @param path its path
   */
  record Entry(String mode, String owner, String flags, String path) {

    @Override
    public String toString() {
      return mode + " " + owner + " " + flags + " " + path;
    }
  }

  /** The only package of that name in packaging/target. */
  static RpmFile named(String name) {
    try (Stream<Path> files = Files.list(Packages.TARGET)) {
      List<Path> found =
          files
              .filter(file -> file.getFileName().toString().matches(name + "-\\d.*\\.noarch\\.rpm"))
              .toList();
      if (found.size() != 1) {
        throw new IllegalStateException("Not one package " + name + ", but " + found);
      }
      return new RpmFile(found.get(0));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  List<Entry> entries() {
    String format =
        "[%{FILEMODES:perms} %{FILEUSERNAME}:%{FILEGROUPNAME} -%{FILEFLAGS:fflags} %{FILENAMES}\\n]";
    return query("--queryformat", format).stream()
        .map(line -> line.split(" ", 4))
        .map(
            parts ->
                new Entry(
                    parts[0],
                    parts[1],
                    // Documentation and licences are told by where they are.
                    parts[2].replaceAll("[dl]", ""),
                    parts[3]))
        .toList();
  }

  /** What it requires of others, without what rpm itself must be able to do. */
  List<String> requirements() {
    return query("--requires").stream()
        .filter(line -> !line.startsWith("rpmlib(") && !line.startsWith("config("))
        .distinct()
        .toList();
  }

  private List<String> query(String... what) {
    String[] line = Stream.concat(Stream.of("rpm", "-qp"), Stream.of(what)).toArray(String[]::new);
    return Command.run(
            Stream.concat(Stream.of(line), Stream.of(path.toString())).toArray(String[]::new))
        .good()
        .lines();
  }
}
