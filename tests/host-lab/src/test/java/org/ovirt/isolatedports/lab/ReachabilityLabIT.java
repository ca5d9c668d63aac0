// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Four real guests on two hosts: who sees whom, and whether each frame is counted. */
@Tag("root")
class ReachabilityLabIT {

  private static final String NETWORK = "iso1";

  private static Lab lab;
  private static final Map<String, DomainXml.Vnic> VNICS = new LinkedHashMap<>();
  private static final Map<String, String> VM_IDS = new LinkedHashMap<>();

  @BeforeAll
  static void startFourGuests() throws Exception {
    lab = Lab.builder().hosts("a", "b").network(NETWORK, "10.77.1.0/24").start();
    ExecutorService starters = Executors.newFixedThreadPool(4);
    Map<String, Future<String>> starts = new LinkedHashMap<>();
    for (String name : List.of("a1", "a2", "b1", "b2")) {
      DomainXml.Vnic vnic =
          DomainXml.Vnic.on(NETWORK, "56:6f:11:22:01:0%d".formatted(VNICS.size() + 1));
      VNICS.put(name, vnic);
      String domain = DomainXml.vm(name).vnic(vnic).domain();
      starts.put(name, starters.submit(() -> lab.host(name.substring(0, 1)).start(domain)));
    }
    for (Map.Entry<String, Future<String>> start : starts.entrySet()) {
      VM_IDS.put(start.getKey(), start.getValue().get());
    }
    starters.shutdown();
  }

  @AfterAll
  static void end() {
    if (lab != null) {
      lab.close();
    }
  }

  private static Guest guest(String name) {
    return lab.guest(VM_IDS.get(name));
  }

  private static void isolateOnHosts(boolean on) {
    VNICS.forEach(
        (name, vnic) ->
            lab.host(name.substring(0, 1))
                .updateNic(VM_IDS.get(name), (on ? vnic.withNativeIsolation() : vnic).hotplug()));
  }

  private static boolean sameHost(Reachability.Row row) {
    return row.from().charAt(0) == row.to().charAt(0);
  }

  private static boolean withGateway(Reachability.Row row) {
    return row.from().equals(Reachability.GATEWAY) || row.to().equals(Reachability.GATEWAY);
  }

  @ParameterizedTest(name = "switch protects: {0}, hosts isolate: {1}")
  @CsvSource({
    "false, false, true,  true",
    "false, true,  false, true",
    "true,  true,  false, false",
    "true,  false, true,  false"
  })
  void guestsReachEachOtherAsSwitchAndHostsLetThem(
      boolean switchProtects, boolean hostsIsolate, boolean onOneHost, boolean acrossHosts) {
    lab.switchPortsProtected(NETWORK, switchProtects);
    isolateOnHosts(hostsIsolate);

    Reachability seen = lab.reachability(NETWORK);

    assertThat(seen.rows()).hasSize(20);
    assertThat(seen.rows())
        .allSatisfy(
            row -> {
              boolean expected = withGateway(row) || (sameHost(row) ? onOneHost : acrossHosts);
              assertThat(row.reached()).as("%s reached", row).isEqualTo(expected);
              assertThat(row.framesSeen() > 0).as("%s saw frames", row).isEqualTo(expected);
            });
    for (LabHost host : lab.hosts()) {
      assertThat(host.ports())
          .hasSize(2)
          .allSatisfy(
              port -> {
                assertThat(port.bridge()).isEqualTo(NETWORK);
                assertThat(port.isolated()).isEqualTo(hostsIsolate);
              });
    }
  }

  @Test
  void everyGuestHasALeaseFromTheGateway() {
    List<String> addresses = new ArrayList<>();
    VNICS.forEach(
        (name, vnic) ->
            addresses.add(
                guest(name)
                    .awaitLeases(Duration.ofSeconds(90), List.of(vnic.mac()))
                    .get(vnic.mac())));

    assertThat(addresses)
        .doesNotHaveDuplicates()
        .allMatch(address -> address.startsWith("10.77.1."))
        .doesNotContain("10.77.1.1");
  }

  private static OddFrames.Sent exchange(String from, String to) {
    return OddFrames.send(
        lab.gateway(), guest(from), VNICS.get(from).mac(), guest(to), VNICS.get(to).mac());
  }

  @Test
  void countsOddFramesByKindWhereNothingIsIsolated() {
    lab.switchPortsProtected(NETWORK, false);
    isolateOnHosts(false);

    exchange("a1", "a2").allArrived();
    exchange("a1", "b1").allArrived();
  }

  @Test
  void noOddFrameArrivesWhereHostsAndSwitchIsolate() {
    lab.switchPortsProtected(NETWORK, true);
    isolateOnHosts(true);

    exchange("a2", "a1").noneArrived();
    exchange("a2", "b2").noneArrived();
  }
}
