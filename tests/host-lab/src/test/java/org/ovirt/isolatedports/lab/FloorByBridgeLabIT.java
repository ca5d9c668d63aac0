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
    String tests = "tests.root.bridges_test tests.root.faults_test.Abilities";
    List<String> lines =
        DebianHost.run(
            Duration.ofMinutes(20),
            "cd '%s' && ISOLATED_PORTS_MOVES=%d tests/root/run.sh %s 2>&1"
                .formatted(
                    Path.of("../../vdsm-hook").toAbsolutePath().normalize(),
                    Integer.getInteger("floor.moves", 20),
                    tests));

    assertThat(lines).contains("abilities: nft=yes ct=yes ibrname=yes reject=yes");
    assertThat(lines).contains("OK").anyMatch(line -> line.matches("Ran [1-9]\\d* tests in .*"));
  }
}
