// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * A "host" that is a guest itself, with Debian's own kernel, which knows what this machine's may
 * not: nftables by bridge, and bridge connection tracking. It sees this machine's files, and what
 * it writes is gone afterwards. Everything in it is emulated: slow.
 */
final class DebianHost {

  private static final Path CACHE =
      Path.of(System.getProperty("isolatedports.lab.cache", "target/lab-cache")).toAbsolutePath();

  private DebianHost() {}

  static Path cache() {
    return CACHE;
  }

  /**
   * Boots it, runs a shell script as root that must succeed, and returns the lines it printed; they
   * are shown as they come.
   */
  static List<String> run(Duration limit, String script) {
    Path image = CACHE.resolve("debian-host");
    Command.output("sh", "debian-host/make-image.sh", image.toString());
    Command.Result result =
        Command.run(
            limit,
            List.of("sh", "debian-host/run.sh", image.toString()),
            script,
            System.out::print);
    List<String> lines = result.output().replace("\r", "").lines().toList();
    assertThat(result.status()).as("%s%n%s", String.join("\n", lines), result.errors()).isZero();
    return lines;
  }
}
