// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.ovirt.isolatedports.lab.DomainXml.Vnic;

/**
 * What a vNIC is to be is what its last update said, in both directions, wherever its VM goes:
 * VDSM's metadata say what the update before it said.
 */
class LastUpdateLabIT extends TwoHosts {

  private Vnic vnic() {
    return vnic("plain1");
  }

  /** Starts a VM on host a and waits for its guest. */
  private String start(Vnic vnic) {
    return boot(a, vnic);
  }

  private static void failUpdate(HookedHost host, String vmId, Vnic vnic) {
    assertThatThrownBy(() -> host.host().updateNicWithFailingMirroring(vmId, vnic.hotplug()))
        .isInstanceOf(LabException.class);
  }

  private void saveAndResume(HookedHost host, String vmId) {
    host.host().hibernate(vmId);
    host.host().resume(vmId);
    lab.guest(vmId);
  }

  @Test
  void movedToAnIsolatedProfileItStaysClosedThroughAFailedUpdateARestartAndARelease() {
    Vnic vnic = vnic();
    Vnic isolated = vnic.withCustom(PROPERTY, "true");
    String vmId = start(vnic);
    a.host().updateNic(vmId, isolated.hotplug());
    assertThat(a.isolated(vnic)).isTrue();

    failUpdate(a, vmId, isolated);
    a.await(vnic, true);
    a.killWatch();
    assertThat(a.host().run("/usr/sbin/isolated-ports-host", "repair", "--release"))
        .doesNotContain("open now");
    assertThat(a.isolated(vnic)).isTrue();
    a.startWatch();
    a.host().run("sleep", "3");
    assertThat(a.isolated(vnic)).isTrue();
    assertThat(a.status()).isZero();
  }

  @Test
  void movedToAnIsolatedProfileItArrivesAndResumesIsolated() {
    Vnic vnic = vnic();
    Vnic isolated = vnic.withCustom(PROPERTY, "true");
    String vmId = start(vnic);
    a.host().updateNic(vmId, isolated.hotplug());
    failUpdate(a, vmId, isolated);
    a.await(vnic, true);

    a.host().migrate(vmId, b.host());
    assertThat(b.isolated(vnic)).isTrue();
    failUpdate(b, vmId, isolated);
    b.await(vnic, true);
    saveAndResume(b, vmId);
    assertThat(b.isolated(vnic)).isTrue();
    assertThat(b.status()).isZero();
  }

  /** Nobody asks VDSM's hooks then: the destination's filter and watch are alone. */
  @Test
  void pastVdsmToo() {
    Vnic vnic = vnic();
    Vnic isolated = vnic.withCustom(PROPERTY, "isolated");
    String vmId = start(vnic);
    a.host().updateNic(vmId, isolated.hotplug());
    failUpdate(a, vmId, isolated);
    a.await(vnic, true);

    a.host().run("virsh", "save", vmId, "/var/lib/vdsm/past.save");
    a.host().run("virsh", "restore", "/var/lib/vdsm/past.save");
    assertThat(a.isolated(vnic)).isTrue();
  }

  @Test
  void takenOutOfIsolationItIsOpenFromTheFirstUpdateOnWhereverItGoes() {
    Vnic open = vnic();
    String vmId = start(open.withCustom(PROPERTY, "true"));
    assertThat(a.isolated(open)).isTrue();
    a.host().updateNic(vmId, open.hotplug());
    a.await(open, false);

    a.host().run("sleep", "3");
    assertThat(a.isolated(open)).isFalse();
    a.host().migrate(vmId, b.host());
    b.await(open, false);
    saveAndResume(b, vmId);
    b.await(open, false);
    assertThat(b.status()).isZero();
  }

  @Test
  void aFailedUpdateDoesNotTakeItOutOfIsolation() {
    Vnic open = vnic();
    String vmId = start(open.withCustom(PROPERTY, "true"));
    failUpdate(a, vmId, open);
    a.await(open, true);
    a.killWatch();
    a.startWatch();
    a.host().run("sleep", "3");
    assertThat(a.isolated(open)).isTrue();
    a.host().migrate(vmId, b.host());
    assertThat(b.isolated(open)).isTrue();
  }

  @Test
  void aCorrectedRoleNoLongerStandsInTheWay() {
    Vnic vnic = vnic();
    String vmId = start(vnic);
    a.host().updateNic(vmId, vnic.withCustom(PROPERTY, "community:blue").hotplug());
    assertThat(a.isolated(vnic)).isTrue();
    a.host().updateNic(vmId, vnic.withCustom(PROPERTY, "true").hotplug());

    a.host().migrate(vmId, b.host());
    assertThat(b.isolated(vnic)).isTrue();
    saveAndResume(b, vmId);
    assertThat(b.isolated(vnic)).isTrue();
  }

  @Test
  void withoutTheServiceItIsIsolatedAllTheSameAndStaysHereUntilThatIsWritten() {
    Vnic vnic = vnic();
    Vnic isolated = vnic.withCustom(PROPERTY, "true");
    String vmId = start(vnic);
    a.signalWatch("STOP");
    try {
      long began = System.nanoTime();
      a.host().updateNic(vmId, isolated.hotplug());
      assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(90));
      assertThat(a.isolated(vnic)).isTrue();
      assertThatThrownBy(() -> a.host().migrate(vmId, b.host()))
          .isInstanceOf(HookRefused.class)
          .hasMessageContaining("isolated-ports-host");
      assertThatThrownBy(() -> a.host().hibernate(vmId)).isInstanceOf(HookRefused.class);
    } finally {
      a.signalWatch("CONT");
    }
    a.killWatch();
    a.startWatch();
    Poll.until(
        Duration.ofSeconds(90),
        () -> a.host().liveXml(vmId).contains("isolated-ports/port_isolation"),
        () -> "What the update said was not written.");
    failUpdate(a, vmId, isolated);
    a.await(vnic, true);
    a.host().migrate(vmId, b.host());
    assertThat(b.isolated(vnic)).isTrue();
  }

  @Test
  void vmsThatAreNotOursCarryNothingOfUsAndWaitForNobody() {
    Vnic vnic = vnic();
    String vmId = start(vnic);
    a.signalWatch("STOP");
    try {
      a.host().updateNic(vmId, vnic.withLink(false).hotplug());
      a.host().updateNic(vmId, vnic.withLink(true).hotplug());
      a.host().migrate(vmId, b.host());
    } finally {
      a.signalWatch("CONT");
    }
    b.host().updateNic(vmId, vnic.withLink(true).hotplug());
    assertThat(b.host().liveXml(vmId)).doesNotContain("isolated-ports/port_isolation");
    assertThat(b.isolated(vnic)).isFalse();
  }
}
