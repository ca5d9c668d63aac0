// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.packages;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The packages that were built, and what they need on the machine they go to. */
final class Packages {

  static final Path PROJECT = Path.of(System.getProperty("isolated-ports.project"));
  static final Path TARGET = PROJECT.resolve("packaging/target");

  static final String SERVER = "ovirt-isolated-ports";
  static final String CLI = "ovirt-isolated-ports-cli";
  static final String HOST = "vdsm-hook-isolated-ports";
  static final String UI = "ovirt-isolated-ports-ui";

  private Packages() {}

  /** All that can be built here; the portal's plugin only where it was built. */
  static List<String> all() {
    return Files.exists(PROJECT.resolve("ui-extension/dist/isolated-ports.json"))
        ? List.of(SERVER, CLI, HOST, UI)
        : List.of(SERVER, CLI, HOST);
  }

  /** Lines of a resource of these tests, without comments and empty ones. */
  static List<String> lines(String resource) {
    try (InputStream in = Packages.class.getResourceAsStream(resource)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .filter(line -> !line.isBlank() && !line.startsWith("#"))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Installs packages that stand for those of oVirt and the distribution: they have the names that
   * ours require, and the directories that the real ones own.
   */
  static void installNeighbours(ScratchRoot root, Path work) {
    try {
      Path spec = Files.createDirectories(work).resolve("neighbours.spec");
      try (InputStream in = Packages.class.getResourceAsStream("neighbours.spec")) {
        Files.write(spec, in.readAllBytes());
      }
      Command unused =
          Command.run(
                  "rpmbuild",
                  "--quiet",
                  "--define",
                  "_topdir " + work,
                  "--define",
                  "_rpmdir " + work,
                  "--define",
                  "_build_name_fmt %%{NAME}.rpm",
                  "-bb",
                  spec.toString())
              .good();
      root.rpm("-i", work.resolve("neighbours.rpm").toString()).good();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
