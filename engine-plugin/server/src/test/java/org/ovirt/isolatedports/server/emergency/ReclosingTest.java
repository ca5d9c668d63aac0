// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.emergency;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.ovirt.isolatedports.body.ApiBody;
import org.ovirt.isolatedports.engine.EngineException;
import org.ovirt.isolatedports.engine.EntityParser;
import org.ovirt.isolatedports.rules.GuardViolation;
import org.ovirt.isolatedports.server.violations.GuardRig;
import org.ovirt.isolatedports.server.violations.GuardTimes;
import org.ovirt.isolatedports.server.violations.TestDatabase;
import org.ovirt.isolatedports.server.violations.ViolationSource;
import org.ovirt.isolatedports.standin.host.HostCapabilities;
import org.ovirt.isolatedports.standin.host.SimulatedHost;

/** A network that was opened: what its running VMs are sent when it is closed again. */
class ReclosingTest {

  private static final String PROPERTY = "port_isolation";

  private static TestDatabase database;
  private final SimulatedHost host =
      new SimulatedHost(HostCapabilities.el9().withNetworks(Map.of("blue", "blue")));
  private GuardRig rig;
  private UUID network;
  private UUID vm;
  private Reclosing reclosing;

  @BeforeAll
  static void startDatabase() {
    database = new TestDatabase();
  }

  @AfterAll
  static void stopDatabase() {
    database.close();
  }

  @BeforeEach
  void openNetworkWithRunningVm() {
    rig =
        new GuardRig(
            database,
            GuardRig.engine().nativePortIsolation(false).portIsolationPropertyRegistered().start());
    rig.standIn.addHost("h1", "Default", host);
    network = rig.network("blue", false);
    rig.attach(network);
    UUID profile = UUID.fromString(profile().text("id").orElseThrow());
    vm = rig.standIn.seeds().vm("vm1", "Default", List.of(profile));
    reclosing = rig.reclosing(network);
  }

  @AfterEach
  void stop() throws IOException {
    rig.close();
  }

  private ApiBody profile() {
    return rig.profiles(network).get(0);
  }

  private void start() {
    ApiBody unused = rig.admin("POST", "/vms/" + vm + "/start", "{}");
    for (int i = 0; i < 1_800 && !status().equals("up"); i++) {
      pause();
    }
    assertThat(status()).isEqualTo("up");
    assertThat(host.last("create").orElseThrow()).doesNotContain(PROPERTY);
  }

  private static void pause() {
    try {
      Thread.sleep(50);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private String status() {
    return rig.admin("GET", "/vms/" + vm, "").text("status").orElseThrow();
  }

  @Test
  void theVnicOfARunningVmIsSentToItsHostWithTheProperty() {
    start();
    assertThat(reclosing.close()).isEmpty();
    assertThat(EntityParser.portRole(profile())).contains("true");
    assertThat(host.last("updateNic").orElseThrow()).contains(PROPERTY);
    int sent = host.received().size();
    assertThat(reclosing.close()).isEmpty();
    assertThat(host.received()).as("once is enough").hasSize(sent);
  }

  @Test
  void aStoppedVmNeedsNothing() {
    assertThat(reclosing.close()).isEmpty();
    assertThat(EntityParser.portRole(profile())).contains("true");
    assertThat(host.received()).isEmpty();
  }

  @Test
  void whatAHostDoesNotTakeIsToldAndTriedAgain() {
    start();
    host.failWith("the host is on fire");
    assertThat(reclosing.close())
        .singleElement()
        .asString()
        .contains("nic1", "vm1", "may be open still", "the host is on fire");
    host.recover();
    assertThat(reclosing.close()).isEmpty();
    assertThat(host.last("updateNic").orElseThrow()).contains(PROPERTY);
  }

  @Test
  void aPropertyThatIsTakenAwayMeanwhileMakesItBeginAgain() {
    start();
    assertThat(reclosing.close()).isEmpty();
    ApiBody unused =
        rig.admin(
            "PUT",
            "/vnicprofiles/" + profile().text("id").orElseThrow(),
            "{\"custom_properties\":{\"custom_property\":[]}}");
    int sent = host.received().size();
    assertThat(reclosing.close()).isEmpty();
    assertThat(EntityParser.portRole(profile())).contains("true");
    assertThat(host.received().size()).isGreaterThan(sent);
  }

  @Test
  void anEngineThatIsDownConcludesNothing() {
    start();
    rig.standIn.refuseConnections();
    assertThatThrownBy(reclosing::close).isInstanceOf(EngineException.class);
    rig.standIn.acceptConnections();
    assertThat(reclosing.close()).isEmpty();
    assertThat(host.last("updateNic").orElseThrow()).contains(PROPERTY);
  }

  @Test
  void theGuardLeavesAloneWhatIsOpenAndNothingElse() {
    rig.registerHook(network, "blue");
    boolean[] open = {true};
    rig.sources.add(
        new ViolationSource() {
          @Override
          public List<GuardViolation> current() {
            return List.of();
          }

          @Override
          public Set<String> leftOpen() {
            return open[0] ? Set.of(network.toString()) : Set.of();
          }
        });
    rig.newGuard();
    rig.step();
    assertThat(EntityParser.portRole(profile())).isEmpty();
    assertThat(rig.rules()).doesNotContain("GUARD_PROFILE_WITHOUT_PROPERTY");
    open[0] = false;
    rig.stepAfter(GuardTimes.DEFAULT.full());
    assertThat(EntityParser.portRole(profile())).contains("true");
  }
}
