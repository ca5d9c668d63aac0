// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.standin;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.ovirt.isolatedports.standin.host.HostCapabilities;
import org.ovirt.isolatedports.standin.host.SimulatedHost;

/** An engine that does not know the attribute: 4.4.2, levels up to 4.4. */
class NativeOffTest {
  private static final String CREATE = "{\"name\":\"n1\",\"data_center\":{\"name\":\"Default\"}%s}";

  private EngineStandIn engine;
  private Client client;

  @BeforeEach
  void start() {
    engine =
        EngineStandIn.builder()
            .nativePortIsolation(false)
            .portIsolationPropertyRegistered()
            .start();
    client = Client.bearer(engine.url(), "admin", "admin");
  }

  @AfterEach
  void stop() {
    engine.close();
  }

  @Test
  void isOlderAndHasNoSuchOption() {
    assertThat(client.get("").body().at("/product_info/version/full_version").asText())
        .startsWith("4.4.2");
    assertThat(client.get("/clusters").body().at("/cluster/0/version/minor").asText())
        .isEqualTo("4");
    assertThat(engine.engineConfig().vdcOptions())
        .noneMatch(row -> row.optionName().equals("IsPortIsolationSupported"));
  }

  @Test
  void theFieldIsAnUnknownOneInBothSyntaxes() {
    Client.Reply json = client.post("/networks", CREATE.formatted(",\"port_isolation\":true"));
    assertThat(json.status()).isEqualTo(400);
    assertThat(json.body().asText())
        .isEqualTo(
            "Unrecognized field &quot;port_isolation&quot; (class"
                + " org.ovirt.engine.api.model.Network), not marked as ignorable");
    Client.Reply xml =
        client.sendXml(
            "POST",
            "/networks",
            "<network><name>n1</name><data_center><name>Default</name></data_center>"
                + "<port_isolation>true</port_isolation></network>");
    assertThat(xml.status()).isEqualTo(400);
    assertThat(xml.body().asText()).contains("Request syntactically incorrect.");
    assertThat(client.get("/networks").body().get("network")).hasSize(1);
  }

  @Test
  void theFieldIsNeverWrittenNorTheElement() throws InterruptedException {
    Client.Reply made = client.post("/networks", CREATE.formatted(""));
    assertThat(made.status()).isEqualTo(201);
    assertThat(made.body().has("port_isolation")).isFalse();
    SimulatedHost host = new SimulatedHost(HostCapabilities.el9().withNetworks(Map.of("n1", "n1")));
    engine.addHost("host1", "Default", host);
    String cluster = engine.seeds().cluster("Default").toString();
    client.post("/clusters/" + cluster + "/networks", "{\"id\":\"" + made.id() + "\"}");
    String profile = client.defaultProfile(made.id());
    assertThat(
            client
                .put(
                    "/vnicprofiles/" + profile,
                    "{\"custom_properties\":{\"custom_property\":[{\"name\":\"port_isolation\","
                        + "\"value\":\"isolated\"}]}}")
                .status())
        .isEqualTo(200);
    String vm =
        engine.seeds().vm("vm1", "Default", List.of(java.util.UUID.fromString(profile))).toString();
    client.post("/vms/" + vm + "/start", "{}");
    while (host.last("create").isEmpty()) {
      Thread.sleep(5);
    }
    assertThat(host.last("create").orElseThrow())
        .doesNotContain("<port")
        .contains("<ovirt-vm:port_isolation>isolated</ovirt-vm:port_isolation>");
  }

  @Test
  void aPropertyIsUnknownUntilItIsRegisteredAndTheEngineRestarted() {
    try (EngineStandIn fresh = EngineStandIn.builder().nativePortIsolation(false).start()) {
      Client admin = Client.bearer(fresh.url(), "admin", "admin");
      String profile = admin.get("/vnicprofiles").body().at("/vnic_profile/0/id").asText();
      String body =
          "{\"custom_properties\":{\"custom_property\":[{\"name\":\"port_isolation\","
              + "\"value\":\"true\"}]}}";
      assertThat(admin.put("/vnicprofiles/" + profile, body).detail())
          .contains("not configured by the system");
      fresh
          .engineConfig()
          .set(
              "CustomDeviceProperties",
              "{type=interface;prop={port_isolation=" + EngineStandIn.PORT_ISOLATION_PATTERN + "}}",
              "4.4");
      assertThat(admin.put("/vnicprofiles/" + profile, body).status()).isEqualTo(400);
      fresh.restart();
      assertThat(admin.put("/vnicprofiles/" + profile, body).status()).isEqualTo(200);
    }
  }
}
