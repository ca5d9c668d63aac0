// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.lab;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * No frame passes while a running vNIC moves onto an isolated network: on this machine's kernel,
 * and on Debian's, which can tell bridges in nftables, in a "host" that is a guest itself. {@code
 * tests/host-lab/run.sh live-moves} runs it in full length.
 */
@Tag("root")
class LiveMovesLabIT {

  private static final int COUNT = Integer.getInteger("moves.count", 12);
  private static final int DEBIAN_COUNT = Integer.getInteger("moves.debian-count", 2);
  private static final int FLAG_ONLY = Integer.getInteger("moves.flag-only", 0);
  private static final Optional<Path> RESULT =
      Optional.ofNullable(System.getProperty("moves.result")).map(Path::of);

  private static final Path CACHE =
      Path.of(System.getProperty("isolatedports.lab.cache", "target/lab-cache")).toAbsolutePath();

  @Test
  void onThisKernel() throws IOException {
    check(LiveMoves.run(COUNT, FLAG_ONLY).json());
  }

  @Test
  void onAKernelThatTellsBridges() throws IOException {
    // The guests' image is made here, where there is a network; in there it is found.
    LabCache.open(CACHE).guestImage();
    Path image = CACHE.resolve("debian-host");
    Command.output("sh", "debian-host/make-image.sh", image.toString());
    String script =
        """
        cd '%s' && exec java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xmx384m -cp '%s' \
        -Disolatedports.lab.cache='%s' -Disolatedports.lab.patience=20 %s %d %d
        """
            .formatted(
                Path.of("").toAbsolutePath(),
                System.getProperty(
                    "surefire.test.class.path", System.getProperty("java.class.path")),
                CACHE,
                LiveMoves.class.getName(),
                DEBIAN_COUNT,
                FLAG_ONLY);

    Command.Result result =
        Command.run(
            Duration.ofHours(4), List.of("sh", "debian-host/run.sh", image.toString()), script);

    List<String> lines = result.output().replace("\r", "").lines().toList();
    assertThat(result.status()).as(String.join("\n", lines) + result.errors()).isZero();
    String outcome =
        lines.stream().filter(line -> line.startsWith("{\"moves\"")).findFirst().orElse("{}");
    check(outcome);
    assertThat(new ObjectMapper().readTree(outcome).get("floor_by_bridge").asBoolean()).isTrue();
  }

  private static void check(String outcome) throws IOException {
    System.out.println(outcome);
    if (RESULT.isPresent()) {
      Files.writeString(RESULT.get(), outcome + "\n", UTF_8);
    }
    JsonNode json = new ObjectMapper().readTree(outcome);
    assertThat(json.path("flood_frames_per_s").asLong()).as("the weaker sender").isPositive();
    assertThat(json.path("control_leaked_frames").asLong())
        .as("frames that pass without protection: without any, nothing was proved")
        .isPositive();
    assertThat(json.path("leaked_frames").asLong(-1)).as("frames that passed").isZero();
  }
}
