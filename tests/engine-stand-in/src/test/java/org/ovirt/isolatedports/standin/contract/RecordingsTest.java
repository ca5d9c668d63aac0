// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.standin.contract;

import java.io.IOException;
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
    return Stream.concat(
        new Replay("/recordings/left-out", story::play).of(Exchange.all()), nicDocuments());
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
}
