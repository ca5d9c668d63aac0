// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.violations;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.ovirt.isolatedports.body.ApiBody;
import org.ovirt.isolatedports.inventory.LevelGate;
import org.ovirt.isolatedports.rules.FilterState;
import org.ovirt.isolatedports.rules.GuardViolation.Kind;
import org.ovirt.isolatedports.rules.SchedulingState;
import org.ovirt.isolatedports.scheduling.AssessedHost;
import org.ovirt.isolatedports.scheduling.Host;
import org.ovirt.isolatedports.scheduling.HostFacts;
import org.ovirt.isolatedports.server.engine.EngineReader;

class GuardTest {

  private static final Duration SETTLE = GuardTimes.DEFAULT.settle().plusSeconds(1);
  private static final Duration POLL = GuardTimes.DEFAULT.poll().plusMillis(100);

  private static TestDatabase database;
  private GuardRig rig;

  @BeforeAll
  static void startDatabase() {
    database = new TestDatabase();
  }

  @AfterAll
  static void stopDatabase() {
    database.close();
  }

  @AfterEach
  void stop() throws IOException {
    rig.close();
  }

  private UUID nativeNetwork() {
    return nativeNetwork(Duration.ofSeconds(30));
  }

  private UUID nativeNetwork(Duration patience) {
    rig = new GuardRig(database, GuardRig.engine().start(), patience);
    UUID network = rig.network("iso", true);
    rig.attach(network);
    rig.step();
    assertThat(rig.rules()).isEmpty();
    return network;
  }

  private UUID hookNetwork() {
    rig =
        new GuardRig(
            database,
            GuardRig.engine().nativePortIsolation(false).portIsolationPropertyRegistered().start());
    UUID network = rig.network("iso", false);
    rig.registerHook(network, "iso");
    rig.step();
    return network;
  }

  private void setSwitch(String type) {
    ApiBody unused =
        rig.admin("PUT", "/clusters/" + rig.cluster(), "{\"switch_type\":\"" + type + "\"}");
  }

  @Test
  void tellsOnceOfASwitchToOvsAndOnceThatItIsOver() {
    nativeNetwork();
    setSwitch("ovs");
    rig.step();
    assertThat(rig.rules()).containsExactly("GUARD_CLUSTER_NOT_ON_LINUX_BRIDGES");
    assertThat(rig.violations().get(0).subject().orElseThrow().name()).isEqualTo("Default");
    for (int i = 0; i < 5; i++) {
      rig.stepAfter(POLL);
    }
    assertThat(rig.events()).hasSize(1).first().asString().startsWith("error Network iso");

    setSwitch("legacy");
    rig.step();
    assertThat(rig.rules()).isEmpty();
    assertThat(rig.events()).hasSize(1);
    rig.stepAfter(SETTLE);
    rig.stepAfter(SETTLE);
    assertThat(rig.events()).hasSize(2);
    assertThat(rig.events().get(1)).startsWith("normal No longer so: Network iso");
  }

  @Test
  void saysNothingMoreOfAViolationThatComesAndGoes() {
    nativeNetwork();
    for (int i = 0; i < 6; i++) {
      setSwitch("ovs");
      rig.stepAfter(POLL);
      setSwitch("legacy");
      rig.stepAfter(POLL);
    }
    assertThat(rig.events()).hasSize(1);
    assertThat(database.violations(false)).hasSize(1);
  }

  @Test
  void noticesAnAttachmentOfWhichNoEventTells() {
    UUID network = hookNetwork();
    assertThat(rig.rules()).isEmpty();
    rig.step();
    rig.attach(network);
    rig.stepAfter(POLL);
    assertThat(rig.rules()).containsExactly("GUARD_CLUSTER_LEVEL_UNSUPPORTED");
  }

  @Test
  void opensWithTheGateAndClosesWithIt() {
    UUID network = hookNetwork();
    rig.attach(network);
    rig.gate = Optional.of(open());
    rig.stepAfter(POLL);
    assertThat(rig.rules()).isEmpty();
    rig.gate = Optional.empty();
    rig.stepAfter(POLL);
    assertThat(rig.rules()).containsExactly("GUARD_LEVEL_GATE_UNREADABLE");
    rig.gate = Optional.of(LevelGate.defaults());
    rig.stepAfter(POLL);
    assertThat(rig.rules()).containsExactly("GUARD_CLUSTER_LEVEL_UNSUPPORTED");
  }

  private static LevelGate open() {
    return new LevelGate(
        new java.util.TreeMap<>(
            java.util.Map.of(
                org.ovirt.isolatedports.inventory.CompatibilityLevel.parse("4.4").orElseThrow(),
                true)));
  }

  @Test
  void setsThePropertyOnProfilesMadeByAnyone() {
    UUID network = hookNetwork();
    assertThat(rig.profiles(network)).hasSize(1).allMatch(GuardTest::isolates);
    ApiBody unused =
        rig.admin(
            "POST",
            "/vnicprofiles",
            "{\"name\":\"late\",\"network\":{\"id\":\"" + network + "\"}}");
    assertThat(rig.profiles(network)).anyMatch(profile -> !isolates(profile));
    rig.step();
    assertThat(rig.profiles(network)).hasSize(2).allMatch(GuardTest::isolates);
    assertThat(rig.rules()).isEmpty();
    assertThat(rig.events()).isEmpty();
  }

  private static boolean isolates(ApiBody profile) {
    return profile.child("custom_properties").stream()
        .flatMap(list -> list.items("custom_property").stream())
        .anyMatch(each -> each.text("name").equals(Optional.of("port_isolation")));
  }

  @Test
  void tellsOfProfilesTheEngineRefusesToChangeAndTriesOnceAMinute() {
    rig = new GuardRig(database, GuardRig.engine().nativePortIsolation(false).start());
    UUID network = rig.network("iso", false);
    rig.registerHook(network, "iso");
    rig.standIn.calls().reset();
    for (int i = 0; i < 10; i++) {
      rig.stepAfter(POLL);
    }
    assertThat(rig.rules()).containsExactly("GUARD_PROFILE_WITHOUT_PROPERTY");
    assertThat(rig.standIn.calls().count("PUT", "/ovirt-engine/api/vnicprofiles")).isOne();
    assertThat(rig.events()).hasSize(1);
  }

  @Test
  void findsProfilesThatLeadRoundTheBridge() {
    UUID network = hookNetwork();
    ApiBody unused =
        rig.admin(
            "POST",
            "/vnicprofiles",
            "{\"name\":\"vf\",\"network\":{\"id\":\"%s\"},\"pass_through\":{\"mode\":\"enabled\"}}"
                .formatted(network));
    unused =
        rig.admin(
            "POST",
            "/vnicprofiles",
            "{\"name\":\"mirror\",\"network\":{\"id\":\"%s\"},\"port_mirroring\":\"true\"}"
                .formatted(network));
    rig.step();
    assertThat(rig.rules())
        .containsExactlyInAnyOrder("GUARD_PROFILE_PASS_THROUGH", "GUARD_PROFILE_PORT_MIRRORING");
  }

  @Test
  void findsPromiscuousProfilesThatEveryoneMayUse() {
    rig = new GuardRig(database, GuardRig.engine().portIsolationPropertyRegistered().start());
    UUID network = rig.network("iso", true);
    String profile =
        rig.admin(
                "POST",
                "/vnicprofiles",
                ("{\"name\":\"gw\",\"network\":{\"id\":\"%s\"},\"custom_properties\":"
                        + "{\"custom_property\":[{\"name\":\"port_isolation\","
                        + "\"value\":\"promiscuous\"}]}}")
                    .formatted(network))
            .text("id")
            .orElseThrow();
    rig.step();
    assertThat(rig.rules()).as("UserProfileEditor opens nothing").isEmpty();
    ApiBody unused =
        rig.admin(
            "POST",
            "/vnicprofiles/" + profile + "/permissions",
            "{\"role\":{\"name\":\"VnicProfileUser\"},\"group\":{\"id\":\"%s\"}}"
                .formatted(EngineReader.EVERYONE));
    rig.step();
    assertThat(rig.rules()).containsExactly("GUARD_PROFILE_ROLE_FOR_EVERYONE");
  }

  @Test
  void findsNetworkThatIsNoLongerForVmsOrHasARole() {
    UUID network = hookNetwork();
    rig.gate = Optional.of(open());
    rig.attach(network);
    ApiBody unused =
        rig.admin(
            "PUT",
            "/clusters/" + rig.cluster() + "/networks/" + network,
            "{\"usages\":{\"usage\":[\"vm\",\"migration\"]}}");
    rig.stepAfter(POLL);
    assertThat(rig.rules()).containsExactly("GUARD_NETWORK_HAS_ROLE");
  }

  @Test
  void findsVnicsInClustersWhoseGateIsClosed() {
    UUID network = hookNetwork();
    rig.attach(network);
    rig.gate = Optional.of(open());
    rig.stepAfter(POLL);
    UUID profile = UUID.fromString(rig.profiles(network).get(0).text("id").orElseThrow());
    rig.gate = Optional.of(LevelGate.defaults());
    rig.stepAfter(POLL);
    UUID vm = rig.standIn.seeds().vm("web", "Default", List.of());
    ApiBody unused =
        rig.admin(
            "POST",
            "/vms/" + vm + "/nics",
            "{\"name\":\"nic1\",\"vnic_profile\":{\"id\":\"" + profile + "\"}}");
    rig.step();
    assertThat(rig.rules())
        .containsExactlyInAnyOrder(
            "GUARD_CLUSTER_LEVEL_UNSUPPORTED", "GUARD_NIC_WHERE_GATE_IS_CLOSED");
  }

  @Test
  void adoptsNetworksIsolatedByTheEngineAtTheFirstStart() {
    rig = new GuardRig(database, GuardRig.engine().start());
    UUID network = rig.network("iso", true);
    UUID plain = rig.network("plain", false);
    rig.step();
    assertThat(rig.register.all())
        .containsExactly(new NetworkRegister.Entry(network, "iso", false))
        .noneMatch(entry -> entry.id().equals(plain));
  }

  @Test
  void adoptsNetworksMadeLaterOnceTheyHaveSettled() {
    nativeNetwork();
    UUID later = rig.network("later", true);
    rig.step();
    assertThat(rig.register.all()).hasSize(1);
    rig.stepAfter(SETTLE);
    assertThat(rig.register.all()).extracting(NetworkRegister.Entry::id).contains(later);
  }

  @Test
  void followsNames() {
    UUID network = nativeNetwork();
    ApiBody unused = rig.admin("PUT", "/networks/" + network, "{\"name\":\"renamed\"}");
    rig.step();
    assertThat(rig.register.all())
        .extracting(NetworkRegister.Entry::name)
        .containsExactly("renamed");
  }

  @Test
  void forgetsNetworksThatAreGone() {
    UUID network = nativeNetwork();
    ApiBody unused = rig.admin("DELETE", "/networks/" + network, "");
    rig.step();
    assertThat(rig.register.all()).as("not at once").hasSize(1);
    rig.stepAfter(SETTLE);
    assertThat(rig.register.all()).isEmpty();
  }

  @Test
  void keepsNetworksThatTheEngineStillHasWhenItsListIsShort() {
    UUID network = nativeNetwork();
    rig.register.adopt(UUID.randomUUID(), rig.dataCenter(), "not in the engine's list");
    rig.standIn.faults().answerStatus("/ovirt-engine/api/networks/", 403);
    rig.guard.lostTrack();
    rig.step();
    rig.stepAfter(SETTLE);
    rig.stepAfter(SETTLE);
    assertThat(rig.register.all()).hasSize(2).anyMatch(entry -> entry.id().equals(network));
  }

  /** A proxy's page, or one of an engine that does not serve the path, is no word on a network. */
  @ParameterizedTest
  @ValueSource(strings = {"page", "unknown path"})
  void aPageWithStatus404DoesNotMeanThatANetworkIsGone(String what) {
    UUID network = nativeNetwork();
    UUID other = rig.network("other", false);
    assertThat(other).isNotEqualTo(network);
    UUID missing = UUID.randomUUID();
    rig.register.adopt(missing, rig.dataCenter(), "not in the engine's list");
    String path = "/ovirt-engine/api/networks/" + missing;
    if (what.equals("page")) {
      rig.standIn.faults().answerHtml(path, 404);
    } else {
      rig.standIn.faults().answerNoSuchPath(path);
    }
    rig.guard.lostTrack();
    rig.step();
    rig.stepAfter(SETTLE);
    rig.stepAfter(SETTLE);
    assertThat(rig.register.all()).hasSize(2);
    assertThat(rig.guard.status().failure()).isPresent();
    rig.standIn.faults().clear();
    rig.stepAfter(SETTLE);
    assertThat(rig.register.all()).as("denied by the engine").hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"garbage", "page", "error", "reset", "down", "slow"})
  void concludesNothingWhileTheEngineFailsAndRecovers(String fault) {
    // Of a slow engine every request has to be waited for.
    boolean slow = fault.equals("slow");
    nativeNetwork(Duration.ofSeconds(slow ? 4 : 30));
    setSwitch("ovs");
    rig.step();
    rig.standIn.calls().reset();
    switch (fault) {
      case "garbage" -> rig.standIn.faults().answerGarbage("/ovirt-engine/api");
      case "page" -> rig.standIn.faults().answerHtml("/ovirt-engine", 200);
      case "error" -> rig.standIn.faults().answerStatus("/ovirt-engine/api", 500);
      case "reset" -> rig.standIn.faults().reset("/ovirt-engine/api");
      case "slow" -> rig.standIn.faults().delay("/ovirt-engine/api", Duration.ofMinutes(5));
      default -> rig.standIn.refuseConnections();
    }
    for (int i = 0; i < (slow ? 1 : 4); i++) {
      rig.stepAfter(POLL);
    }
    assertThat(rig.rules()).containsExactly("GUARD_CLUSTER_NOT_ON_LINUX_BRIDGES");
    assertThat(rig.guard.status().failure()).isPresent();
    assertThat(rig.follower.status().failure()).isPresent();
    rig.standIn.faults().clear();
    if (fault.equals("down")) {
      rig.standIn.acceptConnections();
    }
    setSwitch("legacy");
    rig.stepAfter(Duration.ofSeconds(20));
    assertThat(rig.rules()).isEmpty();
    assertThat(rig.guard.status().failure()).isEmpty();
    assertThat(rig.follower.status().failure()).isEmpty();
  }

  @Test
  void leavesAFailingEngineInPeace() {
    nativeNetwork();
    rig.standIn.faults().answerStatus("/ovirt-engine/api", 500);
    rig.standIn.calls().reset();
    // Ten seconds as the server does it: a tick every 250 ms.
    for (int i = 0; i < 40; i++) {
      rig.clock.forward(Duration.ofMillis(250));
      rig.guard.tick();
    }
    assertThat(rig.standIn.calls().total()).isLessThan(10);
  }

  @Test
  void asksLittleWhileNothingHappens() {
    nativeNetwork();
    rig.stepAfter(POLL);
    rig.standIn.calls().reset();
    for (int i = 0; i < 40; i++) {
      rig.clock.forward(Duration.ofMillis(250));
      rig.guard.tick();
    }
    assertThat(rig.standIn.calls().total()).isLessThanOrEqualTo(5);
    assertThat(rig.standIn.calls().list())
        .allMatch(call -> call.path().contains("/clusters") && call.credentials().equals("Bearer"));
  }

  @Test
  void asksTheEngineNothingWithoutIsolatedNetworks() {
    rig = new GuardRig(database, GuardRig.engine().start());
    rig.step();
    rig.standIn.calls().reset();
    for (int i = 0; i < 40; i++) {
      rig.clock.forward(Duration.ofMillis(250));
      rig.guard.tick();
    }
    assertThat(rig.standIn.calls().total()).isZero();
  }

  @Test
  void takesNothingBackBecauseItDoesNotKnowYet() {
    nativeNetwork();
    rig.scheduling = new SchedulingState(FilterState.DISABLED, Collections.emptySortedSet());
    rig.stepAfter(POLL);
    assertThat(rig.rules()).containsExactly("GUARD_SCHEDULER_DISABLED");
    rig.newGuard();
    rig.scheduling = SchedulingState.UNKNOWN;
    rig.stepAfter(POLL);
    rig.stepAfter(SETTLE);
    assertThat(rig.rules()).containsExactly("GUARD_SCHEDULER_DISABLED");
    assertThat(rig.events()).hasSize(1);
  }

  @Test
  void goesOnAfterItsOwnRestartWithoutTellingTwice() {
    nativeNetwork();
    setSwitch("ovs");
    rig.step();
    rig.newGuard();
    rig.guard.tick();
    rig.log.bring();
    assertThat(rig.rules()).hasSize(1);
    assertThat(rig.events()).hasSize(1);
  }

  private void unfitHost(UUID host) {
    rig.hosts.clear();
    rig.hosts.add(
        new AssessedHost(
            new Host(
                host.toString(),
                "old",
                rig.cluster().toString(),
                "up",
                new HostFacts("libvirt-6.0.0-1.el8", "RHEL", "8", List.of(), List.of()),
                rig.clock.instant()),
            List.of("Host old runs libvirt 6.0.0; upgrade the host.")));
  }

  private UUID nic(UUID vm, UUID network) {
    String profile = rig.profiles(network).get(0).text("id").orElseThrow();
    return UUID.fromString(
        rig.admin(
                "POST",
                "/vms/" + vm + "/nics",
                "{\"name\":\"nic1\",\"vnic_profile\":{\"id\":\"" + profile + "\"}}")
            .text("id")
            .orElseThrow());
  }

  /** Started while we were down: nobody kept it away from the host. */
  @Test
  void findsVmsThatRunOnAnUnfitHostAtItsOwnStart() {
    UUID network = nativeNetwork();
    UUID host = rig.host("old");
    UUID vm = rig.standIn.seeds().vm("web", "Default", List.of());
    UUID unused = nic(vm, network);
    rig.start(vm);
    rig.newGuard();
    unfitHost(host);
    rig.stepAfter(POLL);
    rig.stepAfter(POLL);
    assertThat(rig.rules())
        .containsExactlyInAnyOrder("GUARD_HOST_UNFIT", "GUARD_NIC_ON_UNFIT_HOST");
    Violation found =
        rig.violations().stream()
            .filter(each -> each.rule().equals("GUARD_NIC_ON_UNFIT_HOST"))
            .findFirst()
            .orElseThrow();
    assertThat(found.severity()).isEqualTo("error");
    assertThat(found.description())
        .contains("VM web", "host old", "vNIC nic1", "network iso", "libvirt 6.0.0");
  }

  /** Whatever brought it there past the scheduler: with the next look all are named. */
  @ParameterizedTest
  @ValueSource(strings = {"migrated", "resumed", "started", "resumed while we were down"})
  void namesVmVnicAndHostWithinOnePoll(String how) {
    UUID network = nativeNetwork();
    UUID fit = rig.host("new");
    UUID old = rig.host("old");
    unfitHost(old);
    UUID vm = rig.standIn.seeds().vm("web", "Default", List.of());
    UUID unused = nic(vm, network);
    if (how.equals("migrated")) {
      rig.startOn(vm, fit);
    }
    rig.stepAfter(POLL);
    assertThat(rig.rules()).containsExactly("GUARD_HOST_UNFIT");
    switch (how) {
      case "migrated" -> rig.migrate(vm, old);
      case "resumed" -> rig.standIn.seeds().resumedOn(vm, old);
      case "started" -> rig.standIn.seeds().startedPastTheScheduler(vm, old);
      default -> {
        rig.standIn.seeds().resumedOn(vm, old);
        rig.newGuard();
      }
    }
    rig.stepAfter(POLL);
    assertThat(rig.violations())
        .filteredOn(each -> each.rule().equals("GUARD_NIC_ON_UNFIT_HOST"))
        .singleElement()
        .satisfies(
            found -> {
              assertThat(found.severity()).isEqualTo("error");
              assertThat(found.description()).contains("VM web", "host old", "vNIC nic1");
              assertThat(found.place(Kind.HOST)).contains(old.toString());
            });
  }

  @Test
  void looksASecondTimeAtAVmWhoseEventCameBeforeItsHost() {
    UUID network = nativeNetwork();
    UUID old = rig.host("old");
    unfitHost(old);
    UUID vm = rig.standIn.seeds().vm("web", "Default", List.of());
    UUID unused = nic(vm, network);
    rig.stepAfter(POLL);
    rig.standIn.seeds().tellsOfAStart(vm, old);
    rig.stepAfter(POLL);
    assertThat(rig.rules()).containsExactly("GUARD_HOST_UNFIT");
    rig.standIn.seeds().runsOn(vm, old);
    rig.stepAfter(POLL);
    assertThat(rig.rules()).contains("GUARD_NIC_ON_UNFIT_HOST");
  }

  @Test
  void findsVmsThatComeToAnUnfitHostLaterAndForgetsThoseThatLeave() {
    UUID network = nativeNetwork();
    unfitHost(rig.host("old"));
    rig.stepAfter(POLL);
    UUID vm = rig.standIn.seeds().vm("web", "Default", List.of());
    UUID unused = nic(vm, network);
    rig.stepAfter(POLL);
    assertThat(rig.rules()).containsExactly("GUARD_HOST_UNFIT");
    rig.start(vm);
    rig.stepAfter(POLL);
    assertThat(rig.rules()).contains("GUARD_NIC_ON_UNFIT_HOST");
    rig.stop(vm);
    rig.stepAfter(POLL);
    assertThat(rig.rules()).containsExactly("GUARD_HOST_UNFIT");
  }

  @Test
  void findsProfilesWithoutAFilterAgainstForgedMacAddresses() {
    UUID network = nativeNetwork();
    String profile = rig.profiles(network).get(0).text("id").orElseThrow();
    ApiBody unused = rig.admin("PUT", "/vnicprofiles/" + profile, "{\"network_filter\":{}}");
    rig.step();
    assertThat(rig.rules()).containsExactly("GUARD_PROFILE_WITHOUT_MAC_FILTER");
    assertThat(rig.violations().get(0).description())
        .contains("vNIC profile iso", "network iso", "set the network filter vdsm-no-mac-spoofing");
  }

  /** The engine refuses the property, but whoever makes the network is about to take it away. */
  @Test
  void saysNothingOfANetworkThatIsJustBeingMade() {
    rig = new GuardRig(database, GuardRig.engine().nativePortIsolation(false).start());
    UUID network = rig.network("iso", false);
    rig.beingMade.add(network.toString());
    rig.registerHook(network, "iso");
    rig.step();
    rig.stepAfter(POLL);
    assertThat(rig.rules()).isEmpty();
    rig.beingMade.clear();
    rig.stepAfter(GuardTimes.DEFAULT.full());
    rig.stepAfter(POLL);
    assertThat(rig.rules()).containsExactly("GUARD_PROFILE_WITHOUT_PROPERTY");
    assertThat(rig.violations().get(0).description())
        .contains("engine-config -s CustomDeviceProperties=", " --cver=");
  }

  @Test
  void saysSoonThatAViolationIsOver() {
    nativeNetwork();
    setSwitch("ovs");
    rig.step();
    setSwitch("legacy");
    rig.step();
    rig.stepAfter(Duration.ofSeconds(3));
    assertThat(rig.events()).hasSize(2);
    assertThat(rig.events().get(1)).startsWith("normal No longer so: ");
  }
}
