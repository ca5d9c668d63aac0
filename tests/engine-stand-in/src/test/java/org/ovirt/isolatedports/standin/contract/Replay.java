// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.standin.contract;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;

/**
 * Recordings as tests, one each, in their order: answered as recorded, or left out with a reason
 * that must still hold.
 */
final class Replay {

  /** Plays one exchange and says what differs from its recording. */
  @FunctionalInterface
  interface Player {
    List<String> play(Exchange exchange) throws IOException, InterruptedException;
  }

  private final List<LeftOut> leftOut;
  private final Set<LeftOut> used = new HashSet<>();
  private final Player player;

  /**
   * How recordings are played.
   *
   * @param leftOut the resource with those left out
   */
  Replay(String leftOut, Player player) {
    this.leftOut = LeftOut.load(leftOut);
    this.player = player;
  }

  /** A test for each recording, and one for the list of those left out. */
  Stream<DynamicTest> of(List<Exchange> exchanges) {
    return Stream.concat(
        exchanges.stream()
            .map(exchange -> DynamicTest.dynamicTest(exchange.name(), () -> replay(exchange))),
        Stream.of(
            DynamicTest.dynamicTest(
                "every pattern left out meets a recording",
                () ->
                    assertThat(leftOut)
                        .allSatisfy(each -> assertThat(used).contains(each))
                        .allSatisfy(each -> assertThat(each.reason()).isNotBlank()))));
  }

  private void replay(Exchange exchange) throws IOException, InterruptedException {
    List<String> differences = player.play(exchange);
    Optional<LeftOut> out = LeftOut.of(leftOut, exchange.name());
    if (out.isPresent()) {
      used.add(out.get());
      assertThat(differences)
          .as("left out because: " + out.get().reason() + " (but it is answered as recorded)")
          .isNotEmpty();
    } else {
      assertThat(differences)
          .as(exchange.name() + ": " + exchange.method() + " " + exchange.path())
          .isEmpty();
    }
  }
}
