// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.standin;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.ovirt.isolatedports.standin.host.HostCapabilities;
import org.ovirt.isolatedports.standin.host.SimulatedHost;

/**
 * Lists of the size load tests use. Seen on two cores shared by six builds: 1,000 networks in 31
 * ms, 400 hosts in 250 ms, 10,000 VMs (80 MB) in 9.6 s; the bounds only catch a list that has
 * become quadratic.
 */
class LoadTest {
  @Test
  void servesLargeInventories() {
    try (EngineStandIn engine = EngineStandIn.builder().start()) {
      SimulatedHost agent =
          new SimulatedHost(HostCapabilities.el9().withNetworks(Map.of("ovirtmgmt", "ovirtmgmt")));
      List<UUID> profiles = new ArrayList<>();
      for (int i = 0; i < 1_000; i++) {
        profiles.add(engine.seeds().network("net" + i, "Default", i % 2 == 0));
      }
      for (int i = 0; i < 400; i++) {
        engine.addHost("host" + i, "Default", agent);
      }
      UUID vm = new UUID(0, 0);
      for (int i = 0; i < 10_000; i++) {
        vm = engine.seeds().vm("vm" + i, "Default", List.of(profiles.get(i % 1_000)));
      }
      Client client = Client.bearer(engine.url(), "admin", "admin");
      assertThat(client.get("/networks").body().get("network")).hasSize(1_001);
      assertThat(client.get("/hosts").body().get("host")).hasSize(400);
      assertThat(client.get("/vms").body().get("vm")).hasSize(10_000);
      assertThat(time(client, "/networks")).isLessThan(Duration.ofSeconds(2));
      assertThat(time(client, "/hosts")).isLessThan(Duration.ofSeconds(4));
      assertThat(time(client, "/vms")).isLessThan(Duration.ofSeconds(60));
      assertThat(time(client, "/vms/" + vm + "/nics?follow=vnic_profile.network"))
          .isLessThan(Duration.ofSeconds(1));
    }
  }

  private static Duration time(Client client, String path) {
    long begun = System.nanoTime();
    client.get(path);
    Duration took = Duration.ofNanos(System.nanoTime() - begun);
    System.out.println(path.replaceAll("[0-9a-f-]{36}", "ID") + " took " + took.toMillis() + " ms");
    return took;
  }
}
