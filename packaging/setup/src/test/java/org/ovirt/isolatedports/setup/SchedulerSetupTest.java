// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.setup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.ovirt.engine.sdk4.builders.Builders;
import org.ovirt.engine.sdk4.services.SystemService;
import org.ovirt.engine.sdk4.types.Cluster;
import org.ovirt.engine.sdk4.types.Filter;
import org.ovirt.engine.sdk4.types.SchedulingPolicy;
import org.ovirt.engine.sdk4.types.SchedulingPolicyUnit;
import org.ovirt.isolatedports.engine.EngineHttpClient;
import org.ovirt.isolatedports.engine.EngineSettings;
import org.ovirt.isolatedports.engine.HardenedSdk;
import org.ovirt.isolatedports.engine.ServiceAccount;
import org.ovirt.isolatedports.engine.SingleSignOn;
import org.ovirt.isolatedports.scheduling.IsolatedPortsFilter;
import org.ovirt.isolatedports.standin.EngineStandIn;

class SchedulerSetupTest {

  private static final Set<String> DEFAULT = Set.of("Default");

  @TempDir Path directory;
  private EngineStandIn engine;
  private EngineHttpClient http;
  private AnsweringScheduler scheduler;
  private ServiceAccount account;
  private HardenedSdk sdk;
  private String formerUrl;

  @BeforeEach
  void start() throws Exception {
    engine = EngineStandIn.builder().start();
    // Nobody listens on the engine's own default port 18781 for certain on a machine of developers.
    formerUrl = "http://127.0.0.1:1/";
    engine.engineConfig().set(SchedulerSetup.URL, formerUrl, "general");
    engine.restart();
    EngineSettings settings =
        new EngineSettings(
            URI.create(engine.url() + "/ovirt-engine"),
            Duration.ofSeconds(30),
            Optional.of("admin@internal"),
            Optional.of("admin"),
            Optional.empty());
    http = new EngineHttpClient(settings);
    account = new ServiceAccount(new SingleSignOn(http), settings);
    sdk = new HardenedSdk(http, settings);
    scheduler = new AnsweringScheduler(IsolatedPortsFilter.NAME);
  }

  @AfterEach
  void stop() {
    scheduler.close();
    http.close();
    engine.close();
  }

  private SchedulerSetup setup() {
    return new SchedulerSetup(
        new StandInOptions(), sdk, account, url(), directory.resolve("state/scheduler.properties"));
  }

  private URI url() {
    return URI.create("http://127.0.0.1:" + scheduler.port() + "/");
  }

  private final class StandInOptions implements EngineOptions {
    @Override
    public String get(String name) {
      return engine.engineConfig().get(name, "general").orElseThrow();
    }

    @Override
    public void set(String name, String value) {
      engine.engineConfig().set(name, value, "general");
    }
  }

  @Test
  void onTakesARestartAndThenPutsTheFilterIntoACopyOfTheClustersPolicy() {
    SchedulingPolicy before = policyOf("Default");
    SchedulerSetup.Outcome first = setup().on(DEFAULT);
    assertThat(first.restartNeeded()).isTrue();
    assertThat(first.steps()).anyMatch(step -> step.startsWith("Restart ovirt-engine"));
    assertThat(policyOf("Default").id()).isEqualTo(before.id());
    engine.restart();
    SchedulerSetup.Outcome second = setup().on(DEFAULT);
    assertThat(second.restartNeeded()).isFalse();
    SchedulingPolicy after = policyOf("Default");
    assertThat(after.name()).isEqualTo(before.name() + "-isolated-ports");
    assertThat(filterNames(after.id())).contains(IsolatedPortsFilter.NAME);
    assertThat(filterNames(after.id())).containsAll(filterNames(before.id()));
    assertThat(filterNames(before.id())).doesNotContain(IsolatedPortsFilter.NAME);
  }

  @Test
  void aCopyHasTheWeightsAndPropertiesOfItsOriginal() {
    switchedOn();
    SchedulingPolicy copy = policyOf("Default");
    SchedulingPolicy original = named(copy.name().replace("-isolated-ports", ""));
    // A built-in policy may carry properties that none of its units knows, which no request may
    // set.
    Map<String, String> expected = properties(original);
    expected.keySet().retainAll(propertiesOfUnits(copy.id()));
    assertThat(properties(copy)).isEqualTo(expected);
  }

  @Test
  void onIsRepeatable() {
    switchedOn();
    String policy = policyOf("Default").id();
    assertThat(setup().on(DEFAULT).steps()).isEmpty();
    assertThat(policyOf("Default").id()).isEqualTo(policy);
  }

  @Test
  void offPutsEverythingBackAndIsRepeatable() throws Exception {
    SchedulingPolicy before = policyOf("Default");
    int policies = policies().size();
    switchedOn();
    SchedulerSetup.Outcome off = setup().off();
    assertThat(off.restartNeeded()).isTrue();
    assertThat(policyOf("Default").id()).isEqualTo(before.id());
    assertThat(policies()).hasSize(policies);
    assertThat(new StandInOptions().get(SchedulerSetup.ENABLED)).isEqualTo("false");
    assertThat(new StandInOptions().get(SchedulerSetup.URL)).isEqualTo(formerUrl);
    try (var files = Files.list(directory.resolve("state"))) {
      assertThat(files)
          .as("only the lock")
          .hasSize(1)
          .allMatch(f -> f.toString().endsWith(".lock"));
    }
    assertThat(setup().off().steps()).isEmpty();
  }

  @Test
  void theClustersOwnPropertiesSurviveOnAndOff() {
    system()
        .clustersService()
        .clusterService(cluster("Default").id())
        .update()
        .cluster(
            Builders.cluster()
                .customSchedulingPolicyProperties(
                    Builders.property().name("HighUtilization").value("75")))
        .send();
    switchedOn();
    assertThat(ownProperties()).containsEntry("HighUtilization", "75");
    setup().off();
    assertThat(ownProperties()).containsExactly(Map.entry("HighUtilization", "75"));
  }

  @Test
  void offLeavesAloneWhatSomebodyHasChangedSince() {
    switchedOn();
    String other = named("power_saving").id();
    assign(other);
    new StandInOptions().set(SchedulerSetup.URL, "http://127.0.0.1:2/");
    SchedulerSetup.Outcome off = setup().off();
    assertThat(policyOf("Default").id()).isEqualTo(other);
    assertThat(new StandInOptions().get(SchedulerSetup.URL)).isEqualTo("http://127.0.0.1:2/");
    assertThat(off.steps())
        .anyMatch(step -> step.contains("Left cluster Default alone"))
        .anyMatch(step -> step.contains("Left the engine's option " + SchedulerSetup.URL));
  }

  @Test
  void whereAnotherSchedulerAnswersNothingIsChanged() throws Exception {
    try (AnsweringScheduler other = new AnsweringScheduler("max_vm_filter")) {
      String theirs = "http://127.0.0.1:" + other.port() + "/";
      new StandInOptions().set(SchedulerSetup.URL, theirs);
      assertThatThrownBy(() -> setup().on(DEFAULT))
          .isInstanceOf(SetupException.class)
          .hasMessageContaining(theirs)
          .hasMessageContaining("a scheduler with the units [max_vm_filter]");
      assertThat(new StandInOptions().get(SchedulerSetup.ENABLED)).isEqualTo("false");
      assertThat(directory.resolve("state")).doesNotExist();
    }
  }

  @Test
  void whereSomethingThatIsNoSchedulerAnswersNothingIsChanged() throws Exception {
    HttpServer web =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    web.createContext(
        "/",
        exchange -> {
          byte[] page = "<html>It works!</html>".getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(200, page.length);
          exchange.getResponseBody().write(page);
          exchange.close();
        });
    web.start();
    try {
      new StandInOptions()
          .set(SchedulerSetup.URL, "http://127.0.0.1:" + web.getAddress().getPort() + "/");
      assertThatThrownBy(() -> setup().on(DEFAULT))
          .isInstanceOf(SetupException.class)
          .hasMessageContaining("something that is no external scheduler");
    } finally {
      web.stop(0);
    }
  }

  @Test
  void whileOurServerIsDownNothingIsChanged() {
    URI ours = url();
    SchedulerSetup setup =
        new SchedulerSetup(
            new StandInOptions(), sdk, account, ours, directory.resolve("scheduler.properties"));
    scheduler.close();
    assertThatThrownBy(() -> setup.on(DEFAULT))
        .isInstanceOf(SetupException.class)
        .hasMessageContaining("start its server first");
    assertThat(new StandInOptions().get(SchedulerSetup.ENABLED)).isEqualTo("false");
  }

  @Test
  void anUnknownClusterIsNamedAndNothingIsChanged() {
    assertThatThrownBy(() -> setup().on(Set.of("Nowhere")))
        .isInstanceOf(SetupException.class)
        .hasMessageContaining("no cluster Nowhere; it has Default");
    assertThat(new StandInOptions().get(SchedulerSetup.ENABLED)).isEqualTo("false");
  }

  @Test
  void aPolicyOfTheSameNameThatIsNotOursIsNotTouched() {
    setup().on(DEFAULT);
    engine.restart();
    system()
        .schedulingPoliciesService()
        .add()
        .policy(Builders.schedulingPolicy().name(policyOf("Default").name() + "-isolated-ports"))
        .send();
    assertThatThrownBy(() -> setup().on(DEFAULT))
        .isInstanceOf(SetupException.class)
        .hasMessageContaining("that this set-up did not make");
  }

  @Test
  void offPutsBackTheOptionsWhateverSchedulerItIsTold() {
    switchedOn();
    new SchedulerSetup(
            new StandInOptions(), sdk, account, URI.create("http://127.0.0.1:3/"), record())
        .off();
    assertThat(new StandInOptions().get(SchedulerSetup.URL)).isEqualTo(formerUrl);
    assertThat(new StandInOptions().get(SchedulerSetup.ENABLED)).isEqualTo("false");
  }

  @Test
  void offGivesBackTheLastPolicyThatSomebodyChose() {
    switchedOn();
    String chosen = named("power_saving").id();
    assign(chosen);
    new StandInOptions().set(SchedulerSetup.URL, "http://127.0.0.1:2/");
    assertThat(setup().on(DEFAULT).restartNeeded()).isTrue();
    assertThat(policyOf("Default").name()).isEqualTo("power_saving-isolated-ports");
    setup().off();
    assertThat(policyOf("Default").id()).isEqualTo(chosen);
    assertThat(new StandInOptions().get(SchedulerSetup.URL)).isEqualTo("http://127.0.0.1:2/");
    assertThat(policies()).noneMatch(policy -> policy.name().endsWith("-isolated-ports"));
  }

  @Test
  void aFilterTakenOutOfOurCopyIsPutBackIntoIt() {
    switchedOn();
    SchedulingPolicy copy = policyOf("Default");
    int policies = policies().size();
    var filters = system().schedulingPoliciesService().policyService(copy.id()).filtersService();
    String ours =
        system().schedulingPolicyUnitsService().list().send().units().stream()
            .filter(unit -> IsolatedPortsFilter.NAME.equals(unit.name()))
            .findFirst()
            .orElseThrow()
            .id();
    filters.filterService(ours).remove().send();
    setup().on(DEFAULT);
    assertThat(policyOf("Default").id()).isEqualTo(copy.id());
    assertThat(filterNames(copy.id())).contains(IsolatedPortsFilter.NAME);
    assertThat(policies()).hasSize(policies);
  }

  @Test
  void aPolicyRemovedSinceIsNamedAndOffGoesOnOnceTheClusterHasAnother() {
    String mine =
        system()
            .schedulingPoliciesService()
            .add()
            .policy(Builders.schedulingPolicy().name("mine <&> ä=;"))
            .send()
            .policy()
            .id();
    assign(mine);
    switchedOn();
    system().schedulingPoliciesService().policyService(mine).remove().send();
    assertThatThrownBy(() -> setup().off())
        .isInstanceOf(SetupException.class)
        .hasMessageContaining("cluster Default had before was removed");
    assign(named("power_saving").id());
    setup().off();
    assertThat(policies()).noneMatch(policy -> policy.name().endsWith("-isolated-ports"));
    assertThat(record()).doesNotExist();
  }

  @Test
  void aCopyWhoseMakingWasCutOffIsCompletedByOnAndRemovedByOff() throws Exception {
    setup().on(DEFAULT);
    engine.restart();
    SchedulingPolicy original = policyOf("Default");
    cutOffWhileCopying(original);
    setup().on(DEFAULT);
    assertThat(filterNames(policyOf("Default").id())).contains(IsolatedPortsFilter.NAME);
    setup().off();
    setup().on(DEFAULT);
    setup().off();
    assertThat(policies()).noneMatch(policy -> policy.name().endsWith("-isolated-ports"));
    new StandInOptions().set(SchedulerSetup.ENABLED, "false");
    setup().on(Set.of());
    cutOffWhileCopying(original);
    setup().off();
    assertThat(policies()).noneMatch(policy -> policy.name().endsWith("-isolated-ports"));
  }

  /** The policy was made, and the process killed before it could record the policy's id. */
  private void cutOffWhileCopying(SchedulingPolicy original) throws IOException {
    String name = original.name() + "-isolated-ports";
    Files.writeString(
        record(), Files.readString(record()) + "making." + original.id() + "=" + name + "\n");
    system()
        .schedulingPoliciesService()
        .add()
        .policy(
            Builders.schedulingPolicy()
                .name(name)
                .description(
                    "Copy of "
                        + original.name()
                        + " with the filter isolated_ports, made by isolated-ports-setup."))
        .send();
  }

  @Test
  void twoAtOnceDoNotForgetWhatTheOtherFound() {
    try (SetupRecord held = new SetupRecord(record())) {
      assertThat(held.isEmpty()).isTrue();
      assertThatThrownBy(() -> setup().on(DEFAULT))
          .isInstanceOf(SetupException.class)
          .hasMessageContaining("Another isolated-ports-setup is at work");
      assertThatThrownBy(() -> setup().off()).isInstanceOf(SetupException.class);
    }
    assertThat(new StandInOptions().get(SchedulerSetup.ENABLED)).isEqualTo("false");
    assertThat(setup().on(DEFAULT).restartNeeded()).isTrue();
  }

  @Test
  void aLockThatOneHasWaitedForKeepsTheThirdOut() throws Exception {
    Path lock = record().resolveSibling(record().getFileName() + ".lock");
    SetupRecord first = new SetupRecord(record());
    try (FileChannel second = FileChannel.open(lock, StandardOpenOption.WRITE)) {
      first.close();
      assertThat(second.tryLock()).isNotNull();
      assertThatThrownBy(() -> setup().on(DEFAULT))
          .isInstanceOf(SetupException.class)
          .hasMessageContaining("Another isolated-ports-setup is at work");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "# only a comment\n", "option.x=\\u00"})
  void aDamagedRecordIsNotTakenForNothingToPutBack(String text) throws Exception {
    setup().on(DEFAULT);
    Files.writeString(record(), text);
    assertThatThrownBy(() -> setup().off())
        .isInstanceOf(SetupException.class)
        .hasMessageContaining(record().toString())
        .hasMessageContaining("put it back from a backup");
    assertThat(record()).hasContent(text);
  }

  private Path record() {
    return directory.resolve("state/scheduler.properties");
  }

  private void assign(String policy) {
    system()
        .clustersService()
        .clusterService(cluster("Default").id())
        .update()
        .cluster(Builders.cluster().schedulingPolicy(Builders.schedulingPolicy().id(policy)))
        .send();
  }

  @Test
  void engineConfigIsReadAndWrittenAsTheToolDoesIt() throws Exception {
    Path tool = directory.resolve("engine-config");
    Path log = directory.resolve("log");
    Files.writeString(
        tool,
        "#!/bin/sh\necho \"$*\" >> "
            + log
            + "\ncase $1 in\n-g) echo 'Picked up nothing'\n"
            + "  echo \"$2: http://localhost:18781/ version: general\" ;;\n"
            + "-s) [ \"$2\" != Bad=1 ] || { echo 'No such entry' >&2; exit 1; } ;;\nesac\n");
    Files.setPosixFilePermissions(tool, PosixFilePermissions.fromString("rwxr-xr-x"));
    EngineConfigTool config = new EngineConfigTool(tool.toString());
    assertThat(config.get(SchedulerSetup.URL)).isEqualTo("http://localhost:18781/");
    config.set(SchedulerSetup.ENABLED, "true");
    assertThat(Files.readString(log)).contains("-s ExternalSchedulerEnabled=true --cver=general");
    assertThatThrownBy(() -> config.set("Bad", "1"))
        .isInstanceOf(SetupException.class)
        .hasMessageContaining("No such entry");
  }

  @Test
  void anEngineConfigThatDoesNotEndIsEndedWithAllItStarted() throws Exception {
    Path pid = directory.resolve("pid");
    EngineConfigTool config =
        new EngineConfigTool(
            List.of("sh", "-c", "sleep 600 & echo $! > " + pid + "; wait"), Duration.ofSeconds(5));
    assertThatThrownBy(() -> config.get(SchedulerSetup.URL))
        .isInstanceOf(SetupException.class)
        .hasMessageEndingWith("does not end.");
    ProcessHandle.of(Long.parseLong(Files.readString(pid).strip()))
        .ifPresent(started -> started.onExit().orTimeout(60, TimeUnit.SECONDS).join());
  }

  @Test
  void theProbeIsNotKeptWaiting() throws IOException {
    long start = System.nanoTime();
    assertThat(new SchedulerProbe().at(URI.create("http://127.0.0.1:1/")))
        .isInstanceOf(SchedulerProbe.Found.Nobody.class);
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(90));
  }

  private void switchedOn() {
    setup().on(DEFAULT);
    engine.restart();
    setup().on(DEFAULT);
  }

  private SystemService system() {
    return account.call(token -> sdk.connection(token).systemService());
  }

  private Cluster cluster(String name) {
    return system().clustersService().list().send().clusters().stream()
        .filter(cluster -> cluster.name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private List<SchedulingPolicy> policies() {
    return system().schedulingPoliciesService().list().send().policies();
  }

  private SchedulingPolicy named(String name) {
    return policies().stream()
        .filter(policy -> policy.name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private SchedulingPolicy policyOf(String cluster) {
    String id = cluster(cluster).schedulingPolicy().id();
    return policies().stream().filter(policy -> policy.id().equals(id)).findFirst().orElseThrow();
  }

  private Map<String, String> ownProperties() {
    Map<String, String> properties = new TreeMap<>();
    cluster("Default")
        .customSchedulingPolicyProperties()
        .forEach(each -> properties.put(each.name(), each.value()));
    return properties;
  }

  private static Map<String, String> properties(SchedulingPolicy policy) {
    Map<String, String> properties = new TreeMap<>();
    if (policy.propertiesPresent()) {
      policy.properties().forEach(each -> properties.put(each.name(), each.value()));
    }
    return properties;
  }

  private Set<String> propertiesOfUnits(String policy) {
    var service = system().schedulingPoliciesService().policyService(policy);
    Set<String> units = new HashSet<>();
    service.filtersService().list().send().filters().forEach(f -> units.add(f.id()));
    service.weightsService().list().send().weights().forEach(w -> units.add(w.id()));
    service.balancesService().list().send().balances().forEach(b -> units.add(b.id()));
    Set<String> names = new HashSet<>();
    for (SchedulingPolicyUnit unit :
        system().schedulingPolicyUnitsService().list().send().units()) {
      if (units.contains(unit.id()) && unit.propertiesPresent()) {
        unit.properties().forEach(property -> names.add(property.name()));
      }
    }
    return names;
  }

  private List<String> filterNames(String policy) {
    Map<String, String> names = new HashMap<>();
    system()
        .schedulingPolicyUnitsService()
        .list()
        .send()
        .units()
        .forEach(unit -> names.put(unit.id(), unit.name()));
    List<Filter> filters =
        system()
            .schedulingPoliciesService()
            .policyService(policy)
            .filtersService()
            .list()
            .send()
            .filters();
    return filters == null ? List.of() : filters.stream().map(f -> names.get(f.id())).toList();
  }
}
