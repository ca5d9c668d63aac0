// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.rest;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import org.junit.jupiter.api.Test;
import org.ovirt.isolatedports.rig.Database;

/** The rules with an engine that knows the attribute. */
class NativeRulesIT extends RulesTest {

  NativeRulesIT() {
    super(true);
  }

  /** Isolated by the hook under an engine that did not know the attribute, upgraded since. */
  @Test
  void ofAnEngineThatWasUpgradedNobodyIsToldThatItKnowsNothing() {
    String network =
        created(
            engine.post(
                "/networks",
                "{\"name\":\"old\",\"data_center\":{\"id\":\"" + dataCenter() + "\"}}"));
    rig.database()
        .execute(
            Database.OWN,
            "INSERT INTO isolated_network VALUES ('%s', '%s', 'old', 'hook', now(), 0)"
                .formatted(network, dataCenter()));
    JsonNode shown = us.get("/networks/" + network).json();
    assertThat(shown.path("port_isolation").asText()).isEqualTo("true");
    assertThat(shown.path("enforcement").asText()).isEqualTo("hook");
    assertThat(shown.path("enforcement_reason").asText())
        .startsWith("The network was made when the engine did not know port isolation yet")
        .doesNotContain("The engine does not know");
  }
}
