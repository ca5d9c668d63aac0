// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** VDSM's flows on a real libvirt: what hooks see and do, and what becomes of the kernel's flag. */
@Tag("root")
class VmLifecycleLabIT {

  private static final AtomicInteger NEXT_MAC = new AtomicInteger();

  private static Lab lab;
  private static LabHost a;
  private static LabHost b;

  @TempDir private Path hookDirectory;

  @BeforeAll
  static void startLab() {
    lab =
        Lab.builder()
            .hosts("a", "b")
            .network("iso1", "10.77.1.0/24")
            .network("plain1", "10.77.2.0/24")
            .vlanNetwork("tagged10", "10.77.10.0/24", 10)
            .vlanNetwork("tagged11", "10.77.11.0/24", 11)
            .start();
    a = lab.host("a");
    b = lab.host("b");
  }

  @AfterAll
  static void endLab() {
    if (lab != null) {
      lab.close();
    }
  }

  @AfterEach
  void tidy() {
    for (LabHost host : lab.hosts()) {
      host.running().forEach(host::destroy);
      host.removeHooks();
    }
  }

  private static DomainXml.Vnic vnic(String network) {
    return DomainXml.Vnic.on(network, "56:6f:11:22:02:%02x".formatted(NEXT_MAC.incrementAndGet()));
  }

  private TestHooks hooks() {
    return new TestHooks(hookDirectory);
  }

  private static Port port(LabHost host, DomainXml.Vnic vnic) {
    List<Port> ports = host.ports().stream().filter(port -> port.mac().equals(vnic.mac())).toList();
    assertThat(ports).hasSize(1);
    return ports.get(0);
  }

  /** A VM for those who look at its host alone: its guest boots no system. */
  private static DomainXml idle(String name) {
    return DomainXml.vm(name).idle();
  }

  @Test
  void startsTheDomainThatTheHooksLeave() {
    a.installHooks(
        hooks()
            .script("before_device_create", "50_who", "echo \"$(id -u) $flavour\" > /tmp/who")
            .script("before_device_create", "60_isolate", TestHooks.ISOLATE)
            .script("before_vm_start", "50_look", "cp \"$_hook_domxml\" /tmp/seen")
            .script("after_vm_start", "50_fails", "exit 2")
            .directory());
    DomainXml.Vnic vnic = vnic("iso1").withCustom("flavour", "sweet");

    String vmId = a.start(idle("vm").vnic(vnic).domain());

    assertThat(a.read("/tmp/who")).isEqualTo("36 sweet\n");
    assertThat(a.read("/tmp/seen")).contains("type=\"kvm\"", "<port isolated=\"yes\"/>");
    assertThat(port(a, vnic).isolated()).isTrue();
    assertThat(port(a, vnic).vmId()).contains(vmId);
    assertThat(a.liveXml(vmId)).contains("mac_address=\"" + vnic.mac() + "\"");
  }

  @Test
  void aRefusingHookStopsTheStart() {
    a.installHooks(
        hooks().script("before_vm_start", "50_refuse", "echo 'No room.' >&2; exit 2").directory());

    assertThatThrownBy(() -> a.start(idle("vm").vnic(vnic("iso1")).domain()))
        .isInstanceOf(HookRefused.class)
        .hasMessage("No room.");

    assertThat(a.running()).isEmpty();
    assertThat(a.ports()).isEmpty();
  }

  @Test
  void startsWhatARealEngineSends() {
    String vmId = a.start(Recorded.document("start.xml"));

    assertThat(a.ports()).hasSize(9).allMatch(port -> port.vmId().equals(Optional.of(vmId)));
    assertThat(a.ports())
        .filteredOn(Port::isolated)
        .hasSize(4)
        .allMatch(port -> port.bridge().equals("iso1"));
  }

  @Test
  void reportsWhatLibvirtRefuses() {
    assertThatThrownBy(() -> a.start(idle("vm").vnic(vnic("no-such-bridge")).domain()))
        .isInstanceOf(LabException.class)
        .hasMessageContaining("no-such-bridge");
  }

  @Test
  void plugsAndUnplugsAVnicThroughItsHooks() {
    DomainXml.Vnic first = vnic("plain1");
    DomainXml.Vnic second = vnic("iso1").withCustom("port_isolation", "true");
    String vmId = a.start(DomainXml.vm("vm").vnic(first).domain());
    Guest guest = lab.guest(vmId);
    a.installHooks(
        hooks().script("before_nic_hotplug", "50_isolate", TestHooks.ISOLATE).directory());

    a.hotplugNic(vmId, second.hotplug());

    assertThat(port(a, second).isolated()).isTrue();
    assertThat(a.liveXml(vmId)).contains("port_isolation>true<");
    assertThat(guest.awaitLeases(Duration.ofSeconds(90), List.of(second.mac())).get(second.mac()))
        .startsWith("10.77.1.");

    a.hotunplugNic(vmId, second.hotunplug());

    assertThat(a.ports()).extracting(Port::mac).containsExactly(first.mac());
    assertThat(a.liveXml(vmId)).doesNotContain("port_isolation");
    assertThat(guest.nics()).extracting(Station.Nic::mac).containsExactly(first.mac());
  }

  @Test
  void aRefusedHotplugMakesNoPort() {
    String vmId = a.start(idle("vm").vnic(vnic("plain1")).domain());
    a.installHooks(
        hooks().script("before_nic_hotplug", "50_no", "echo Never. >&2; exit 2").directory());

    assertThatThrownBy(() -> a.hotplugNic(vmId, vnic("iso1").hotplug()))
        .isInstanceOf(HookRefused.class)
        .hasMessage("Never.");

    assertThat(a.ports()).hasSize(1);
  }

  @Test
  void anUpdateWithoutHooksOpensTheVnic() {
    DomainXml.Vnic vnic = vnic("iso1");
    String vmId = a.start(idle("vm").vnic(vnic.withNativeIsolation()).domain());
    assertThat(port(a, vnic).isolated()).isTrue();

    a.updateNic(vmId, vnic.hotplug());

    assertThat(port(a, vnic).isolated()).isFalse();
  }

  @Test
  void aHookCanKeepAnUpdatedVnicIsolated() {
    DomainXml.Vnic vnic = vnic("iso1");
    String vmId = a.start(idle("vm").vnic(vnic.withNativeIsolation()).domain());
    a.installHooks(
        hooks().script("before_update_device", "50_isolate", TestHooks.ISOLATE).directory());

    a.updateNic(vmId, vnic.withLink(false).hotplug());

    assertThat(port(a, vnic).isolated()).isTrue();
    assertThat(a.liveXml(vmId)).contains("<link state=\"down\"/>");
  }

  /** As seen with a real VDSM: it writes its object of the vNIC before it takes the update over. */
  @Test
  void theMetadataSayWhatTheUpdateBeforeSaid() {
    DomainXml.Vnic vnic = vnic("plain1");
    String vmId = a.start(DomainXml.vm("vm").vnic(vnic).domain());

    a.updateNic(vmId, vnic.withBridge("iso1").withCustom("flavour", "sweet").hotplug());
    assertThat(a.liveXml(vmId)).doesNotContain("sweet").contains("network>plain1<");

    a.updateNic(vmId, vnic.withCustom("flavour", "bitter").hotplug());
    assertThat(a.liveXml(vmId)).contains("sweet", "network>iso1<").doesNotContain("bitter");

    assertThatThrownBy(() -> a.updateNicWithFailingMirroring(vmId, vnic.hotplug()))
        .isInstanceOf(LabException.class);
    assertThat(a.liveXml(vmId)).contains("sweet").doesNotContain("bitter");

    // Where it arrives, VDSM has nothing but the metadata to make its object from.
    lab.guest(vmId);
    a.migrate(vmId, b);
    b.updateNic(vmId, vnic.hotplug());
    assertThat(b.liveXml(vmId)).contains("sweet");
  }

  @Test
  void theRollbackOfARefusedUpdateOpensTheVnic() {
    DomainXml.Vnic vnic = vnic("iso1");
    String vmId = a.start(idle("vm").vnic(vnic.withNativeIsolation()).domain());
    a.installHooks(
        hooks()
            .script("before_update_device", "50_fails", "echo Broken. >&2; exit 1")
            .script("after_update_device_fail", "50_trace", "cp \"$_hook_domxml\" /tmp/failed")
            .directory());

    assertThatThrownBy(() -> a.updateNic(vmId, vnic.hotplug()))
        .isInstanceOf(HookRefused.class)
        .hasMessage("Broken.");

    assertThat(port(a, vnic).isolated()).isFalse();
    assertThat(a.read("/tmp/failed")).contains(vnic.mac()).doesNotContain("<port");
  }

  @Test
  void theRollbackAfterFailedMirroringOpensAVnicThatItsHookHadIsolated() {
    DomainXml.Vnic vnic = vnic("iso1");
    String vmId = a.start(idle("vm").vnic(vnic.withNativeIsolation()).domain());
    a.installHooks(
        hooks().script("before_update_device", "50_isolate", TestHooks.ISOLATE).directory());

    assertThatThrownBy(() -> a.updateNicWithFailingMirroring(vmId, vnic.hotplug()))
        .isInstanceOf(LabException.class);

    assertThat(port(a, vnic).isolated()).isFalse();
  }

  @Test
  void migratesARunningGuestWithItsFlagAndItsCounts() {
    DomainXml.Vnic vnic = vnic("iso1").withNativeIsolation().withCustom("port_isolation", "true");
    String vmId = a.start(DomainXml.vm("vm").vnic(vnic).domain());
    b.installHooks(
        hooks()
            .script("before_vm_migrate_destination", "50_see", "cp \"$_hook_domxml\" /tmp/incoming")
            .script("before_device_migrate_destination", "50_env", "env > /tmp/incoming-env")
            .directory());
    Guest guest = lab.guest(vmId);
    guest.awaitLeases(Duration.ofSeconds(90), List.of(vnic.mac()));
    guest.run("echo kept > /run/marker");
    long counted = guest.counts().stream().mapToLong(FrameCount::frames).sum();

    a.migrate(vmId, b);

    assertThat(a.running()).isEmpty();
    assertThat(a.ports()).isEmpty();
    assertThat(port(b, vnic).isolated()).isTrue();
    assertThat(guest.host()).isSameAs(b);
    assertThat(guest.run("cat /run/marker")).isEqualTo("kept");
    assertThat(guest.counts().stream().mapToLong(FrameCount::frames).sum())
        .isGreaterThanOrEqualTo(counted);
    assertThat(lab.reachability("iso1", vmId).row("vm", Reachability.GATEWAY).reached()).isTrue();
    assertThat(b.read("/tmp/incoming")).contains(vnic.mac());
    assertThat(b.read("/tmp/incoming-env")).contains("port_isolation=true");
  }

  @Test
  void theDestinationsHooksCanRefuseAMigration() {
    String vmId = a.start(idle("vm").vnic(vnic("iso1")).domain());
    b.installHooks(
        hooks()
            .script("before_vm_migrate_destination", "50_no", "echo Unfit. >&2; exit 2")
            .directory());

    assertThatThrownBy(() -> a.migrate(vmId, b))
        .isInstanceOf(HookRefused.class)
        .hasMessage("Unfit.");

    assertThat(a.running()).containsExactly(vmId);
    assertThat(b.running()).isEmpty();
  }

  @Test
  void hibernatesAndResumesAGuest() {
    DomainXml.Vnic vnic = vnic("iso1").withNativeIsolation();
    String vmId = a.start(DomainXml.vm("vm").vnic(vnic).domain());
    lab.guest(vmId).run("echo kept > /run/marker");

    a.hibernate(vmId);

    assertThat(a.running()).isEmpty();
    a.installHooks(
        hooks()
            .script("before_vm_dehibernate", "50_env", "echo \"$FROM_SNAPSHOT\" > /tmp/dehibernate")
            .directory());
    a.resume(vmId);

    assertThat(port(a, vnic).isolated()).isTrue();
    assertThat(lab.guest(vmId).run("cat /run/marker")).isEqualTo("kept");
    assertThat(a.read("/tmp/dehibernate")).isEqualTo("False\n");
  }

  @Test
  void libvirtsOwnHooksWorkOnEachHostByItself() {
    TestHooks installer =
        hooks()
            .file(
                "install.sh",
                """
                mkdir -p "$1/etc/libvirt/hooks/qemu.d"
                cp "$(dirname "$0")/trace" "$1/etc/libvirt/hooks/qemu.d/10_trace"
                """)
            .file("trace", "echo \"$2 $3\" >> /tmp/libvirt-hook");
    a.installHooks(installer.directory());
    b.run("rm", "-f", "/tmp/libvirt-hook");

    a.start(idle("vm-on-a").vnic(vnic("iso1")).domain());
    b.start(idle("vm-on-b").vnic(vnic("iso1")).domain());

    assertThat(a.read("/tmp/libvirt-hook")).contains("prepare begin", "started begin");
    assertThatThrownBy(() -> b.read("/tmp/libvirt-hook")).isInstanceOf(LabException.class);
  }

  @Test
  void guestsOutliveLibvirtd() {
    DomainXml.Vnic vnic = vnic("iso1").withNativeIsolation();
    String vmId = a.start(DomainXml.vm("vm").vnic(vnic).domain());
    lab.guest(vmId).run("echo kept > /run/marker");

    a.restartLibvirtd();

    assertThat(a.running()).containsExactly(vmId);
    assertThat(port(a, vnic).isolated()).isTrue();
    assertThat(lab.guest(vmId).run("cat /run/marker")).isEqualTo("kept");
  }

  @Test
  void aRebootEndsGuestsAndKeepsTheDisk() {
    a.isolatedBridges(
        List.of(new IsolatedBridge("iso1", "2b7c3f55-7f0c-4e3e-9d1c-000000000001", "iso1")));
    a.run("touch", "/tmp/gone");
    String domain = DomainXml.vm("vm").vnic(vnic("iso1")).domain();
    a.start(domain);

    a.reboot();

    assertThat(a.running()).isEmpty();
    assertThat(a.ports()).isEmpty();
    assertThatThrownBy(() -> a.read("/tmp/gone")).isInstanceOf(LabException.class);
    assertThat(a.read("/var/lib/isolated-ports/networks.json"))
        .isEqualTo(
            "{\"version\":1,\"networks\":[{\"bridge\":\"iso1\","
                + "\"network\":\"2b7c3f55-7f0c-4e3e-9d1c-000000000001\",\"name\":\"iso1\"}]}");
    String vmId = a.start(domain);
    assertThat(lab.reachability("iso1", vmId).row("vm", Reachability.GATEWAY).reached()).isTrue();
  }

  @Test
  void vlansOfOneUplinkAreSeparateNetworksWithTheirOwnProtection() throws Exception {
    DomainXml.Vnic a10 = vnic("tagged10");
    DomainXml.Vnic a11 = vnic("tagged11");
    DomainXml.Vnic b10 = vnic("tagged10");
    DomainXml.Vnic b11 = vnic("tagged11");
    String onA = a.start(DomainXml.vm("on-a").vnic(a10).vnic(a11).domain());
    String onB = b.start(DomainXml.vm("on-b").vnic(b10).vnic(b11).domain());
    lab.switchPortsProtected("tagged10", true);
    CompletableFuture<String> captured =
        CompletableFuture.supplyAsync(
            () ->
                a.run("timeout", "90", "tcpdump", "-nec", "1", "-i", "trunk", "vlan 11 and icmp"));

    Map<String, Boolean> across =
        lab.networks().stream()
            .map(LabNetwork::name)
            .filter(name -> name.startsWith("tagged"))
            .collect(
                Collectors.toMap(
                    name -> name,
                    name -> lab.reachability(name, onA, onB).row("on-a", "on-b").reached()));

    assertThat(across).isEqualTo(Map.of("tagged10", false, "tagged11", true));
    assertThat(captured.get()).contains("vlan 11");
  }

  @Test
  void reportsVersionsAndTheChecksumsOfHooks() {
    a.installHooks(
        hooks()
            .script("before_vm_start", "50_nothing", "exit 0")
            .script(
                "after_get_caps",
                "50_add",
                "sed -i 's|\"hooks\":{|\"hooks\":{\"ours\":{\"status\":{\"checksum\":\"fit\"}},|'"
                    + " \"$_hook_json\"")
            .directory());

    Capabilities capabilities = a.capabilities();

    assertThat(capabilities.libvirt()).get().asString().matches("\\d+\\.\\d+\\.\\d+");
    assertThat(capabilities.kernel()).isEqualTo(System.getProperty("os.version"));
    assertThat(capabilities.hooks().get("before_vm_start").get("50_nothing"))
        // printf '#!/bin/sh\nexit 0\n' | sha256sum
        .isEqualTo(
            Map.of("checksum", "306c6ca7407560340797866e077e053627ad409277d1b9da58106fce4cf717cb"));
    assertThat(capabilities.hooks().get("ours"))
        .isEqualTo(Map.of("status", Map.of("checksum", "fit")));
  }
}
