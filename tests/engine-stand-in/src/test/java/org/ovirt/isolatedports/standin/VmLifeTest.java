// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.standin;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.ovirt.isolatedports.standin.host.HostCapabilities;
import org.ovirt.isolatedports.standin.host.SimulatedHost;

/** VMs, their hosts and what the hosts are told. */
class VmLifeTest {
  private final SimulatedHost first = host();
  private final SimulatedHost second = host();
  private EngineStandIn engine;
  private Client client;
  private String profile;
  private String vm;

  private static SimulatedHost host() {
    return new SimulatedHost(
        HostCapabilities.el9().withNetworks(Map.of("ovirtmgmt", "ovirtmgmt", "iso", "iso")));
  }

  @BeforeEach
  void start() throws InterruptedException {
    engine = EngineStandIn.builder().portIsolationPropertyRegistered().start();
    client = Client.bearer(engine.url(), "admin", "admin");
    engine.addHost("host1", "Default", first);
    engine.addHost("host2", "Default", second);
    String network =
        client
            .post(
                "/networks",
                "{\"name\":\"iso\",\"port_isolation\":true,\"data_center\":{\"name\":\"Default\"}}")
            .id();
    String cluster =
        client.get("/clusters?search=name%3DDefault").body().at("/cluster/0/id").asText();
    assertThat(
            client
                .post("/clusters/" + cluster + "/networks", "{\"id\":\"" + network + "\"}")
                .status())
        .isEqualTo(201);
    profile = client.defaultProfile(network);
    vm =
        client
            .post(
                "/vms",
                "{\"name\":\"vm1\",\"cluster\":{\"name\":\"Default\"},\"template\":{\"name\":\"Blank\"}}")
            .id();
    assertThat(addNic("nic1").status()).isEqualTo(201);
  }

  @AfterEach
  void stop() {
    engine.close();
  }

  private Client.Reply addNic(String name) {
    return client.post(
        "/vms/" + vm + "/nics",
        "{\"name\":\"" + name + "\",\"vnic_profile\":{\"id\":\"" + profile + "\"}}");
  }

  private String status() {
    return client.get("/vms/" + vm).body().get("status").asText();
  }

  private static void await(BooleanSupplier condition) {
    Instant end = Instant.now().plus(Duration.ofSeconds(90));
    while (!condition.getAsBoolean()) {
      assertThat(Instant.now()).as("in time").isBefore(end);
      LockSupport.parkNanos(10_000_000);
    }
  }

  private String events() {
    return client.get("/events").body().toString();
  }

  @Test
  void startHandsTheHostADomainWithAPortElement() {
    assertThat(client.post("/vms/" + vm + "/start", "{}").status()).isEqualTo(200);
    await(() -> status().equals("up"));
    assertThat(first.last("create").orElseThrow())
        .contains("<source bridge=\"iso\"></source><port isolated=\"yes\"></port>")
        .contains("<ovirt-vm:custom></ovirt-vm:custom></ovirt-vm:device>");
    assertThat(events()).contains("VM vm1 was started by admin@internal-authz (Host: host1).");
  }

  @Test
  void aHostThatRefusesIsReplacedByTheNextAndTheReasonIsLogged() {
    first.failWith("Hook Error: the vNIC nic1 is not certain");
    client.post("/vms/" + vm + "/start", "{}");
    await(() -> status().equals("up"));
    assertThat(second.running()).hasSize(1);
    assertThat(events())
        .contains(
            "VM vm1 is down with error. Exit message: Hook Error: the vNIC nic1 is not certain.")
        .contains("Trying to restart VM vm1 on Host host2");
  }

  @Test
  void aStartThatEveryHostRefusesEndsDownWithTheReason() {
    first.failWith("no");
    second.failWith("Hook Error: not here");
    client.post("/vms/" + vm + "/start", "{}");
    await(() -> events().contains("\"code\":\"54\""));
    assertThat(status()).isEqualTo("down");
    assertThat(client.get("/vms/" + vm).body().get("stop_reason").asText())
        .isEqualTo("Hook Error: not here");
  }

  @Test
  void migrationMovesTheVmToAnotherHost() {
    client.post("/vms/" + vm + "/start", "{}");
    await(() -> status().equals("up"));
    assertThat(client.post("/vms/" + vm + "/migrate", "{}").status()).isEqualTo(200);
    await(() -> events().contains("Migration completed"));
    assertThat(first.running()).isEmpty();
    assertThat(second.running()).hasSize(1);
  }

  @Test
  void aNicThatTheHostDoesNotListIsForgotten() {
    client.post("/vms/" + vm + "/start", "{}");
    await(() -> status().equals("up"));
    first.forgetPluggedNics();
    assertThat(addNic("hot1").status()).isEqualTo(400);
    assertThat(client.get("/vms/" + vm + "/nics").body().get("nic")).hasSize(1);
    assertThat(events()).contains("Failed to plug Network Interface hot1 (VirtIO) to VM vm1.");
  }

  @Test
  void editingAProfileReachesNoHostUntilTheNicIsUpdated() {
    client.post("/vms/" + vm + "/start", "{}");
    await(() -> status().equals("up"));
    client.put(
        "/vnicprofiles/" + profile,
        "{\"custom_properties\":{\"custom_property\":[{\"name\":\"port_isolation\",\"value\":\"community:blue\"}]}}");
    assertThat(first.last("updateNic")).isEmpty();
    String nics = "/vms/" + vm + "/nics";
    assertThat(client.get(nics).body().at("/nic/0/synced").asText()).isEqualTo("false");
    String nic = client.get(nics).body().at("/nic/0/id").asText();
    client.put(nics + "/" + nic, "{\"linked\":true}");
    assertThat(first.last("updateNic").orElseThrow())
        .contains("<ovirt-vm:port_isolation>community:blue</ovirt-vm:port_isolation>");
    // The engine shows it as out of step all the same, until the next plug or start.
    assertThat(client.get(nics).body().at("/nic/0/synced").asText()).isEqualTo("false");
    client.post(nics + "/" + nic + "/deactivate", "{}");
    client.post(nics + "/" + nic + "/activate", "{}");
    assertThat(client.get(nics).body().at("/nic/0/synced").asText()).isEqualTo("true");
  }

  @Test
  void aHostWithoutTheNetworkIsNoCandidate() {
    first.report(HostCapabilities.el9());
    second.report(HostCapabilities.el9());
    client
        .get("/hosts")
        .body()
        .get("host")
        .forEach(each -> client.post("/hosts/" + each.get("id").asText() + "/refresh", "{}"));
    Client.Reply reply = client.post("/vms/" + vm + "/start", "{}");
    assertThat(reply.status()).isEqualTo(409);
    assertThat(reply.detail())
        .contains(
            "host2 did not satisfy internal filter Network because network(s) iso are missing");
  }
}
