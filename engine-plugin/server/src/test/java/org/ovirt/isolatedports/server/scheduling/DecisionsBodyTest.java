// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.scheduling;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.ovirt.isolatedports.body.BodyFormat;
import org.ovirt.isolatedports.body.TreeWriter;
import org.ovirt.isolatedports.rules.FilterState;
import org.ovirt.isolatedports.scheduling.SchedulingDecision.DroppedHost;
import org.ovirt.isolatedports.server.scheduling.decision.Decision;
import org.ovirt.isolatedports.server.scheduling.inventory.SchedulerStatus;

class DecisionsBodyTest {

  private static final Decision DECISION =
      new Decision(
          Instant.parse("2026-11-21T20:00:00Z"),
          "v1",
          "vm <1>",
          Decision.Basis.LIVE,
          List.of("red"),
          "",
          List.of("h1"),
          List.of(new DroppedHost("h2", "old", List.of("Host old runs libvirt 6.0.0 & more."))),
          1234);

  @Test
  void decisionsAreWrittenInJsonAsApiV4WritesItsEntities() {
    assertThat(write(BodyFormat.JSON))
        .isEqualTo(
            "{\"decision\":[{\"time\":\"2026-11-21T20:00:00Z\","
                + "\"vm\":{\"id\":\"v1\",\"name\":\"vm <1>\"},\"basis\":\"live\","
                + "\"millis\":\"1.234\",\"networks\":{\"network\":[{\"name\":\"red\"}]},"
                + "\"hosts_in\":{\"host\":[{\"id\":\"h1\"}]},"
                + "\"hosts_out\":{\"host\":[{\"id\":\"h2\",\"name\":\"old\","
                + "\"reasons\":{\"reason\":[\"Host old runs libvirt 6.0.0 & more.\"]}}]}}]}");
  }

  @Test
  void decisionsAreWrittenInXmlAsApiV4WritesItsEntities() {
    assertThat(write(BodyFormat.XML))
        .isEqualTo(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><decisions><decision>"
                + "<time>2026-11-21T20:00:00Z</time><vm id=\"v1\"><name>vm &lt;1&gt;</name></vm>"
                + "<basis>live</basis><millis>1.234</millis>"
                + "<networks><network><name>red</name></network></networks>"
                + "<hosts_in><host id=\"h1\"></host></hosts_in>"
                + "<hosts_out><host id=\"h2\"><name>old</name><reasons>"
                + "<reason>Host old runs libvirt 6.0.0 &amp; more.</reason></reasons></host>"
                + "</hosts_out></decision></decisions>");
  }

  @Test
  void theStatusSaysWhatIsWrong() {
    SchedulerStatus status =
        new SchedulerStatus(
            FilterState.DISABLED,
            new TreeSet<>(),
            Optional.empty(),
            Optional.of(Instant.EPOCH),
            Optional.empty(),
            2,
            Optional.empty(),
            Optional.empty());
    Map<String, Object> tree = SchedulerResource.tree(status, true);
    assertThat(tree)
        .containsEntry("listening", "true")
        .containsEntry("filter", "disabled")
        .containsEntry("last_asked", "1970-01-01T00:00:00Z")
        .containsEntry("hosts_known", "2")
        .doesNotContainKey("last_discovered");
    assertThat(tree.get("problems").toString()).contains("restart ovirt-engine");
  }

  private static String write(BodyFormat format) {
    return new String(
        TreeWriter.write(
            format, "decisions", Map.of("decision", DecisionsBody.of(List.of(DECISION)))),
        StandardCharsets.UTF_8);
  }
}
