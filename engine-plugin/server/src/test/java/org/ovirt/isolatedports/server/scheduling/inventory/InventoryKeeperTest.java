// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.scheduling.inventory;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.ovirt.isolatedports.engine.AuditEvent;
import org.ovirt.isolatedports.engine.TestClock;
import org.ovirt.isolatedports.rules.FilterState;
import org.ovirt.isolatedports.scheduling.FitnessRequirements;
import org.ovirt.isolatedports.scheduling.GuardedNetwork;
import org.ovirt.isolatedports.scheduling.NicPlace;
import org.ovirt.isolatedports.scheduling.PortNeed;
import org.ovirt.isolatedports.server.engine.EngineMirror;
import org.ovirt.isolatedports.server.engine.EngineReader;
import org.ovirt.isolatedports.server.engine.RecordedEngine;

class InventoryKeeperTest {

  private static final String EXEMPT =
      "/vms?follow=nics&search=name%3DHostedEngine%20or%20name%3Dexternal-*";
  private static final String RED = "00000000-0000-0000-0000-0000000000ed";

  private final List<String> changedVms = Collections.synchronizedList(new ArrayList<>());
  private volatile Map<String, String> own = Map.of();
  private RecordedEngine engine;
  private final TestClock clock = new TestClock(Instant.now());
  private EngineReader reader;
  private EngineMirror mirror;
  private InventoryKeeper keeper;

  @BeforeEach
  void start() throws Exception {
    engine = new RecordedEngine();
    engine.answerText("/networks", networks("<port_isolation>true</port_isolation>"));
    engine.answerText(
        "/vnicprofiles",
        "<vnic_profiles><vnic_profile id=\"p-red\"><network id=\""
            + RED
            + "\"/></vnic_profile>"
            + "</vnic_profiles>");
    engine.answerText(
        "/clusters?follow=networks",
        "<clusters><cluster id=\"c1\"><name>cl</name><switch_type>legacy</switch_type>"
            + "<scheduling_policy id=\"p1\"/></cluster></clusters>");
    engine.answerText("/clusters/c1/networks", networks(""));
    engine.answerText("/hosts", hosts("up"));
    engine.answerText("/hosts/h1/hooks", hooks("ok"));
    engine.answerText(
        "/hosts/h1/networkattachments",
        "<network_attachments><network_attachment id=\"a\"><network id=\""
            + RED
            + "\"/>"
            + "</network_attachment></network_attachments>");
    engine.answerText(
        EXEMPT,
        "<vms><vm id=\"he\"><origin>managed_hosted_engine</origin></vm>"
            + "<vm id=\"x\"><origin>ovirt</origin></vm></vms>");
    engine.answerText("/schedulingpolicyunits", unit(true));
    engine.answerText(
        "/schedulingpolicies/p1/filters",
        "<filters><filter id=\"u1\"><scheduling_policy_unit id=\"u1\"/></filter></filters>");
    engine.answer("POST /events", "event-added.xml");
    reader = new EngineReader(engine.engine(Duration.ofSeconds(20)));
    keeper = keeper(Duration.ofMinutes(10), Clock.systemUTC());
  }

  private InventoryKeeper keeper(Duration hosts, Clock clock) {
    mirror = new EngineMirror(reader, clock);
    return new InventoryKeeper(
        mirror,
        reader,
        () -> own,
        FitnessRequirements.DEFAULT,
        new InventoryKeeper.Intervals(
            Duration.ofMillis(20),
            Duration.ofMinutes(10),
            Duration.ofMinutes(10),
            hosts,
            Duration.ofMillis(50)),
        new SchedulerActivity(),
        changedVms::add,
        task -> DaemonThreads.named("inventory", task),
        clock);
  }

  @AfterEach
  void stop() {
    keeper.close();
    engine.close();
  }

  @Test
  void everythingIsReadAtStart() throws Exception {
    assertThat(keeper.current()).isEqualTo(Inventory.EMPTY);
    keeper.start();
    waitFor(() -> keeper.current().host("h1").isPresent());
    Inventory known = keeper.current();
    assertThat(known.guarded())
        .containsExactly(Map.entry(RED, new GuardedNetwork(RED, "red", PortNeed.ISOLATION)));
    assertThat(known.guardedInCluster()).containsExactly(Map.entry("c1", Set.of(RED)));
    assertThat(known.profiles().get("p-red")).isInstanceOf(NicPlace.OnNetwork.class);
    assertThat(known.exemptVms()).containsExactly("he");
    assertThat(known.host("h1").get().fit()).isTrue();
    assertThat(known.networksSeen()).isPresent();
    waitFor(() -> keeper.status().filter() == FilterState.ENABLED);
    assertThat(keeper.status().problems()).isEmpty();
  }

  @Test
  void aHostIsReadAgainWhenAnEventNamesIt() throws Exception {
    startAndWait();
    engine.answerText("/hosts/h1/hooks", hooks("damaged"));
    tell(List.of(event(606, Optional.of("h1"), Optional.empty())));
    waitFor(() -> !keeper.current().host("h1").get().fit());
    assertThat(keeper.current().host("h1").get().reasons().get(0)).contains("(damaged)");
  }

  @Test
  void everythingIsReadAgainWhenItIsNotKnownWhatHappened() throws Exception {
    startAndWait();
    engine.answerText("/networks", networks("<port_isolation>false</port_isolation>"));
    engine.answerText("/hosts/h1/hooks", hooks("damaged"));
    mirror.lostTrack();
    keeper.lostTrack();
    waitFor(() -> !keeper.current().host("h1").get().fit());
    assertThat(keeper.current().guarded()).isEmpty();
  }

  @Test
  void whatAnEventAsksForIsReadOnceTheEngineAnswersAgain() throws Exception {
    startAndWait();
    engine.misbehave(RecordedEngine.Fault.HANG_UP);
    int before = engine.requests().size();
    tell(List.of(event(1114, Optional.empty(), Optional.empty())));
    waitFor(() -> requestsSince(before, "/networks") >= 2);
    engine.answerText("/networks", networks("<port_isolation>false</port_isolation>"));
    engine.misbehave(RecordedEngine.Fault.NONE);
    waitFor(() -> keeper.current().guarded().isEmpty());
  }

  @Test
  void aHostThatGoesToMaintenanceIsUnfitAsSoonAsTheEventIsSeen() throws Exception {
    startAndWait();
    engine.answerText("/hosts", hosts("maintenance"));
    tell(List.of(event(620, Optional.of("h1"), Optional.empty())));
    waitFor(() -> !keeper.current().host("h1").get().fit());
  }

  @Test
  void networksAreReadAgainWhenAnEventSaysSoOrTheyAreAskedFor() throws Exception {
    startAndWait();
    engine.answerText("/networks", networks("<port_isolation>false</port_isolation>"));
    tell(List.of(event(1114, Optional.empty(), Optional.empty())));
    waitFor(() -> keeper.current().guarded().isEmpty());
    own = Map.of(RED, "red", "n-gone", "gone");
    keeper.refreshSoon();
    waitFor(() -> !keeper.current().guarded().isEmpty());
    assertThat(keeper.current().guarded().keySet()).containsExactly(RED);
  }

  @Test
  void aVmIsForgottenWhenItsVnicsChangeAndNotWhenItStarts() throws Exception {
    startAndWait();
    int before = engine.requests().size();
    tell(
        List.of(
            event(153, Optional.of("h1"), Optional.of("v0")),
            event(934, Optional.of("h1"), Optional.of("v1")),
            event(71, Optional.empty(), Optional.of("v2"))));
    assertThat(changedVms).as("v2 is in a preview of a snapshot").containsExactly("v1", "v2");
    // The filter is read last: twice means that a whole round has passed.
    waitFor(() -> requestsSince(before, "/schedulingpolicyunits") >= 2);
    assertThat(requestsSince(before, "/hosts/h1/hooks")).isZero();
  }

  @Test
  void whatIsKnownStaysWhileTheEngineFailsAndTheStatusSaysSo() throws Exception {
    startAndWait();
    engine.misbehave(RecordedEngine.Fault.HANG_UP);
    waitFor(() -> keeper.status().lastFailure().isPresent());
    assertThat(keeper.current().host("h1")).isPresent();
    assertThat(keeper.status().problems())
        .anySatisfy(text -> assertThat(text).contains("cannot read hosts and networks"));
    engine.misbehave(RecordedEngine.Fault.NONE);
    waitFor(() -> keeper.status().lastFailure().isEmpty());
  }

  @Test
  void ourOwnListGuardsEvenWhileTheEngineWasNeverRead() throws Exception {
    engine.misbehave(RecordedEngine.Fault.HTTP_500);
    own = Map.of("n-own", "own");
    keeper.start();
    waitFor(() -> keeper.current().guarded().containsKey("n-own"));
    assertThat(keeper.current().networksSeen()).isEmpty();
  }

  @Test
  void ourOwnListGuardsBeforeTheEngineHasAnsweredOnce() throws Exception {
    engine.misbehave(RecordedEngine.Fault.SLOW);
    own = Map.of("n-own", "own");
    keeper.start();
    waitFor(() -> keeper.current().guarded().containsKey("n-own"));
    assertThat(keeper.status().lastFailure()).as("the engine has not answered yet").isEmpty();
  }

  /** The guard makes a violation of it and tells the event log; the keeper only notices. */
  @Test
  void beingDisabledIsNoticedWithWhatToDo() throws Exception {
    startAndWait();
    engine.answerText("/schedulingpolicyunits", unit(false));
    waitFor(() -> keeper.status().filter() == FilterState.DISABLED);
    assertThat(keeper.status().problems())
        .singleElement()
        .asString()
        .contains("has disabled the filter isolated_ports")
        .contains("restart ovirt-engine while Isolated Ports runs");
    engine.answerText("/schedulingpolicyunits", "<scheduling_policy_units/>");
    waitFor(() -> keeper.status().filter() == FilterState.ABSENT);
    assertThat(keeper.status().problems())
        .singleElement()
        .asString()
        .contains("does not know the filter");
    assertThat(posted()).isEmpty();
  }

  /** After set-up took the filter out, a restart of the engine alone would change nothing. */
  @Test
  void beingSwitchedOffIsToldFromBeingDisabled() throws Exception {
    startAndWait();
    engine.answerText("/schedulingpolicies/p1/filters", "<filters/>");
    engine.answerText("/schedulingpolicyunits", unit(false));
    waitFor(() -> keeper.status().filter() == FilterState.SWITCHED_OFF);
    assertThat(keeper.status().problems())
        .singleElement()
        .asString()
        .contains("is switched off")
        .contains("run isolated-ports-setup scheduler on");
  }

  /** Health and /scheduler say so; to an administrator's event log it would be news of nothing. */
  @Test
  void aReadThatFailsIsNoEvent() throws Exception {
    startAndWait();
    engine.answerText("/networks", "<networks><network");
    keeper.refreshSoon();
    waitFor(() -> !keeper.status().problems().isEmpty());
    // An engine that does not answer takes no events: it would be told once it is back.
    engine.answerText("/networks", networks("<port_isolation>true</port_isolation>"));
    waitFor(() -> keeper.status().problems().isEmpty());
    Thread.sleep(200);
    assertThat(posted()).isEmpty();
  }

  @Test
  void aClusterWithAnIsolatedNetworkWhosePolicyLacksTheFilterIsNamed() throws Exception {
    engine.answerText("/schedulingpolicies/p1/filters", "<filters/>");
    startAndWait();
    waitFor(() -> !keeper.status().problems().isEmpty());
    assertThat(keeper.status().problems())
        .singleElement()
        .asString()
        .contains("clusters cl, which have isolated networks");
  }

  /** A tenant who may create VMs may call one of them external. */
  @Test
  void aVmOnAnIsolatedNetworkIsNotExemptWhateverItCallsItself() throws Exception {
    String nics = "<nics><nic id=\"i\"><vnic_profile id=\"%s\"/></nic><nic id=\"j\"/></nics></vm>";
    engine.answerText(
        EXEMPT,
        "<vms><vm id=\"forged\"><origin>external</origin>"
            + nics.formatted("p-red")
            + "<vm id=\"unclear\"><origin>hosted_engine</origin>"
            + nics.formatted("p-unknown")
            + "<vm id=\"true\"><origin>external</origin><nics><nic id=\"j\"/></nics></vm></vms>");
    startAndWait();
    waitFor(() -> !keeper.current().exemptVms().isEmpty());
    assertThat(keeper.current().exemptVms()).containsExactly("true");
  }

  @Test
  void aHostAnEventNamedIsReadUntilThatSucceeds() throws Exception {
    startAndWait();
    int before = timesHooksWereRead();
    engine.answerText("/hosts/h1/hooks", "<hooks><hook");
    tell(List.of(event(606, Optional.of("h1"), Optional.empty())));
    waitFor(() -> timesHooksWereRead() > before);
    engine.answerText("/hosts/h1/hooks", hooks("damaged"));
    waitFor(() -> !keeper.current().host("h1").get().fit());
  }

  /** Its status comes with the list of hosts, which may fail while its hooks can be read. */
  @Test
  void aHostIsAsOldAsTheOldestThatIsKnownOfIt() throws Exception {
    keeper.close();
    keeper = keeper(Duration.ofMillis(20), Clock.systemUTC());
    startAndWait();
    Instant started = Instant.now();
    int before = timesHooksWereRead();
    waitFor(() -> timesHooksWereRead() > before + 3);
    assertThat(keeper.current().host("h1").get().host().seen()).isBefore(started);
  }

  @Test
  void aClockSetBackDoesNotPutTheNextLookOff() throws Exception {
    keeper.close();
    keeper = keeper(Duration.ofMinutes(10), clock);
    startAndWait();
    engine.answerText("/networks", networks("<port_isolation>false</port_isolation>"));
    clock.set(clock.instant().minus(Duration.ofHours(1)));
    waitFor(() -> keeper.current().guarded().isEmpty());
  }

  /** An engine that knows the attribute says it of each network. */
  @Test
  void aNetworkOfWhichTheEngineDoesNotSayWhetherItIsIsolatedIsGuarded() throws Exception {
    String plain = "<network id=\"00000000-0000-0000-0000-00000000000a\"><name>plain</name>%s";
    engine.answerText(
        "/networks",
        networks("<port_isolation>partly</port_isolation>")
            .replace(
                "</networks>",
                plain.formatted("<port_isolation>false</port_isolation></network></networks>")));
    startAndWait();
    assertThat(keeper.current().guarded().keySet()).containsExactly(RED);
    engine.answerText(
        "/networks", networks("").replace("</networks>", plain.formatted("</network></networks>")));
    keeper.refreshSoon();
    waitFor(() -> keeper.current().guarded().isEmpty());
  }

  /** One odd profile would otherwise keep all networks from being read. */
  @Test
  void aPropertyWithoutAValueGuardsAndKeepsNothingFromBeingRead() throws Exception {
    engine.answerText(
        "/vnicprofiles",
        "<vnic_profiles><vnic_profile id=\"p-red\"><network id=\""
            + RED
            + "\"/><custom_properties>"
            + "<custom_property><name>port_isolation</name></custom_property>"
            + "</custom_properties></vnic_profile></vnic_profiles>");
    startAndWait();
    assertThat(((NicPlace.OnNetwork) keeper.current().profiles().get("p-red")).property())
        .contains("");
  }

  /** As the follower of events does. */
  private void tell(List<AuditEvent> events) {
    mirror.happened(events);
    keeper.happened(events);
  }

  private int timesHooksWereRead() {
    return (int) engine.requests().stream().filter(r -> r.contains("/hosts/h1/hooks")).count();
  }

  private void startAndWait() throws InterruptedException {
    keeper.start();
    waitFor(() -> keeper.current().host("h1").isPresent());
  }

  private long requestsSince(int before, String path) {
    List<String> requests = engine.requests();
    return requests.subList(before, requests.size()).stream()
        .filter(request -> request.contains(path))
        .count();
  }

  private List<String> posted() {
    return engine.bodies().stream().filter(body -> body.contains("\"custom_id\"")).toList();
  }

  private static AuditEvent event(int code, Optional<String> host, Optional<String> vm) {
    return new AuditEvent(1, code, Instant.EPOCH, vm, host, Optional.empty());
  }

  private static String networks(String isolation) {
    return "<networks><network id=\""
        + RED
        + "\"><name>red</name>"
        + isolation
        + "</network></networks>";
  }

  private static String hosts(String status) {
    return "<hosts><host id=\"h1\"><name>host1</name><status>"
        + status
        + "</status><libvirt_version><full_version>libvirt-9.0.0-1.el9</full_version>"
        + "</libvirt_version><cluster id=\"c1\"/></host></hosts>";
  }

  private static String hooks(String bridges) {
    StringBuilder hooks = new StringBuilder("<hooks>");
    for (String event : new TreeSet<>(FitnessRequirements.DEFAULT.hookEvents())) {
      hooks.append(hook(event, "60_isolated_ports", "ab"));
    }
    hooks.append(
        hook(
            "isolated_ports",
            "status",
            "version=1.0.0;kernel=5.14.0-1;filter=yes;watch=yes;list=" + bridges));
    return hooks.append("</hooks>").toString();
  }

  private static String hook(String event, String name, String checksum) {
    return "<hook><name>"
        + name
        + "</name><event_name>"
        + event
        + "</event_name><md5>"
        + checksum
        + "</md5></hook>";
  }

  private static String unit(boolean enabled) {
    return "<scheduling_policy_units><scheduling_policy_unit id=\"u1\"><name>isolated_ports</name>"
        + "<enabled>"
        + enabled
        + "</enabled><internal>false</internal></scheduling_policy_unit></scheduling_policy_units>";
  }

  private static void waitFor(BooleanSupplier condition) throws InterruptedException {
    long end = System.nanoTime() + Duration.ofSeconds(90).toNanos();
    while (!condition.getAsBoolean() && System.nanoTime() < end) {
      Thread.sleep(5);
    }
    assertThat(condition.getAsBoolean()).isTrue();
  }
}
