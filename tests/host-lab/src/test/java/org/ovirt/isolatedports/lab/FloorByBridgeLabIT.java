// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The floor by bridge on a kernel that can tell bridges in nftables: the product's own tests of it,
 * with packets, live moves under a flood among them. With libvirt and a real guest it takes too
 * long there for every run: {@link LiveMovesOnDebian}.
 */
@Tag("root")
class FloorByBridgeLabIT {

  @Test
  void holdsOnDebiansKernel() {
    List<String> lines =
        DebianHost.run(
            Duration.ofMinutes(20),
            "cd '%s' && tests/root/run.sh tests.root.bridges_test 2>&1"
                .formatted(Path.of("../../vdsm-hook").toAbsolutePath().normalize()));

    assertThat(lines).contains("OK").anyMatch(line -> line.matches("Ran [1-9]\\d* tests in .*"));
  }
}
