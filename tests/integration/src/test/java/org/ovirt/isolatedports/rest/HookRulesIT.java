// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.rest;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

/** The rules with an engine that does not know the attribute. */
class HookRulesIT extends RulesTest {

  HookRulesIT() {
    super(false);
  }

  @Test
  void aPropertyTheEngineDoesNotKnowIsNamedWithTheLineToRun() {
    rig.engine().engineConfig().setInAllVersions("CustomDeviceProperties", "");
    rig.engine().restart();
    refused(
        400,
        "Cannot add Network. The engine does not know the vNIC profile property port_isolation yet,"
            + " which isolates the ports of Network blue on the hosts. Register it with:"
            + " engine-config -s CustomDeviceProperties=\"{type=interface;prop={port_isolation="
            + "^(true|isolated|promiscuous|community:[A-Za-z0-9_-]{1,32})$}}\" --cver=4.4 (keep"
            + " what engine-config -g CustomDeviceProperties shows), restart ovirt-engine and try"
            + " again. Nothing was changed.",
        () -> us.post("/networks", body("blue", "")));
  }

  /** The engine makes the profile after it has answered us; whoever we answer finds it closed. */
  @Test
  void theDefaultProfileCarriesThePropertyWhenTheNetworkIsAnswered() {
    for (int i = 0; i < 5; i++) {
      String network = created(us.post("/networks", body("race" + i, "")));
      assertThat(engine.get("/networks/" + network + "/vnicprofiles").body())
          .contains("\"name\" : \"port_isolation\"");
    }
    assertThat(engine.get("/events?max=100").body()).doesNotContain("lacks the property");
  }

  @Test
  void aNetworkThatIsToHaveNoProfileIsAnsweredWithoutWaiting() {
    Instant begun = Instant.now();
    created(us.post("/networks", body("bare", ",\"profile_required\":false")));
    assertThat(Duration.between(begun, Instant.now())).isLessThan(Duration.ofSeconds(10));
  }
}
