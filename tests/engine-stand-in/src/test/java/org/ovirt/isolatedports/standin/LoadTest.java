// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.standin;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
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
  void servesLargeInventories() throws IOException, InterruptedException {
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
      String token = Client.token(engine.url(), "admin", "admin");
      for (int run = 0; run < 2; run++) {
        assertThat(count(engine, token, "/networks", "\"vdsm_name\"", 10)).isEqualTo(1_001);
        assertThat(count(engine, token, "/hosts", "\"kdump_status\"", 10)).isEqualTo(400);
        assertThat(count(engine, token, "/vms", "\"start_paused\"", 60)).isEqualTo(10_000);
        String nics = "/vms/" + vm + "/nics?follow=vnic_profile.network";
        assertThat(count(engine, token, nics, "\"vdsm_name\"", 5)).isEqualTo(1);
      }
    }
  }

  /** Of the whole process, client and compiler too: wall time says little on a shared machine. */
  private static long cpuTime() {
    return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
        .getProcessCpuTime();
  }

  /** How many lines of the answer hold the text; it must not have cost more CPU. */
  private static long count(
      EngineStandIn engine, String token, String path, String text, int seconds)
      throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(engine.url().resolve("/ovirt-engine/api" + path))
            .header("Authorization", "Bearer " + token)
            .header("Accept", "application/json")
            .build();
    long begun = cpuTime();
    long lines =
        HttpClient.newHttpClient()
            .send(request, HttpResponse.BodyHandlers.ofLines())
            .body()
            .filter(line -> line.contains(text))
            .count();
    Duration took = Duration.ofNanos(cpuTime() - begun);
    System.out.println(
        path.replaceAll("[0-9a-f-]{36}", "ID") + ": " + took.toMillis() + " ms of CPU");
    assertThat(took).isLessThan(Duration.ofSeconds(seconds));
    return lines;
  }
}
