// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.ovirt.isolatedports.lab.DomainXml.Vnic;

/**
 * Isolated and plain networks side by side on two hosts with the product on them: untagged ones,
 * VLANs of one uplink, VMs with several NICs. Nothing but the list of isolated bridges says what is
 * isolated.
 */
@Tag("root")
class SeveralCustomersLabIT {

  private static final List<IsolatedBridge> LIST =
      List.of(
          new IsolatedBridge("iso1", "5a2c4b1e-0000-4000-8000-000000000001", "iso1"),
          new IsolatedBridge("tagged10", "5a2c4b1e-0000-4000-8000-000000000010", "tagged10"));

  private static Lab lab;
  private static final Map<String, String> VM_IDS = new LinkedHashMap<>();
  private static final Map<String, Vnic> VNICS = new LinkedHashMap<>();

  @BeforeAll
  static void startFiveGuests() {
    lab =
        Lab.builder()
            .hosts("a", "b")
            .network("iso1", "10.77.1.0/24")
            .network("plain1", "10.77.2.0/24")
            .vlanNetwork("tagged10", "10.77.10.0/24", 10)
            .vlanNetwork("tagged11", "10.77.11.0/24", 11)
            .switchPortsProtected("iso1", true)
            .switchPortsProtected("tagged10", true)
            .start();
    for (LabHost host : lab.hosts()) {
      HookedHost unused = new HookedHost(lab, host).install(LIST).startWatch();
    }
    start("a", "twice", "iso1", "iso1");
    start("a", "mixed", "iso1", "plain1");
    start("a", "tags", "tagged10", "tagged11");
    start("a", "tags2", "tagged10", "tagged11");
    start("b", "peer", "iso1", "plain1", "tagged10", "tagged11");
  }

  private static void start(String host, String name, String... bridges) {
    DomainXml vm = DomainXml.vm(name);
    for (int i = 0; i < bridges.length; i++) {
      Vnic vnic = Vnic.on(bridges[i], "56:6f:11:33:00:%02x".formatted(VNICS.size() + 1));
      VNICS.put(
          name + "/" + bridges[i] + (VNICS.containsKey(name + "/" + bridges[i]) ? "+" : ""), vnic);
      vm.vnic(vnic);
    }
    VM_IDS.put(name, lab.host(host).start(vm.domain()));
  }

  @AfterAll
  static void end() {
    if (lab != null) {
      lab.close();
    }
  }

  private static String vm(String label) {
    return label.replaceFirst("/.*", "");
  }

  private static boolean withGateway(Reachability.Row row) {
    return row.from().equals(Reachability.GATEWAY) || row.to().equals(Reachability.GATEWAY);
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "iso1, false, mixed peer",
    "plain1, true, mixed peer",
    "tagged10, false, tags tags2 peer",
    "tagged11, true, tags tags2 peer"
  })
  void eachNetworkKeepsItsOwnWay(String network, boolean open, String vms) {
    Reachability seen =
        lab.reachability(
            network, List.of(vms.split(" ")).stream().map(VM_IDS::get).toArray(String[]::new));
    int stations = vms.split(" ").length + 1;
    assertThat(seen.rows()).hasSize(stations * (stations - 1));
    assertThat(seen.rows())
        .allSatisfy(
            row -> {
              boolean expected = open || withGateway(row);
              assertThat(row.reached()).as("%s reached", row).isEqualTo(expected);
              assertThat(row.framesSeen() > 0).as("%s saw frames", row).isEqualTo(expected);
            });
  }

  @Test
  void twoIsolatedNicsOfOneVmSeeNobodyNorEachOther() {
    Reachability seen = lab.reachability("iso1");
    List<Reachability.Row> rows =
        seen.rows().stream()
            .filter(row -> !withGateway(row))
            .filter(row -> vm(row.from()).equals("twice") || vm(row.to()).equals("twice"))
            .toList();
    assertThat(rows).hasSize(10);
    assertThat(rows).allSatisfy(row -> assertThat(row.framesSeen()).as("%s", row).isZero());
    assertThat(rows)
        .filteredOn(row -> !vm(row.from()).equals(vm(row.to())))
        .allSatisfy(row -> assertThat(row.reached()).as("%s", row).isFalse());
    assertThat(seen.rows())
        .filteredOn(row -> vm(row.from()).equals("twice") && withGateway(row))
        .anySatisfy(row -> assertThat(row.reached()).isTrue());
  }

  @ParameterizedTest(name = "{0} to {1}")
  @CsvSource({
    "mixed/iso1, twice/iso1, false",
    "twice/iso1, twice/iso1+, false",
    "mixed/iso1, peer/iso1, false",
    "tags/tagged10, tags2/tagged10, false",
    "tags/tagged10, peer/tagged10, false",
    "mixed/plain1, peer/plain1, true",
    "tags/tagged11, tags2/tagged11, true"
  })
  void framesOfEveryKindGoWhereTheNetworkLetsThem(String from, String to, boolean open) {
    OddFrames.Sent sent =
        OddFrames.send(
            lab.gateway(),
            lab.guest(VM_IDS.get(vm(from))),
            VNICS.get(from).mac(),
            lab.guest(VM_IDS.get(vm(to))),
            VNICS.get(to).mac());
    if (open) {
      sent.allArrived();
    } else {
      sent.noneArrived();
    }
  }

  @Test
  void theKernelHasTheFlagOnIsolatedPortsAndOnNoOther() {
    for (LabHost host : lab.hosts()) {
      assertThat(host.ports())
          .isNotEmpty()
          .allSatisfy(
              port ->
                  assertThat(port.isolated())
                      .as("%s", port)
                      .isEqualTo(
                          LIST.stream()
                              .map(IsolatedBridge::bridge)
                              .anyMatch(bridge -> bridge.equals(port.bridge()))));
    }
  }
}
