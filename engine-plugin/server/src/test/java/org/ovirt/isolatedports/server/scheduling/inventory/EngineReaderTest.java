// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.scheduling.inventory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.ovirt.isolatedports.engine.EngineException;
import org.ovirt.isolatedports.scheduling.HostNetwork;
import org.ovirt.isolatedports.scheduling.NicPlace;
import org.ovirt.isolatedports.scheduling.ReportedHook;

/** Our reading of what a real engine said. */
class EngineReaderTest {

  private static final String HOST2 = "47d61100-4b71-41b2-9bbd-c522fd6b4a74";
  private static final String VM = "105ca784-7d7b-46c9-ba49-59c2f4cf8e18";
  private static final String CL48 = "45af8698-c893-4a20-be79-050b1145bfdb";
  private static final String ISO1 = "07de34ef-a256-4d44-8c57-929008db3283";
  private static final String ISO1_PROFILE = "0dd4809e-e59c-4093-b842-3d5baec291e2";

  private RecordedEngine engine;
  private EngineReader reader;

  @BeforeEach
  void start() throws Exception {
    engine = new RecordedEngine();
    reader = engine.reader(Duration.ofSeconds(20));
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
            new EngineReader.HostRead(
                HOST2, "host2", CL48, "up", "libvirt-9.0.0-1.el9", "RHEL", "9 - 2"))
        .hasSize(2);
  }

  @Test
  void hooksAndNetworksOfAHostAreReadAsTheHostHasThem() throws Exception {
    engine.answer("/hosts/" + HOST2 + "/hooks", "host-hooks.xml");
    engine.answer("/hosts/" + HOST2 + "/networkattachments", "host-networkattachments.xml");
    EngineReader.HostDetails details = reader.details(HOST2, true);
    assertThat(details.hooks())
        .containsExactly(
            new ReportedHook("isolated_ports", "status", "version=1.0;nft=yes"),
            new ReportedHook(
                "before_device_create", "60_isolated_ports", "0123456789abcdef0123456789abcdef"));
    assertThat(details.networks()).contains(new HostNetwork(ISO1, true, true));
    // The host still has its Linux bridges, but is wanted to have Open vSwitch.
    assertThat(reader.details(HOST2, false).networks())
        .contains(new HostNetwork(ISO1, true, false));
  }

  @Test
  void aNetworkThatHasNoBridgeOrIsOnOpenVswitchOnTheHostIsSeen() throws Exception {
    engine.answer("/hosts/" + HOST2 + "/hooks", "host-hooks.xml");
    String attachments = RecordedEngine.recorded("host-networkattachments.xml");
    engine.answerText(
        "/hosts/" + HOST2 + "/networkattachments", attachments.replace("LEGACY", "OVS"));
    assertThat(reader.details(HOST2, true).networks())
        .allMatch(network -> !network.linuxBridge())
        .isNotEmpty();
    engine.answerText(
        "/hosts/" + HOST2 + "/networkattachments",
        attachments.replaceAll(
            "<actual_value>true</actual_value>(\\s*<expected_value>true</expected_value>"
                + "\\s*<in_sync>true</in_sync>\\s*<name>bridged</name>)",
            "<actual_value>false</actual_value>$1"));
    assertThat(reader.details(HOST2, true).networks())
        .allMatch(network -> !network.bridged())
        .isNotEmpty();
  }

  @Test
  void networksProfilesAndClustersAreReadTogether() throws Exception {
    engine.answer("/networks", "cluster-networks.xml");
    engine.answer("/vnicprofiles", "vnicprofiles.xml");
    engine.answer("/clusters", "clusters.xml");
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
    EngineReader.Networks networks = reader.networks();
    assertThat(networks.isolated()).containsEntry(ISO1, "iso1").doesNotContainValue("plain1");
    assertThat(networks.names()).containsValue("plain1");
    assertThat(networks.profiles().get(ISO1_PROFILE))
        .isEqualTo(new NicPlace.OnNetwork(ISO1, "iso1", true, Optional.empty()));
    assertThat(networks.clusters()).hasSize(4);
    assertThat(networks.clusters().get(CL48).networkIds()).contains(ISO1);
    assertThat(networks.clusters().get(CL48).linuxBridge()).isTrue();
    assertThat(networks.clusters().get("c6c64aed-003b-4de1-b1c5-6976fcd77059"))
        .satisfies(
            ovs -> {
              assertThat(ovs.name()).isEqualTo("cl48ovs");
              assertThat(ovs.linuxBridge()).isFalse();
              assertThat(ovs.policyId()).contains("b4ed2332-a7ac-4d5f-9596-99a439cb2812");
            });
  }

  @Test
  void aVmIsReadInOneRoundTripWithOneLoginForAll() throws Exception {
    String path = "/vms/" + VM + "?follow=nics.vnic_profile.network";
    engine.answer(path, "vm-follow.xml");
    VmNics vm = reader.vm(VM, true).orElseThrow();
    assertThat(vm.name()).isEqualTo("vm1");
    assertThat(vm.clusterId()).isEqualTo(CL48);
    assertThat(vm.kind()).isEqualTo(VmNics.Kind.ORDINARY);
    assertThat(vm.nics().get(0))
        .isEqualTo(
            new VmNics.Nic(
                Optional.of(ISO1_PROFILE),
                Optional.of(new NicPlace.OnNetwork(ISO1, "iso1", true, Optional.empty()))));
    reader.vm(VM, true);
    assertThat(engine.requests()).containsExactly("GET " + path, "GET " + path);
    assertThat(engine.logins()).isEqualTo(1);
  }

  @Test
  void withoutNetworksOnlyTheProfilesAreKnown() throws Exception {
    engine.answer("/vms/" + VM + "?follow=nics", "vm-follow.xml");
    assertThat(reader.vm(VM, false).orElseThrow().nics().get(0))
        .isEqualTo(new VmNics.Nic(Optional.of(ISO1_PROFILE), Optional.empty()));
  }

  @Test
  void theHostedEngineVmIsKnownByItsOrigin() throws Exception {
    engine.answerText(
        "/vms/" + VM + "?follow=nics",
        RecordedEngine.recorded("vm-follow.xml")
            .replace("<origin>ovirt</origin>", "<origin>managed_hosted_engine</origin>"));
    assertThat(reader.vm(VM, false).orElseThrow().kind()).isEqualTo(VmNics.Kind.HOSTED_ENGINE);
  }

  @Test
  void aVmTheEngineDoesNotShowIsNone() {
    assertThat(reader.vm(VM, false)).isEmpty();
  }

  @Test
  void aTokenRefusedIsRenewedOnce() throws Exception {
    engine.answer("/hosts", "hosts.xml");
    reader.hosts();
    engine.forgetTokens();
    assertThat(reader.hosts()).hasSize(2);
    assertThat(engine.logins()).isEqualTo(2);
  }

  @ParameterizedTest
  @EnumSource(value = RecordedEngine.Fault.class, names = "NONE", mode = EnumSource.Mode.EXCLUDE)
  void anEngineThatMisbehavesIsNoAnswerAndEndsInTime(RecordedEngine.Fault fault) throws Exception {
    engine.answer("/vms/" + VM + "?follow=nics", "vm-follow.xml");
    EngineReader impatient = engine.reader(Duration.ofSeconds(3));
    impatient.vm(VM, false);
    engine.misbehave(fault);
    assertThatThrownBy(() -> impatient.vm(VM, false)).isInstanceOf(EngineException.class);
    engine.misbehave(RecordedEngine.Fault.NONE);
    assertThat(impatient.vm(VM, false)).isPresent();
  }

  /** In these the declaration's bytes are not those of ASCII, or are broken by shift sequences. */
  @ParameterizedTest
  @CsvSource({
    "UTF-8,      <!DOCTYPE",
    "UTF-16LE,   <!DOCTYPE",
    "UTF-16BE,   <!DOCTYPE",
    "UTF-16,     <!DOCTYPE",
    "UTF-32BE,   <!DOCTYPE",
    "IBM037,     <!DOCTYPE",
    "ISO-2022-JP,<!DOC\u001b(BTYPE"
  })
  void aDocumentTypeIsRefusedInWhateverEncodingItHides(String charset, String declaration)
      throws Exception {
    String vm = RecordedEngine.recorded("vm-follow.xml");
    String hostile =
        "<?xml version=\"1.0\" encoding=\""
            + charset
            + "\"?>"
            + declaration
            + " vm [<!ENTITY x \"expanded\">]>"
            + vm.substring(vm.indexOf("<vm ")).replace("<name>vm1</name>", "<name>&x;</name>");
    engine.answerBytes("/vms/" + VM + "?follow=nics", encoded(hostile, charset));
    assertThatThrownBy(() -> reader.vm(VM, false))
        .isInstanceOf(EngineException.class)
        .hasMessageMatching(".*(document type declaration|not XML in UTF-8).*");
  }

  /** ISO-2022-JP is written as it stands: its encoder would leave out the sequence that hides. */
  private static byte[] encoded(String text, String charset) {
    return text.getBytes(
        charset.startsWith("ISO-2022") ? StandardCharsets.US_ASCII : Charset.forName(charset));
  }

  @Test
  void anEventIsPostedWithOriginSeverityAndVm() throws Exception {
    engine.answer("POST /events", "event-added.xml");
    reader.post(new EngineEvent(EngineEvent.Severity.ERROR, "Why & what.", Optional.of(VM)));
    assertThat(engine.bodies().get(0))
        .contains("<origin>isolated-ports</origin>")
        .contains("<severity>error</severity>")
        .contains("<description>Why &amp; what.</description>")
        .contains("<vm id=\"" + VM + "\"")
        .containsPattern("<custom_id>[1-9][0-9]*</custom_id>");
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
}
