// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.ovirt.isolatedports.lab.DomainXml.Vnic;

/**
 * Every event of a vNIC's life against a real libvirt and real guests; after each the flag is read
 * back from the kernel. The engine here knows nothing of isolation: it comes from the property or
 * from the host's list alone.
 */
class HostEventsLabIT extends TwoHosts {

  private static final String LIST_FILE = "/var/lib/isolated-ports/networks.json";
  private static final String ABILITIES = "/var/lib/isolated-ports/abilities.json";
  private static final String LIST_JSON =
      """
      {"version": 1, "networks": [{"bridge": "iso1", "network": "1", "name": "iso1"}]}
      """;

  @Test
  void aStartIsolatesByListAndByPropertyAndLeavesOthersOpen() {
    Vnic byList = vnic("iso1");
    Vnic byProperty = vnic("plain1").withCustom(PROPERTY, "true");
    Vnic plain = vnic("plain1");
    Vnic nativeOne = vnic("plain1").withNativeIsolation();
    start(a, byList, byProperty, plain, nativeOne);
    assertThat(a.isolated(byList)).isTrue();
    assertThat(a.isolated(byProperty)).isTrue();
    assertThat(a.isolated(nativeOne)).isTrue();
    assertThat(a.isolated(plain)).isFalse();
  }

  @Test
  void aRoleStartsIsolatedWhereTheHostCanHoldAPortToItAndIsRefusedElsewhere() {
    knowsItsKernel();
    Vnic role = vnic("iso1").withCustom(PROPERTY, "community:blue");
    String vmId = start(a, role);
    assertThat(a.isolated(role)).isTrue();
    a.host().destroy(vmId);
    a.host().run("mv", ABILITIES, ABILITIES + ".away");
    try {
      DomainXml vm = vm(vnic("iso1").withCustom(PROPERTY, "community:blue"));
      assertThatThrownBy(() -> a.host().start(vm.domain()))
          .isInstanceOf(HookRefused.class)
          .hasMessageContaining("community")
          .hasMessageContaining("iso1");
      assertThat(a.host().running()).isEmpty();
    } finally {
      a.host().run("mv", ABILITIES + ".away", ABILITIES);
    }
  }

  /** The service tries out what nftables can do, and keeps it for the hooks. */
  private void knowsItsKernel() {
    a.host()
        .run("sh", "-c", "timeout 120 sh -c 'until [ -s " + ABILITIES + " ]; do sleep 0.1; done'");
  }

  @Test
  void aVmLevelPropertyOfTheSameNameLoosensNothing() {
    knowsItsKernel();
    for (String hostile : List.of("isolated", "promiscuous")) {
      Vnic isolated = vnic("plain1").withCustom(PROPERTY, "true");
      a.host().start(vm(isolated).custom(PROPERTY, hostile).domain());
      assertThat(a.isolated(isolated)).as(hostile).isTrue();
    }
  }

  @Test
  void hotPlugIsolatesAlsoWithAProfileThatCarriesNothingYet() {
    String vmId = boot(a, vnic("plain1"));
    Vnic byList = vnic("iso1");
    Vnic byProperty = vnic("plain1").withCustom(PROPERTY, "isolated");
    Vnic plain = vnic("plain1");
    for (Vnic vnic : List.of(byList, byProperty, plain)) {
      a.host().hotplugNic(vmId, vnic.hotplug());
    }
    assertThat(a.isolated(byList)).isTrue();
    assertThat(a.isolated(byProperty)).isTrue();
    assertThat(a.isolated(plain)).isFalse();

    Vnic refused = vnic("iso1").withCustom(PROPERTY, "nonsense");
    assertThatThrownBy(() -> a.host().hotplugNic(vmId, refused.hotplug()))
        .isInstanceOf(HookRefused.class);
    assertThat(a.port(refused)).isEmpty();

    a.host().hotunplugNic(vmId, byList.hotunplug());
    assertThat(a.port(byList)).isEmpty();
    assertThat(a.isolated(byProperty)).isTrue();
  }

  @Test
  void linkChangesKeepTheIsolation() {
    Vnic byList = vnic("iso1");
    Vnic byProperty = vnic("plain1").withCustom(PROPERTY, "true");
    String vmId = start(a, byList, byProperty);
    for (boolean up : new boolean[] {false, true}) {
      for (Vnic vnic : List.of(byList, byProperty)) {
        a.host().updateNic(vmId, vnic.withLink(up).hotplug());
        assertThat(a.isolated(vnic)).isTrue();
      }
    }
  }

  @Test
  void aNetworkChangeIsolatesOnTheWayInAndOpensOnTheWayOut() {
    Vnic vnic = vnic("plain1");
    String vmId = start(a, vnic);
    a.host().updateNic(vmId, vnic.withBridge("iso1").hotplug());
    assertThat(a.isolated(vnic)).isTrue();
    a.host().updateNic(vmId, vnic.hotplug());
    a.await(vnic, false);
  }

  @Test
  void aProfileChangeIsolatesOrOpensARunningNic() {
    Vnic vnic = vnic("plain1");
    String vmId = start(a, vnic);
    a.host().updateNic(vmId, vnic.withCustom(PROPERTY, "true").hotplug());
    assertThat(a.isolated(vnic)).isTrue();
    a.host().updateNic(vmId, vnic.withCustom(PROPERTY, "community:x").hotplug());
    assertThat(a.isolated(vnic)).isTrue();
    a.host().updateNic(vmId, vnic.hotplug());
    a.await(vnic, false);
  }

  @Test
  void vdsmsRollbackIsMended() {
    Vnic byList = vnic("iso1");
    Vnic byProperty = vnic("plain1").withCustom(PROPERTY, "true");
    String vmId = start(a, byList, byProperty);
    a.await(byProperty, true);
    for (Vnic vnic : List.of(byList, byProperty)) {
      assertThatThrownBy(() -> a.host().updateNicWithFailingMirroring(vmId, vnic.hotplug()))
          .isInstanceOf(LabException.class);
      a.await(vnic, true);
    }
  }

  @Test
  void aNicChangedByHandAndAReEnslavedTapAreMended() {
    Vnic vnic = vnic("iso1");
    start(a, vnic);
    String tap = a.port(vnic).orElseThrow().device();
    a.host().run("ip", "link", "set", tap, "type", "bridge_slave", "isolated", "off");
    a.await(vnic, true);
    a.host().run("ip", "link", "set", tap, "nomaster");
    a.host().run("ip", "link", "set", tap, "master", "iso1");
    a.await(vnic, true);
  }

  @Test
  void withoutTheWatchStatusTellsAndRepairMends() {
    Vnic vnic = vnic("iso1");
    start(a, vnic);
    a.killWatch();
    try {
      String tap = a.port(vnic).orElseThrow().device();
      a.host().run("ip", "link", "set", tap, "type", "bridge_slave", "isolated", "off");
      assertThat(a.status()).isEqualTo(1);
      assertThat(a.host().read("/run/lab/status")).contains(tap).contains("1 not as wanted");
      a.host().run("/usr/sbin/isolated-ports-host", "repair");
      assertThat(a.isolated(vnic)).isTrue();
      assertThat(a.status()).isEqualTo(1);
      assertThat(a.host().read("/run/lab/status"))
          .contains("0 not as wanted")
          .contains("systemctl restart isolated-ports-host");
    } finally {
      a.startWatch();
    }
    assertThat(a.status()).isZero();
  }

  @Test
  void migrationKeepsAndBringsIsolation() {
    Vnic byList = vnic("iso1");
    Vnic byProperty = vnic("plain1").withCustom(PROPERTY, "true");
    Vnic plain = vnic("plain1");
    String vmId = boot(a, byList, byProperty, plain);
    a.host().migrate(vmId, b.host());
    assertThat(b.isolated(byList)).isTrue();
    assertThat(b.isolated(byProperty)).isTrue();
    assertThat(b.isolated(plain)).isFalse();
  }

  @Test
  void aVmThatCameUpOpenOnABareHostArrivesIsolated() {
    Vnic vnic = vnic("iso1");
    String vmId = openOnA(vnic);
    assertThat(a.isolated(vnic)).isFalse();
    a.host().migrate(vmId, b.host());
    assertThat(b.isolated(vnic)).isTrue();
    a.install(LIST).startWatch();
  }

  @Test
  void aVmSavedOpenResumesIsolated() {
    Vnic vnic = vnic("iso1");
    String vmId = openOnA(vnic);
    a.host().hibernate(vmId);
    a.install(LIST).startWatch();
    a.host().resume(vmId);
    assertThat(a.isolated(vnic)).isTrue();
  }

  /** Starts a VM on a host without the product: its NIC is open. */
  private String openOnA(Vnic vnic) {
    a.killWatch();
    a.host().removeHooks();
    return boot(a, vnic);
  }

  @Test
  void aDomainThatWouldStartOpenPastVdsmIsVetoed() {
    Vnic vnic = vnic("iso1");
    String vmId = openOnA(vnic);
    String open = a.host().liveXml(vmId);
    a.host().destroy(vmId);
    a.install(LIST).startWatch();
    a.host().write("/run/lab/open.xml", open);
    assertThatThrownBy(() -> a.host().run("virsh", "create", "/run/lab/open.xml"))
        .isInstanceOf(LabException.class)
        .hasMessageContaining("would start with it open");
    assertThat(a.host().running()).isEmpty();
  }

  @Test
  void restartsOfLibvirtdAndOfTheWatchOpenNothing() {
    Vnic vnic = vnic("iso1");
    String vmId = start(a, vnic);
    a.host().restartLibvirtd();
    assertThat(a.isolated(vnic)).isTrue();
    a.killWatch();
    assertThat(a.isolated(vnic)).isTrue();
    a.startWatch();
    a.host().updateNic(vmId, vnic.withLink(false).hotplug());
    assertThat(a.isolated(vnic)).isTrue();
  }

  @Test
  void afterARebootIsolatedVmsComeUpIsolatedAndTheHostedEngineComesUp() {
    b.host().reboot();
    b.startWatch();
    Vnic isolated = vnic("iso1");
    Vnic management = vnic("plain1");
    DomainXml engine = DomainXml.vm("HostedEngine").vnic(management);
    b.host().write("/etc/ovirt-hosted-engine/hosted-engine.conf", "vmid=" + engine.vmId() + "\n");
    b.host().start(engine.domain());
    start(b, isolated);
    assertThat(b.isolated(isolated)).isTrue();
    assertThat(b.isolated(management)).isFalse();
    b.host().run("rm", "/etc/ovirt-hosted-engine/hosted-engine.conf");
  }

  @Test
  void aDamagedListIsMendedByTheWatch() {
    a.host().write(LIST_FILE, "{\"version\": 1, \"netw");
    Poll.until(
        Duration.ofSeconds(90),
        () -> a.host().read(LIST_FILE).contains("iso1"),
        () -> "The list was not written anew.");
    Vnic vnic = vnic("iso1");
    start(a, vnic);
    assertThat(a.isolated(vnic)).isTrue();
  }

  @Test
  void withADamagedListNothingOpensAndNothingNewStartsOnItsBridges() {
    Vnic running = vnic("iso1");
    start(a, running);
    a.killWatch();
    a.host().write(LIST_FILE, "{\"version\": 1, \"netw");
    a.startWatch();
    try {
      assertThat(a.isolated(running)).isTrue();
      assertThat(a.status()).isEqualTo(1);
      assertThat(report(a)).contains(";list=damaged;");
      Vnic byProperty = vnic("iso1").withCustom(PROPERTY, "true");
      Vnic byElement = vnic("iso1").withNativeIsolation();
      String vmId = start(a, byProperty, byElement, vnic("plain1"));
      assertThat(a.isolated(byProperty)).isTrue();
      assertThat(a.isolated(byElement)).isTrue();
      DomainXml byList = vm(vnic("iso1"));
      assertThatThrownBy(() -> a.host().start(byList.domain()))
          .isInstanceOf(HookRefused.class)
          .hasMessageContaining("networks set");
      Vnic plugged = vnic("iso1");
      assertThatThrownBy(() -> a.host().hotplugNic(vmId, plugged.hotplug()))
          .isInstanceOf(HookRefused.class);
      assertThat(a.port(plugged)).isEmpty();
      // Without a list an update keeps a port as isolated as it is.
      a.host().updateNic(vmId, vnicWithout(byElement).hotplug());
      assertThat(a.isolated(byElement)).isTrue();
    } finally {
      a.host().write("/run/lab/list.json", LIST_JSON);
      a.host()
          .run("/usr/sbin/isolated-ports-host", "networks", "set", "--json", "/run/lab/list.json");
    }
    Vnic byList = vnic("iso1");
    start(a, byList);
    assertThat(a.isolated(byList)).isTrue();
  }

  @Test
  void aLibvirtdThatIsStoppedHoldsUpNothing() {
    Vnic byList = vnic("iso1");
    Vnic byProperty = vnic("plain1").withCustom(PROPERTY, "true");
    start(a, byList, byProperty);
    a.host().write("/run/lab/list.json", LIST_JSON);
    a.killWatch();
    String tap = a.port(byProperty).orElseThrow().device();
    a.host().run("ip", "link", "set", tap, "type", "bridge_slave", "isolated", "off");
    a.host().run("sh", "-c", "kill -STOP $(pidof libvirtd)");
    try {
      // Each has five seconds for libvirtd, then its status files serve.
      assertThat(bounded("status")).isEqualTo(1);
      assertThat(bounded("repair")).isZero();
      assertThat(flag(tap)).isEqualTo("1");
      assertThat(bounded("networks set --json /run/lab/list.json")).isZero();
      a.startWatch();
      a.host().run("ip", "link", "set", tap, "type", "bridge_slave", "isolated", "off");
      Poll.until(
          Duration.ofSeconds(90),
          () -> flag(tap).equals("1"),
          () -> "A watch that started beside a stopped libvirtd does not know the property.");
      assertThat(bounded("status")).isZero();
    } finally {
      a.host().run("sh", "-c", "kill -CONT $(pidof libvirtd)");
    }
  }

  /** A port's flag, without a question to libvirt. */
  private String flag(String tap) {
    return a.host().run("cat", "/sys/class/net/" + tap + "/brport/isolated").strip();
  }

  /** Exit code of a command of the host; 124 where it takes longer than a busy machine explains. */
  private int bounded(String command) {
    return Integer.parseInt(
        a.host()
            .run(
                "sh",
                "-c",
                "timeout 120 /usr/sbin/isolated-ports-host %s > /run/lab/said 2>&1; echo $?"
                    .formatted(command))
            .strip());
  }

  @Test
  void ordinaryStartsRaiseNoAlarmAndARollbackDoes() {
    a.killWatch();
    a.startWatch();
    Vnic vnic = vnic("iso1");
    String vmId = start(a, vnic);
    for (int i = 0; i < 2; i++) {
      start(a, vnic("iso1"), vnic("iso1"), vnic("plain1").withCustom(PROPERTY, "true"));
    }
    Vnic plugged = vnic("iso1");
    a.host().hotplugNic(vmId, plugged.hotplug());
    a.await(plugged, true);
    a.host().updateNic(vmId, plugged.withLink(false).hotplug());
    assertThat(a.status()).isZero();
    assertThat(a.watchLog()).doesNotContain("was open");
    assertThatThrownBy(() -> a.host().updateNicWithFailingMirroring(vmId, vnic.hotplug()))
        .isInstanceOf(LabException.class);
    a.await(vnic, true);
    Poll.until(
        Duration.ofSeconds(90),
        () -> a.watchLog().contains("was open and is isolated again"),
        () -> "The watch does not say that it closed a port: " + a.watchLog());
  }

  /** As an engine that knows no isolation sends it. */
  private static Vnic vnicWithout(Vnic vnic) {
    return new Vnic(vnic.alias(), vnic.bridge(), vnic.mac(), Map.of(), false, true);
  }

  @Test
  void macsThatDifferInTheFirstByteOrStartWithFeAreToldApart() {
    Vnic isolated = Vnic.on("plain1", "52:54:00:12:34:56").withCustom(PROPERTY, "true");
    Vnic twin = Vnic.on("plain1", "56:54:00:12:34:56");
    Vnic fe = Vnic.on("plain1", "fe:54:00:12:34:57").withCustom(PROPERTY, "true");
    Vnic fa = Vnic.on("plain1", "fa:54:00:12:34:57");
    start(a, isolated, twin, fe, fa);
    for (Vnic vnic : List.of(isolated, fe)) {
      String tap = a.port(vnic).orElseThrow().device();
      a.host().run("ip", "link", "set", tap, "type", "bridge_slave", "isolated", "off");
      a.await(vnic, true);
    }
    assertThat(a.isolated(twin)).isFalse();
    assertThat(a.isolated(fa)).isFalse();
  }

  @Test
  void theHostReportsItselfThroughItsCapabilities() {
    assertThat(report(a))
        .startsWith("version=1.0;list=ok;watch=yes;filter=yes;libvirt=9.0.0;kernel=")
        .containsPattern(";nft=yes;ct=(yes|no);ibrname=(yes|no);reject=(yes|no)$");
    assertThat(a.host().capabilities().hooks().get("before_vm_start"))
        .containsKey("60_isolated_ports");
  }

  @Test
  void aWatchThatDoesNotAnswerIsReportedAsNone() {
    a.signalWatch("STOP");
    try {
      assertThat(report(a)).contains(";watch=no;");
    } finally {
      a.signalWatch("CONT");
    }
    Poll.until(
        Duration.ofSeconds(90),
        () -> report(a).contains(";watch=yes;"),
        () -> "A watch that goes on is not reported: " + report(a));
  }

  private static String report(HookedHost host) {
    return host.host().capabilities().hooks().get("isolated_ports").get("status").get("checksum");
  }
}
