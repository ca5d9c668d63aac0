// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.scheduling.decision;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.ovirt.isolatedports.engine.EngineException;
import org.ovirt.isolatedports.engine.TestClock;
import org.ovirt.isolatedports.inventory.VmKind;
import org.ovirt.isolatedports.scheduling.AssessedHost;
import org.ovirt.isolatedports.scheduling.FitnessRequirements;
import org.ovirt.isolatedports.scheduling.GuardedNetwork;
import org.ovirt.isolatedports.scheduling.Host;
import org.ovirt.isolatedports.scheduling.HostFacts;
import org.ovirt.isolatedports.scheduling.HostFitness;
import org.ovirt.isolatedports.scheduling.HostNetwork;
import org.ovirt.isolatedports.scheduling.HostReport;
import org.ovirt.isolatedports.scheduling.IsolatedPortsFilter;
import org.ovirt.isolatedports.scheduling.NicPlace;
import org.ovirt.isolatedports.scheduling.PortNeed;
import org.ovirt.isolatedports.scheduling.ReportedHook;
import org.ovirt.isolatedports.server.scheduling.inventory.EngineEvent;
import org.ovirt.isolatedports.server.scheduling.inventory.EngineView;
import org.ovirt.isolatedports.server.scheduling.inventory.EventPost;
import org.ovirt.isolatedports.server.scheduling.inventory.Inventory;
import org.ovirt.isolatedports.server.scheduling.inventory.InventorySource;
import org.ovirt.isolatedports.server.scheduling.inventory.SchedulerActivity;
import org.ovirt.isolatedports.server.scheduling.inventory.VmNics;

class SchedulerServiceTest {

  private static final Instant START = Instant.parse("2026-11-21T20:00:00Z");
  private static final String NEW = "00000000-0000-0000-0000-00000000000a";
  private static final String OLD = "00000000-0000-0000-0000-00000000000b";
  private static final String STRANGER = "00000000-0000-0000-0000-00000000000c";
  private static final String VM = "00000000-0000-0000-0000-0000000000f1";

  /** An engine that answers as told, also late, never, or with nonsense. */
  private static final class ScriptedEngine implements EngineView {

    private final List<EngineEvent> posted = Collections.synchronizedList(new ArrayList<>());
    private final AtomicInteger looks = new AtomicInteger();
    private final CountDownLatch hang = new CountDownLatch(1);
    private volatile boolean hanging;
    private volatile boolean broken;
    private volatile Optional<EngineException> failure = Optional.empty();
    private volatile boolean askedForNetworks;
    private volatile boolean refusesEvents;
    private volatile Runnable meanwhile = () -> {};
    private volatile Optional<VmNics> vm = Optional.empty();

    @Override
    public Optional<VmNics> vm(String id, boolean withNetworks) {
      looks.incrementAndGet();
      askedForNetworks = withNetworks;
      meanwhile.run();
      if (hanging) {
        await();
      }
      if (failure.isPresent()) {
        throw failure.get();
      }
      if (broken) {
        throw new IllegalStateException("garbage");
      }
      return vm.filter(found -> found.id().equals(id));
    }

    private void await() {
      try {
        hang.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    @Override
    public void post(EngineEvent event) {
      if (refusesEvents) {
        throw new EngineException(EngineException.Kind.TIMEOUT, "as the test wants it");
      }
      posted.add(event);
    }
  }

  private static final class FixedInventory implements InventorySource {
    private volatile Inventory now;
    private volatile Optional<Inventory> afterRefresh = Optional.empty();
    private final AtomicInteger refreshes = new AtomicInteger();

    @Override
    public Inventory current() {
      return now;
    }

    @Override
    public void refreshSoon() {
      refreshes.incrementAndGet();
      afterRefresh.ifPresent(next -> now = next);
    }
  }

  private final ScriptedEngine engine = new ScriptedEngine();
  private final TestClock clock = new TestClock(START);
  private final FixedInventory inventory = new FixedInventory();
  private final DecisionLog log = new DecisionLog();
  private final EventPost events = new EventPost(engine::post, clock, Duration.ofMillis(1));
  private final SchedulerActivity activity = new SchedulerActivity();
  private final SchedulerService service =
      new SchedulerService(
          engine, inventory, FitnessRequirements.DEFAULT, log, events, activity, clock);

  SchedulerServiceTest() {
    inventory.now = inventory(Set.of("n-red"), START);
  }

  @AfterEach
  void close() {
    engine.hang.countDown();
    service.close();
    events.close();
  }

  @Test
  void aVmOnAnIsolatedNetworkAvoidsTheUnfitHost() {
    engine.vm = vm(VmKind.ORDINARY, "p-red");
    FilterAnswer answer = ask(NEW, OLD);
    assertThat(answer.hostIds()).containsExactly(NEW);
    assertThat(answer.pluginErrors()).isEmpty();
    Decision decision = log.list(Optional.of(VM), 10).get(0);
    assertThat(decision.basis()).isEqualTo(Decision.Basis.LIVE);
    assertThat(decision.vmName()).isEqualTo("vm1");
    assertThat(decision.networks()).containsExactly("red");
    assertThat(decision.kept()).containsExactly(NEW);
    assertThat(decision.dropped())
        .singleElement()
        .satisfies(
            host -> {
              assertThat(host.name()).isEqualTo("old");
              assertThat(host.reasons().get(0)).contains("runs libvirt 6.0.0");
            });
    assertThat(engine.looks).hasValue(1);
    assertThat(engine.askedForNetworks).isFalse();
    assertThat(engine.posted).isEmpty();
  }

  @Test
  void aVmWithoutIsolatedPortsKeepsEveryHostEvenStrangers() {
    engine.vm = vm(VmKind.ORDINARY, "p-plain");
    assertThat(ask(NEW, OLD, STRANGER).hostIds()).containsExactly(NEW, OLD, STRANGER);
  }

  @Test
  void aRefusalOfAllHostsIsExplainedInTheEventLogOnceThoughAskedTwice() throws Exception {
    engine.vm = vm(VmKind.ORDINARY, "p-red");
    assertThat(ask(OLD).hostIds()).isEmpty();
    assertThat(ask(OLD).hostIds()).isEmpty();
    waitFor(() -> engine.posted.size() == 1);
    EngineEvent event = engine.posted.get(0);
    assertThat(event.severity()).isEqualTo(EngineEvent.Severity.ERROR);
    assertThat(event.vmId()).contains(VM);
    assertThat(event.text())
        .isEqualTo(
            "VM vm1 finds no host that is certain to isolate its ports on network red: Host old"
                + " runs libvirt 6.0.0; isolated ports need libvirt 6.5.0 or newer: upgrade the"
                + " host.");
    assertThat(log.list(Optional.empty(), 10)).hasSize(2);
    clock.set(START.plusSeconds(61));
    ask(OLD);
    waitFor(() -> engine.posted.size() == 2);
  }

  @Test
  void aRefusalByManyHostsNamesAFewAndWhereTheRestIs() throws Exception {
    engine.vm = vm(VmKind.ORDINARY, "p-red");
    List<String> many = new ArrayList<>();
    for (int i = 0; i < 400; i++) {
      many.add(String.format("11111111-0000-0000-0000-%012d", i));
    }
    ask(many.toArray(new String[0]));
    waitFor(() -> engine.posted.size() == 1);
    assertThat(engine.posted.get(0).text())
        .hasSizeLessThan(1000)
        .endsWith(
            "The other 397 hosts and their reasons: GET"
                + " /ovirt-isolated-ports/api/decisions?vm="
                + VM
                + ".");
  }

  @Test
  void aRefusalOutOfIgnoranceNamesAFewOfManyNetworks() {
    engine.broken = true;
    Map<String, GuardedNetwork> many = new HashMap<>();
    for (int i = 0; i < 200; i++) {
      many.put("n" + i, new GuardedNetwork("n" + i, "net" + i, PortNeed.ISOLATION));
    }
    inventory.now = new Inventory(Map.of(), many, Map.of(), Map.of(), Set.of(), Optional.of(START));
    assertThat(ask(NEW).pluginErrors().get(IsolatedPortsFilter.NAME).get(0))
        .contains("(net0, net1, net10, net100, net101 and 195 more)")
        .hasSizeLessThan(500);
  }

  @Test
  void anEngineThatHangsIsNotWaitedForBeyondTheDeadline() {
    engine.hanging = true;
    long start = System.nanoTime();
    FilterAnswer answer = ask(NEW, OLD);
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(50));
    assertThat(answer.hostIds()).isEmpty();
    assertThat(answer.pluginErrors().get(IsolatedPortsFilter.NAME).get(0))
        .contains("did not answer in time")
        .contains("(red)");
    assertThat(engine.posted).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "TIMEOUT, did not answer in time",
    "UNREACHABLE, could not be reached",
    "GARBAGE, gave no usable answer",
    "REFUSED, gave no usable answer"
  })
  void aRefusalSaysWhatIsWrongWithTheEngine(EngineException.Kind kind, String words) {
    engine.failure = Optional.of(new EngineException(kind, "as the test wants it"));
    assertThat(ask(NEW).pluginErrors().get(IsolatedPortsFilter.NAME).get(0))
        .contains("the engine's REST API " + words);
  }

  @Test
  void whileTheEngineHangsVnicsSeenWithinTenMinutesDecide() {
    engine.vm = vm(VmKind.ORDINARY, "p-plain");
    ask(NEW);
    engine.broken = true;
    clock.set(START.plus(Duration.ofMinutes(9)));
    assertThat(ask(NEW, OLD).hostIds()).containsExactly(NEW, OLD);
    assertThat(log.list(Optional.empty(), 1).get(0).basis()).isEqualTo(Decision.Basis.CACHED);
    clock.set(START.plus(Duration.ofMinutes(10)));
    assertThat(ask(NEW, OLD).hostIds()).isEmpty();
    assertThat(log.list(Optional.empty(), 1).get(0).basis()).isEqualTo(Decision.Basis.NOTHING);
  }

  @Test
  void cachedVnicsOfAGuardedVmStillKeepItFromUnfitHosts() {
    engine.vm = vm(VmKind.ORDINARY, "p-red");
    ask(NEW);
    engine.broken = true;
    assertThat(ask(NEW, OLD).hostIds()).containsExactly(NEW);
  }

  @Test
  void vnicsThatHaveChangedSinceAreNotUsed() {
    engine.vm = vm(VmKind.ORDINARY, "p-plain");
    ask(NEW);
    engine.broken = true;
    service.forget(VM);
    assertThat(ask(NEW).hostIds()).isEmpty();
  }

  @Test
  void noVnicsAreUsedWhenItIsNotKnownWhichHaveChanged() {
    engine.vm = vm(VmKind.ORDINARY, "p-plain");
    ask(NEW);
    engine.broken = true;
    assertThat(ask(NEW).hostIds()).containsExactly(NEW);
    service.forgetAll();
    assertThat(ask(NEW).hostIds()).isEmpty();
  }

  @Test
  void withNothingKnownAClusterWithoutIsolatedNetworksIsPassed() {
    engine.broken = true;
    inventory.now = inventory(Set.of(), START);
    assertThat(ask(NEW, OLD).hostIds()).containsExactly(NEW, OLD);
  }

  @Test
  void beforeAnythingWasReadOnlyTheKnownIsolatedNetworksMakeItRefuse() {
    engine.broken = true;
    inventory.now = Inventory.EMPTY;
    assertThat(ask(NEW).hostIds()).containsExactly(NEW);
    inventory.now =
        new Inventory(
            Map.of(), Map.of("n-red", red()), Map.of(), Map.of(), Set.of(), Optional.empty());
    assertThat(ask(NEW).hostIds()).isEmpty();
  }

  @Test
  void beforeAnythingWasReadTheVmIsAskedForWithItsNetworks() {
    inventory.now = Inventory.EMPTY;
    engine.vm =
        Optional.of(
            new VmNics(
                VM,
                "vm1",
                "c1",
                VmKind.ORDINARY,
                List.of(
                    new VmNics.Nic(
                        Optional.of("p"),
                        Optional.of(
                            new NicPlace.OnNetwork("n", "plain", false, Optional.empty()))))));
    assertThat(ask(NEW, OLD).hostIds()).containsExactly(NEW, OLD);
    assertThat(engine.askedForNetworks).isTrue();
  }

  @Test
  void whatAVmCallsItselfDecidesNothing() {
    for (VmKind kind : List.of(VmKind.HOSTED_ENGINE, VmKind.EXTERNAL)) {
      engine.vm = vm(kind, "p-plain");
      assertThat(ask(OLD, STRANGER).hostIds()).containsExactly(OLD, STRANGER);
      engine.vm = vm(kind, "p-red");
      assertThat(ask(NEW, OLD, STRANGER).hostIds()).containsExactly(NEW);
    }
    assertThat(VmKind.ofOrigin("managed_hosted_engine")).isEqualTo(VmKind.HOSTED_ENGINE);
    assertThat(VmKind.ofOrigin("hosted_engine")).isEqualTo(VmKind.HOSTED_ENGINE);
    assertThat(VmKind.ofOrigin("external")).isEqualTo(VmKind.EXTERNAL);
    assertThat(VmKind.ofOrigin("ovirt")).isEqualTo(VmKind.ORDINARY);
  }

  @Test
  void theHostedEngineVmPassesWhateverIsBroken() {
    engine.hanging = true;
    inventory.now = inventory.now.exempting(Set.of(VM));
    assertThat(ask(OLD).hostIds()).containsExactly(OLD);
    assertThat(log.list(Optional.empty(), 1).get(0).basis()).isEqualTo(Decision.Basis.EXEMPT);
  }

  @Test
  void aProfileMadeASecondAgoIsTakenForIsolatedUntilItIsRead() {
    engine.vm = vm(VmKind.ORDINARY, "p-just-made");
    assertThat(ask(NEW, OLD).hostIds()).containsExactly(NEW);
    assertThat(inventory.refreshes).hasValue(1);
  }

  @Test
  void aProfileMadeASecondAgoIsWaitedForSoThatAPlainOneHoldsNobodyBack() {
    engine.vm = vm(VmKind.ORDINARY, "p-plain");
    Inventory full = inventory.now;
    inventory.now =
        new Inventory(
            full.hosts(),
            full.guarded(),
            Map.of(),
            full.guardedInCluster(),
            Set.of(),
            full.networksSeen());
    inventory.afterRefresh = Optional.of(full);
    assertThat(ask(NEW, OLD).hostIds()).containsExactly(NEW, OLD);
    assertThat(engine.looks).hasValue(1);
  }

  /** Attaching a network makes no event, so the cluster's networks can be 15 s old. */
  @Test
  void aProfileMadeASecondAgoMayBeOnANetworkAttachedASecondAgo() {
    inventory.now = inventory(Set.of(), START);
    engine.vm = vm(VmKind.ORDINARY, "p-just-made");
    assertThat(ask(NEW, OLD).hostIds()).containsExactly(NEW);
  }

  @Test
  void whatIsReadOfTheEngineWhileItIsAskedForTheVmCountsAlready() {
    Inventory full = inventory.now;
    inventory.now =
        new Inventory(
            full.hosts(),
            Map.of(),
            Map.of("p-red", new NicPlace.OnNetwork("n-red", "red", false, Optional.empty())),
            Map.of(),
            Set.of(),
            full.networksSeen());
    engine.vm = vm(VmKind.ORDINARY, "p-red");
    engine.meanwhile = () -> inventory.now = full;
    assertThat(ask(NEW, OLD).hostIds()).containsExactly(NEW);
  }

  @Test
  void aClusterThatWasNotReadYetCountsAsOneWithIsolatedNetworks() {
    engine.broken = true;
    Inventory full = inventory.now;
    inventory.now =
        new Inventory(
            full.hosts(),
            full.guarded(),
            full.profiles(),
            Map.of("c2", Set.of()),
            Set.of(),
            full.networksSeen());
    assertThat(ask(NEW, OLD).hostIds()).isEmpty();
  }

  @Test
  void vnicsThatChangeWhileTheyAreReadAreNotKept() {
    engine.vm = vm(VmKind.ORDINARY, "p-plain");
    for (Runnable change : List.<Runnable>of(() -> service.forget(VM), () -> service.forgetAll())) {
      engine.meanwhile = change;
      assertThat(ask(OLD).hostIds()).containsExactly(OLD);
      engine.meanwhile = () -> {};
      engine.broken = true;
      assertThat(ask(OLD).hostIds()).isEmpty();
      engine.broken = false;
    }
  }

  @Test
  void aClockSetBackMakesNothingFreshAgain() throws Exception {
    engine.vm = vm(VmKind.ORDINARY, "p-plain");
    ask(OLD);
    clock.set(START.minus(Duration.ofHours(1)));
    engine.broken = true;
    assertThat(ask(OLD).hostIds()).isEmpty();
    engine.broken = false;
    engine.vm = vm(VmKind.ORDINARY, "p-red");
    assertThat(ask(NEW).hostIds()).isEmpty();
  }

  @Test
  void aClockSetBackDoesNotSilenceTheReason() throws Exception {
    engine.vm = vm(VmKind.ORDINARY, "p-red");
    clock.set(START.plusSeconds(300));
    ask(OLD);
    waitFor(() -> engine.posted.size() == 1);
    clock.set(START);
    ask(OLD);
    waitFor(() -> engine.posted.size() == 2);
  }

  @Test
  void aReasonTheEngineDidNotTakeIsToldToWhoeverTriesAgain() throws Exception {
    engine.vm = vm(VmKind.ORDINARY, "p-red");
    engine.refusesEvents = true;
    ask(OLD);
    Thread.sleep(100);
    engine.refusesEvents = false;
    ask(OLD);
    waitFor(() -> engine.posted.size() == 1);
  }

  @Test
  void anUnreadableParameterHoldsBackOnlyVmsWithIsolatedPorts() throws Exception {
    engine.vm = vm(VmKind.ORDINARY, "p-red");
    Map<String, String> bad = Map.of(SchedulerService.MINIMUM_LIBVIRT, "newest");
    assertThat(service.runFilters(question(bad, NEW)).hostIds()).isEmpty();
    waitFor(() -> engine.posted.size() == 1);
    assertThat(engine.posted.get(0).text()).contains("isolated_ports_min_libvirt is \"newest\"");
    engine.vm = vm(VmKind.ORDINARY, "p-plain");
    assertThat(service.runFilters(question(bad, NEW)).hostIds()).containsExactly(NEW);
  }

  @Test
  void theParameterRaisesTheMinimum() {
    engine.vm = vm(VmKind.ORDINARY, "p-red");
    assertThat(
            service
                .runFilters(question(Map.of(SchedulerService.MINIMUM_LIBVIRT, "9.0.1"), NEW))
                .hostIds())
        .isEmpty();
    assertThat(
            service
                .runFilters(question(Map.of(SchedulerService.MINIMUM_LIBVIRT, "9.0"), NEW))
                .hostIds())
        .containsExactly(NEW);
  }

  @Test
  void aFilterOfAnotherSchedulerDropsNothingAndIsNamed() {
    FilterAnswer answer =
        service.runFilters(
            new FilterQuestion(
                List.of("other"),
                List.of(OLD),
                VM,
                Map.of(),
                Deadline.after(Duration.ofSeconds(2))));
    assertThat(answer.hostIds()).containsExactly(OLD);
    assertThat(answer.pluginErrors().get("other").get(0)).contains("has no filter 'other'");
    assertThat(engine.looks).hasValue(0);
  }

  @Test
  void manyQuestionsAtAnEngineThatHangsAllEndInTime() throws Exception {
    engine.hanging = true;
    List<Thread> threads = new ArrayList<>();
    List<Duration> took = Collections.synchronizedList(new ArrayList<>());
    for (int i = 0; i < 100; i++) {
      Thread thread =
          new Thread(
              () -> {
                long start = System.nanoTime();
                ask(NEW);
                took.add(Duration.ofNanos(System.nanoTime() - start));
              });
      thread.start();
      threads.add(thread);
    }
    for (Thread thread : threads) {
      thread.join();
    }
    assertThat(took).hasSize(100).allMatch(each -> each.compareTo(Duration.ofSeconds(50)) < 0);
    assertThat(engine.looks.get()).isLessThanOrEqualTo(32);
  }

  @Test
  void theEnginesOwnQuestionForFiltersIsNoted() {
    assertThat(activity.lastDiscovered()).isEmpty();
    PolicyUnit unit = service.discover().get(0);
    assertThat(unit.name()).isEqualTo("isolated_ports");
    // The engine's form of custom properties: key=regex, and no ';' in the regex.
    assertThat(unit.properties()).matches("[a-zA-Z_0-9]+=[^;]+");
    assertThat("9.0.0").matches(unit.properties().substring(unit.properties().indexOf('=') + 1));
    assertThat(activity.lastDiscovered()).contains(START);
    engine.vm = vm(VmKind.ORDINARY, "p-plain");
    ask(NEW);
    assertThat(activity.lastAsked()).contains(START);
  }

  @Test
  void theLogOfDecisionsIsBoundedInDecisionsAndInHosts() {
    DecisionLog small = new DecisionLog(3, 10);
    for (int i = 0; i < 5; i++) {
      small.add(decision("vm" + i, 2));
    }
    assertThat(small.list(Optional.empty(), 10))
        .extracting(Decision::vmName)
        .containsExactly("vm4", "vm3", "vm2");
    small.add(decision("wide", 9));
    assertThat(small.list(Optional.empty(), 10))
        .extracting(Decision::vmName)
        .containsExactly("wide");
    small.add(decision("wider", 50));
    assertThat(small.list(Optional.of("wider"), 10)).hasSize(1);
    assertThat(small.list(Optional.of("wide"), 10)).isEmpty();
  }

  private static Decision decision(String vm, int hosts) {
    return new Decision(
        START,
        "id-" + vm,
        vm,
        Decision.Basis.LIVE,
        List.of(),
        "",
        Collections.nCopies(hosts, NEW),
        List.of(),
        1);
  }

  private FilterAnswer ask(String... hosts) {
    return service.runFilters(question(Map.of(), hosts));
  }

  private static FilterQuestion question(Map<String, String> properties, String... hosts) {
    return new FilterQuestion(
        List.of(IsolatedPortsFilter.NAME),
        List.of(hosts),
        VM,
        properties,
        Deadline.after(Duration.ofSeconds(2)));
  }

  private static Optional<VmNics> vm(VmKind kind, String profile) {
    return Optional.of(
        new VmNics(
            VM,
            "vm1",
            "c1",
            kind,
            List.of(new VmNics.Nic(Optional.of(profile), Optional.empty()))));
  }

  private static GuardedNetwork red() {
    return new GuardedNetwork("n-red", "red", PortNeed.ISOLATION);
  }

  private static Inventory inventory(Set<String> guardedInCluster, Instant seen) {
    return new Inventory(
        Map.of(NEW, host(NEW, "new", "libvirt-9.0.0"), OLD, host(OLD, "old", "libvirt-6.0.0")),
        Map.of("n-red", red()),
        Map.of(
            "p-red", new NicPlace.OnNetwork("n-red", "red", true, Optional.empty()),
            "p-plain", new NicPlace.OnNetwork("n-plain", "plain", false, Optional.empty())),
        Map.of("c1", guardedInCluster),
        Set.of(),
        Optional.of(seen));
  }

  static AssessedHost host(String id, String name, String libvirt) {
    List<ReportedHook> hooks = new ArrayList<>();
    for (String event : new TreeSet<>(FitnessRequirements.DEFAULT.hookEvents())) {
      hooks.add(new ReportedHook(event, "60_isolated_ports", "ab"));
    }
    hooks.add(
        new ReportedHook(
            HostReport.EVENT,
            HostReport.NAME,
            "version=1.0.0;kernel=5.14.0-1;filter=yes;watch=yes;list=ok"));
    return AssessedHost.of(
        new Host(
            id,
            name,
            "c1",
            "up",
            new HostFacts(
                libvirt, "RHEL", "9 - 2", hooks, List.of(new HostNetwork("n-red", true, true))),
            START),
        new HostFitness(FitnessRequirements.DEFAULT));
  }

  private static void waitFor(BooleanSupplier condition) throws InterruptedException {
    long end = System.nanoTime() + Duration.ofSeconds(60).toNanos();
    while (!condition.getAsBoolean() && System.nanoTime() < end) {
      Thread.sleep(5);
    }
    assertThat(condition.getAsBoolean()).isTrue();
  }
}
