// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.standin.contract;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;

/**
 * The contract with the real engine: every recording is replayed in its order, and the stand-in
 * answers as the engine did, or the recording stands in {@code left-out} with the reason.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RecordingsTest {
  private Story story;

  @BeforeAll
  void start() throws IOException, InterruptedException {
    story = new Story();
  }

  @AfterAll
  void stop() {
    story.close();
  }

  @TestFactory
  Stream<DynamicTest> everyRecordingIsAnsweredAsRecordedOrLeftOut() {
    List<Exchange> all = Exchange.all();
    List<LeftOut> leftOut = LeftOut.load();
    Set<LeftOut> used = new HashSet<>();
    Stream<DynamicTest> replay =
        all.stream()
            .map(
                exchange ->
                    DynamicTest.dynamicTest(
                        exchange.name(), () -> replay(exchange, leftOut, used)));
    Stream<DynamicTest> closing =
        Stream.of(
            DynamicTest.dynamicTest(
                "every pattern left out meets a recording",
                () ->
                    assertThat(leftOut)
                        .allSatisfy(each -> assertThat(used).contains(each))
                        .allSatisfy(each -> assertThat(each.reason()).isNotBlank())));
    return Stream.of(replay, closing, nicDocuments()).flatMap(each -> each);
  }

  /** What the hosts were handed during the story against what was recorded. */
  private Stream<DynamicTest> nicDocuments() {
    return Stream.of(
            "vm-two-isolated-nics",
            "start-1",
            "start-2",
            "start-3",
            "start-4",
            "hotplug-1",
            "hotplug-2",
            "hotplug-3",
            "hotplug-4",
            "hotplug-5",
            "update-1",
            "update-2",
            "update-3",
            "update-4",
            "update-5",
            "update-6",
            "update-7",
            "update-8",
            "unplug-1",
            "unplug-2")
        .map(
            name ->
                DynamicTest.dynamicTest(
                    "nic-xml/" + name,
                    () -> {
                      NicDocuments documents = new NicDocuments(story.bodies(), story.received());
                      if (name.startsWith("start-") || name.startsWith("vm-")) {
                        documents.sameNicsInDomain(name);
                      } else {
                        documents.sameNicDocument(name);
                      }
                    }));
  }

  private void replay(Exchange exchange, List<LeftOut> leftOut, Set<LeftOut> used)
      throws IOException, InterruptedException {
    List<String> differences = story.play(exchange);
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
