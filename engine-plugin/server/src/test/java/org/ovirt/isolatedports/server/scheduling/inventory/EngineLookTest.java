// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.scheduling.inventory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.ovirt.isolatedports.engine.EngineException;
import org.ovirt.isolatedports.inventory.VmKind;
import org.ovirt.isolatedports.scheduling.NicPlace;
import org.ovirt.isolatedports.server.engine.RecordedEngine;

/** Looks at single VMs, at what a real engine said of one. */
class EngineLookTest {

  private static final String VM = "105ca784-7d7b-46c9-ba49-59c2f4cf8e18";
  private static final String CL48 = "45af8698-c893-4a20-be79-050b1145bfdb";
  private static final String ISO1 = "07de34ef-a256-4d44-8c57-929008db3283";
  private static final String ISO1_PROFILE = "0dd4809e-e59c-4093-b842-3d5baec291e2";

  private RecordedEngine engine;
  private EngineLook reader;

  @BeforeEach
  void start() throws Exception {
    engine = new RecordedEngine();
    reader = new EngineLook(engine.engine(Duration.ofSeconds(20)));
  }

  @AfterEach
  void stop() {
    engine.close();
  }

  @Test
  void aVmIsReadInOneRoundTripWithOneLoginForAll() throws Exception {
    String path = "/vms/" + VM + "?follow=nics.vnic_profile.network";
    engine.answer(path, "vm-follow.xml");
    VmNics vm = reader.vm(VM, true).orElseThrow();
    assertThat(vm.name()).isEqualTo("vm1");
    assertThat(vm.clusterId()).isEqualTo(CL48);
    assertThat(vm.kind()).isEqualTo(VmKind.ORDINARY);
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
    assertThat(reader.vm(VM, false).orElseThrow().kind()).isEqualTo(VmKind.HOSTED_ENGINE);
  }

  @Test
  void aVmTheEngineDoesNotShowIsNone() {
    assertThat(reader.vm(VM, false)).isEmpty();
  }

  /** Networks that were not followed must not pass for networks that are not isolated. */
  @Test
  void aNetworkTheEngineDidNotFollowIsNotTakenForOneThatIsNotIsolated() throws Exception {
    engine.answerText(
        "/vms/" + VM + "?follow=nics.vnic_profile.network",
        "<vm id=\"v\"><nics><nic id=\"n\"><vnic_profile id=\"p\"><network id=\"i\"/></vnic_profile>"
            + "</nic></nics></vm>");
    assertThat(reader.vm(VM, true).orElseThrow().nics())
        .containsExactly(new VmNics.Nic(Optional.of("p"), Optional.empty()));
  }

  @ParameterizedTest
  @EnumSource(value = RecordedEngine.Fault.class, names = "NONE", mode = EnumSource.Mode.EXCLUDE)
  void anEngineThatMisbehavesIsNoAnswerAndEndsInTime(RecordedEngine.Fault fault) throws Exception {
    engine.answer("/vms/" + VM + "?follow=nics", "vm-follow.xml");
    EngineLook impatient = new EngineLook(engine.engine(Duration.ofSeconds(3)));
    impatient.vm(VM, false);
    engine.misbehave(fault);
    assertThatThrownBy(() -> impatient.vm(VM, false)).isInstanceOf(EngineException.class);
    engine.misbehave(RecordedEngine.Fault.NONE);
    assertThat(impatient.vm(VM, false)).isPresent();
  }

  @Test
  void anEventIsPostedWithOriginSeverityAndVm() throws Exception {
    engine.answer("POST /events", "event-added.xml");
    reader.post(new EngineEvent(EngineEvent.Severity.ERROR, "Why & what.", Optional.of(VM)));
    assertThat(engine.bodies().get(0))
        .contains("\"origin\":\"ovirt-isolated-ports\"")
        .contains("\"severity\":\"error\"")
        .contains("\"description\":\"Why & what.\"")
        .contains("\"vm\":{\"id\":\"" + VM + "\"}")
        // Never a number that the guard counts to.
        .containsPattern("\"custom_id\":(10[7-9]|1[1-9]|2)[0-9]+");
  }
}
