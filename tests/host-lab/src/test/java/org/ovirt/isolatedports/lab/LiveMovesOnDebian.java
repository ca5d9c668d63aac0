// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.lab;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * As {@link LiveMovesLabIT}, on Debian's kernel, with a libvirt and a guest in there: {@code
 * tests/host-lab/run.sh live-moves --on debian} runs it, and nothing else does.
 */
@Tag("root")
class LiveMovesOnDebian {

  /**
   * Two senders without a pause would leave nothing of two emulated processors to libvirt, VDSM's
   * part and the hooks, and no move would come to its end. The gap between libvirt's two steps is
   * as much longer there as everything is.
   */
  private static final int PAUSE_MICROS = 1000;

  @Test
  void noFramePasses() throws IOException {
    // The guests' image is made here, where there is a network; in there it is found.
    LabCache.open(DebianHost.cache()).guestImage();
    String script =
        """
        cd '%s' && exec java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xmx384m -cp '%s' \
        -Disolatedports.lab.cache='%s' -Disolatedports.lab.patience=30 \
        -Dmoves.pause-micros=%d %s %d %d
        """
            .formatted(
                Path.of("").toAbsolutePath(),
                System.getProperty(
                    "surefire.test.class.path", System.getProperty("java.class.path")),
                DebianHost.cache(),
                PAUSE_MICROS,
                LiveMoves.class.getName(),
                Integer.getInteger("moves.count", 3),
                LiveMoves.FLAG_ONLY_MOVES);

    String outcome =
        DebianHost.run(Duration.ofHours(8), script).stream()
            .filter(line -> line.startsWith("{\"moves\""))
            .findFirst()
            .orElse("{}");

    LiveMoves.check(outcome);
    assertThat(new ObjectMapper().readTree(outcome).path("floor_by_bridge").asBoolean()).isTrue();
  }
}
