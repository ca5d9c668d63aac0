// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.ovirt.isolatedports.inventory.HostAttachment;
import org.ovirt.isolatedports.inventory.Stated;
import org.ovirt.isolatedports.inventory.SwitchType;
import org.ovirt.isolatedports.inventory.VmWithVnics;
import org.ovirt.isolatedports.inventory.WatchedCluster;
import org.ovirt.isolatedports.inventory.WatchedHost;
import org.ovirt.isolatedports.scheduling.ReportedHook;

/** Our reading of what a real engine said. */
class EngineReaderTest {

  private static final String HOST2 = "47d61100-4b71-41b2-9bbd-c522fd6b4a74";
  private static final String CL48 = "45af8698-c893-4a20-be79-050b1145bfdb";
  private static final String ISO1 = "07de34ef-a256-4d44-8c57-929008db3283";
  private static final String ISO1_PROFILE = "0dd4809e-e59c-4093-b842-3d5baec291e2";

  private RecordedEngine engine;
  private EngineReader reader;

  @BeforeEach
  void start() throws Exception {
    engine = new RecordedEngine();
    reader = new EngineReader(engine.engine(Duration.ofSeconds(20)));
  }

  @AfterEach
  void stop() {
    engine.close();
  }

  @Test
  void hostsAreReadWithTheirVersionsAsReported() throws Exception {
    engine.answer("/hosts", "hosts.xml");
    assertThat(reader.hosts())
        .contains(
            new WatchedHost(
                HOST2, "host2", "127.0.0.2", CL48, "up", "libvirt-9.0.0-1.el9", "RHEL", "9 - 2"))
        .hasSize(2);
  }

  @Test
  void hooksAndNetworksOfAHostAreReadAsTheHostHasThem() throws Exception {
    engine.answer("/hosts/" + HOST2 + "/hooks", "host-hooks.xml");
    engine.answer("/hosts/" + HOST2 + "/networkattachments", "host-networkattachments.xml");
    assertThat(reader.hooks(HOST2))
        .containsExactly(
            new ReportedHook("isolated_ports", "status", "version=1.0;nft=yes"),
            new ReportedHook(
                "before_device_create", "60_isolated_ports", "0123456789abcdef0123456789abcdef"));
    // The host still has its Linux bridges, but is wanted to have Open vSwitch.
    assertThat(reader.attachments(HOST2))
        .contains(new HostAttachment(ISO1, Stated.YES, Optional.of(SwitchType.LINUX_BRIDGE)));
  }

  @Test
  void aNetworkThatHasNoBridgeOrIsOnOpenVswitchOnTheHostIsSeen() throws Exception {
    String attachments = RecordedEngine.recorded("host-networkattachments.xml");
    engine.answerText(
        "/hosts/" + HOST2 + "/networkattachments", attachments.replace("LEGACY", "OVS"));
    assertThat(reader.attachments(HOST2))
        .allMatch(network -> network.switchType().equals(Optional.of(SwitchType.OVS)))
        .isNotEmpty();
    engine.answerText(
        "/hosts/" + HOST2 + "/networkattachments",
        attachments.replaceAll(
            "<actual_value>true</actual_value>(\\s*<expected_value>true</expected_value>"
                + "\\s*<in_sync>true</in_sync>\\s*<name>bridged</name>)",
            "<actual_value>false</actual_value>$1"));
    assertThat(reader.attachments(HOST2))
        .allMatch(network -> network.bridged() == Stated.NO)
        .isNotEmpty();
  }

  @Test
  void networksProfilesAndClustersAreRead() throws Exception {
    engine.answer("/networks", "cluster-networks.xml");
    engine.answer("/vnicprofiles", "vnicprofiles.xml");
    engine.answer("/clusters?follow=networks", "clusters.xml");
    String[] clusterIds = {
      "bccf0004-e5e6-11f1-92ae-02fc00000001",
      "788f90c0-328f-4eff-a241-d86d33e9a85f",
      CL48,
      "c6c64aed-003b-4de1-b1c5-6976fcd77059"
    };
    for (String id : clusterIds) {
      engine.answerText("/clusters/" + id + "/networks", "<networks/>");
    }
    engine.answer("/clusters/" + CL48 + "/networks", "cluster-networks.xml");
    assertThat(reader.networks())
        .anySatisfy(
            network -> {
              assertThat(network.id()).hasToString(ISO1);
              assertThat(network.name()).isEqualTo("iso1");
              assertThat(network.portIsolation()).contains(true);
            })
        .anySatisfy(
            network -> {
              assertThat(network.name()).isEqualTo("plain1");
              assertThat(network.portIsolation()).contains(false);
            });
    assertThat(reader.profiles())
        .filteredOn(profile -> profile.id().equals(ISO1_PROFILE))
        .singleElement()
        .satisfies(
            profile -> {
              assertThat(profile.networkId()).isEqualTo(ISO1);
              assertThat(profile.property()).isEmpty();
            });
    Map<String, WatchedCluster> clusters =
        reader.clusters().stream()
            .collect(Collectors.toMap(each -> each.cluster().id(), each -> each));
    assertThat(clusters).hasSize(4);
    assertThat(clusters.get(CL48).attached()).containsKey(ISO1);
    assertThat(clusters.get(CL48).cluster().switchType()).isEqualTo(SwitchType.LINUX_BRIDGE);
    assertThat(clusters.get("c6c64aed-003b-4de1-b1c5-6976fcd77059"))
        .satisfies(
            ovs -> {
              assertThat(ovs.cluster().name()).isEqualTo("cl48ovs");
              assertThat(ovs.cluster().switchType()).isEqualTo(SwitchType.OVS);
              assertThat(ovs.schedulingPolicyId()).contains("b4ed2332-a7ac-4d5f-9596-99a439cb2812");
            });
  }

  @Test
  void aTokenRefusedIsRenewedOnce() throws Exception {
    engine.answer("/hosts", "hosts.xml");
    reader.hosts();
    engine.forgetTokens();
    assertThat(reader.hosts()).hasSize(2);
    assertThat(engine.logins()).isEqualTo(2);
  }

  @Test
  void theFilterIsFoundByNameAmongTheEnginesOwn() throws Exception {
    String units = RecordedEngine.recorded("schedulingpolicyunits.xml");
    engine.answerText("/schedulingpolicyunits", units);
    assertThat(reader.filter(Set.of("p")).enabled()).isEmpty();
    String withOurs = units.replace("<name>lab_filter</name>", "<name>isolated_ports</name>");
    engine.answerText("/schedulingpolicyunits", withOurs);
    engine.answer("/schedulingpolicies/p/filters", "policy-filters.xml");
    engine.answerText("/schedulingpolicies/q/filters", "<filters/>");
    EngineReader.FilterRead read = reader.filter(List.of("p", "q"));
    assertThat(read.enabled()).contains(true);
    assertThat(read.policyIds()).containsExactly("p");
  }

  @Test
  void aVmIsReadWithTheMacsOfItsVnics() throws Exception {
    String vm = "105ca784-7d7b-46c9-ba49-59c2f4cf8e18";
    engine.answer("/vms/" + vm + "?follow=nics", "vm-follow.xml");
    assertThat(reader.placedVm(vm).orElseThrow())
        .satisfies(
            read -> {
              assertThat(read.name()).isEqualTo("vm1");
              assertThat(read.status()).isEqualTo("down");
              assertThat(read.hostId()).isEmpty();
              assertThat(read.vnics().get(0))
                  .isEqualTo(
                      new VmWithVnics.Vnic(
                          "32b3e569-2c91-482e-b8c0-fd4fe84f8655",
                          "nic1",
                          Optional.of("56:6f:11:22:00:00"),
                          Optional.of(ISO1_PROFILE),
                          true,
                          true));
            });
  }
}
