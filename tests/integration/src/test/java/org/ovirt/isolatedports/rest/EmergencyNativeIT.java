// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.rest;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** What the engine isolates by itself nobody can open, and an isolated network has no twin. */
class EmergencyNativeIT extends ServerTest {

  EmergencyNativeIT() {
    super(true);
  }

  @Test
  void whatTheEngineIsolatesCannotBeOpened() {
    String network = attachedNetwork("blue", true);
    refused(
        409,
        "Cannot open Network. The oVirt engine itself isolates the ports of Network blue"
            + " (enforcement native): the attribute cannot be changed after the Network is defined,"
            + " and the engine writes it into every VM it starts, so nothing can be opened. Put the"
            + " vNICs of the VMs concerned on another Network instead.",
        () ->
            us.post(
                "/networks/" + network + "/emergency",
                "{\"reason\":\"why\",\"confirm\":\"blue\",\"minutes\":5}"));
    refused(
        409,
        "Cannot isolate Network. Network blue is isolated already.",
        () -> us.post("/networks/" + network + "/isolate", "{\"step\":\"prepare\"}"));
  }

  @Test
  void theTwinOfANetworkIsIsolatedByTheEngine() {
    String network = attachedNetwork("plain", false);
    String twin =
        us.post("/networks/" + network + "/isolate", "{\"step\":\"prepare\"}")
            .json()
            .path("twin")
            .path("id")
            .asText();
    var shown = engine.get("/networks/" + twin).json();
    assertThat(shown.path("port_isolation").asText()).isEqualTo("true");
    assertThat(shown.path("name").asText()).isEqualTo("plain_iso");
  }
}
