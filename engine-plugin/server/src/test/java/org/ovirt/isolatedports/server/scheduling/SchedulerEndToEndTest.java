// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.scheduling;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import org.apache.xmlrpc.XmlRpcException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.ovirt.isolatedports.rules.FilterState;
import org.ovirt.isolatedports.scheduling.FitnessRequirements;
import org.ovirt.isolatedports.scheduling.HostReport;
import org.ovirt.isolatedports.scheduling.IsolatedPortsFilter;
import org.ovirt.isolatedports.server.scheduling.decision.Decision;
import org.ovirt.isolatedports.server.scheduling.xmlrpc.EngineSchedulerClient;
import org.ovirt.isolatedports.standin.EngineStandIn;
import org.ovirt.isolatedports.standin.host.HostCapabilities;
import org.ovirt.isolatedports.standin.host.SimulatedHost;

/** An engine that starts and migrates VMs, and asks us where. */
class SchedulerEndToEndTest {

  private static final String API = "/ovirt-engine/api";
  private static final JsonMapper JSON = new JsonMapper();

  private record Reply(int status, JsonNode body) {}

  private final HttpClient http = HttpClient.newHttpClient();
  private EngineStandIn engine;
  private SchedulerRig scheduler;
  private UUID isolated;
  private UUID plain;

  @BeforeEach
  void start() throws Exception {
    engine =
        EngineStandIn.builder()
            .portIsolationPropertyRegistered()
            .schedulerFilterOnAllClusters()
            .start();
    isolated = engine.seeds().network("iso", "Default", true);
    plain = engine.seeds().network("plain", "Default", false);
    scheduler = new SchedulerRig(engineUrl(), 0, SchedulerRig.OFTEN);
    setOption("ExternalSchedulerEnabled", "true");
    setOption("ExternalSchedulerServiceURL", "http://127.0.0.1:" + scheduler.port() + "/");
    engine.restart();
    waitFor(() -> scheduler.keeper().status().filter() == FilterState.ENABLED);
  }

  @AfterEach
  void stop() {
    scheduler.close();
    engine.close();
  }

  private URI engineUrl() {
    return URI.create(engine.url() + "/ovirt-engine");
  }

  private void setOption(String name, String value) {
    engine.engineConfig().set(name, value, "general");
  }

  @Test
  void aVmWithAnIsolatedPortAvoidsTheUnfitHostAndOneWithoutDoesNot() throws Exception {
    SimulatedHost fit = host("fit", "libvirt-9.0.0-1.el9", report("list=ok"));
    SimulatedHost old = host("old", "libvirt-6.0.0-37.module_el8.5.0+1002", report("list=ok"));
    UUID first = engine.seeds().vm("vm1", "Default", List.of(isolated));
    UUID second = engine.seeds().vm("vm2", "Default", List.of(plain, isolated));
    UUID third = engine.seeds().vm("vm3", "Default", List.of(plain));
    startVm(first);
    startVm(second);
    startVm(third);
    assertThat(fit.running()).contains(first, second);
    // The engine spreads VMs: the plain one goes to the emptier host.
    assertThat(old.running()).containsExactly(third);
    Decision decision = scheduler.decisions().list(Optional.of("vm1"), 1).get(0);
    assertThat(decision.networks()).containsExactly("iso");
    assertThat(decision.dropped().get(0).reasons())
        .containsExactly(
            "Host old runs libvirt 6.0.0; isolated ports need libvirt 6.5.0 or newer: upgrade the"
                + " host.");
  }

  @Test
  void migrationObeysTheSame() throws Exception {
    SimulatedHost fit = host("fit", "libvirt-9.0.0-1.el9", report("list=ok"));
    SimulatedHost old = host("old", "libvirt-6.0.0-1.el8", report("list=ok"));
    UUID vm = engine.seeds().vm("vm1", "Default", List.of(isolated));
    UUID other = engine.seeds().vm("vm2", "Default", List.of(plain));
    startVm(vm);
    Reply refused = request("POST", "/vms/" + vm + "/migrate", "{}");
    assertThat(refused.status()).isEqualTo(400);
    assertThat(fit.running()).containsExactly(vm);
    waitFor(() -> events().stream().anyMatch(text -> text.contains("VM vm1 finds no host")));
    SimulatedHost secondFit = host("fit2", "libvirt-8.0.0-2.el8", report("list=ok"));
    assertThat(request("POST", "/vms/" + vm + "/migrate", "{}").status()).isEqualTo(200);
    waitFor(() -> secondFit.running().contains(vm));
    startVm(other);
    assertThat(old.running()).doesNotContain(vm);
  }

  @Test
  void whyNoHostWillDoIsReadableInTheEnginesEvents() throws Exception {
    host("damaged", "libvirt-9.0.0-1.el9", report("list=damaged"));
    host("bare", "libvirt-9.0.0-1.el9", Map.of());
    UUID vm = engine.seeds().vm("vm1", "Default", List.of(isolated));
    Reply refused = request("POST", "/vms/" + vm + "/start", "{}");
    assertThat(refused.status()).isEqualTo(400);
    assertThat(refused.body().at("/fault/detail").asText()).isEqualTo("[]");
    waitFor(() -> events().stream().anyMatch(text -> text.contains("VM vm1 finds no host")));
    assertThat(events().stream().filter(text -> text.contains("VM vm1 finds no host")))
        .singleElement()
        .asString()
        .contains("to isolate its ports on network iso")
        .contains("Host damaged has no usable list of isolated bridges (damaged)")
        .contains("Host bare reports nothing of Isolated Ports");
  }

  @Test
  void aHostThatBecomesFitIsUsedAsSoonAsTheEngineKnows() throws Exception {
    SimulatedHost host = host("host", "libvirt-9.0.0-1.el9", report("list=missing"));
    UUID vm = engine.seeds().vm("vm1", "Default", List.of(isolated));
    assertThat(request("POST", "/vms/" + vm + "/start", "{}").status()).isEqualTo(400);
    host.report(host.capabilities().withHooks(report("list=ok")));
    JsonNode hosts = request("GET", "/hosts", "").body();
    String id = hosts.at("/host/0/id").asText();
    assertThat(request("POST", "/hosts/" + id + "/refresh", "{}").status()).isEqualTo(200);
    waitFor(() -> scheduler.keeper().current().host(id).filter(h -> h.fit()).isPresent());
    startVm(vm);
    assertThat(host.running()).containsExactly(vm);
  }

  @Test
  void aDecisionCostsTheEngineOneRoundTripAndNoLogin() throws Exception {
    host("fit", "libvirt-9.0.0-1.el9", report("list=ok"));
    UUID vm = engine.seeds().vm("vm1", "Default", List.of(isolated));
    engine.calls().reset();
    EngineSchedulerClient caller = new EngineSchedulerClient(scheduler.port());
    List<String> hosts = new ArrayList<>(scheduler.keeper().current().hosts().keySet());
    for (int i = 0; i < 5; i++) {
      Map<?, ?> answer =
          (Map<?, ?>)
              caller.runFilters(List.of(IsolatedPortsFilter.NAME), hosts, vm.toString(), Map.of());
      assertThat((Object[]) answer.get("result")).hasSize(1);
    }
    assertThat(engine.calls().count("GET", API + "/vms/" + vm)).isEqualTo(5);
    assertThat(engine.calls().list()).allMatch(call -> call.credentials().equals("Bearer"));
  }

  @Test
  void whileWeAreStoppedTheEngineStartsTheVmAnyway() throws Exception {
    SimulatedHost old = host("old", "libvirt-6.0.0-1.el8", report("list=ok"));
    UUID vm = engine.seeds().vm("vm1", "Default", List.of(isolated));
    scheduler.close();
    startVm(vm);
    assertThat(old.running()).containsExactly(vm);
    assertThat(events())
        .anyMatch(text -> text.startsWith("Failed to connect to external scheduler proxy."));
  }

  @Test
  void anEngineThatHangsGetsItsAnswerInTimeAndTheReasonInItsEvents() throws Exception {
    SimulatedHost fit = host("fit", "libvirt-9.0.0-1.el9", report("list=ok"));
    UUID vm = engine.seeds().vm("vm1", "Default", List.of(isolated));
    UUID seen = engine.seeds().vm("vm2", "Default", List.of(isolated));
    startVm(seen);
    request("POST", "/vms/" + seen + "/stop", "{}");
    waitFor(() -> fit.running().isEmpty());
    engine.faults().delay(API + "/vms/" + vm, Duration.ofSeconds(20));
    engine.faults().delay(API + "/vms/" + seen, Duration.ofSeconds(20));
    engine.faults().delay(API + "/vms/" + vm + "/start", Duration.ZERO);
    engine.faults().delay(API + "/vms/" + seen + "/start", Duration.ZERO);
    long start = System.nanoTime();
    assertThat(request("POST", "/vms/" + vm + "/start", "{}").status()).isEqualTo(400);
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(18));
    assertThat(events())
        .anyMatch(
            text ->
                text.contains("external scheduler plugin 'isolated_ports' failed")
                    && text.contains("did not answer in time"));
    // Its vNICs were seen a moment ago: they decide.
    assertThat(request("POST", "/vms/" + seen + "/start", "{}").status()).isEqualTo(200);
    waitFor(() -> fit.running().contains(seen));
    assertThat(scheduler.decisions().list(Optional.of(seen.toString()), 1).get(0).basis())
        .isEqualTo(Decision.Basis.CACHED);
  }

  /** Its REST API is left alone, but its scheduler may still ask: of VMs seen before and others. */
  @Test
  void whileTheEngineIsLeftAloneItIsAnsweredAtOnceAndOnTheSafeSide() throws Exception {
    SimulatedHost fit = host("fit", "libvirt-9.0.0-1.el9", report("list=ok"));
    host("old", "libvirt-6.0.0-1.el8", report("list=ok"));
    UUID seen = engine.seeds().vm("vm1", "Default", List.of(isolated));
    UUID unseen = engine.seeds().vm("vm2", "Default", List.of(isolated));
    startVm(seen);
    assertThat(fit.running()).containsExactly(seen);
    engine.faults().answerHtml("/ovirt-engine", 503);
    waitFor(() -> !scheduler.gate().isOpen());
    engine.calls().reset();
    List<String> hosts = new ArrayList<>(scheduler.keeper().current().hosts().keySet());
    long start = System.nanoTime();
    assertThat(kept(seen, hosts)).as("by the vNICs seen before").hasSize(1);
    assertThat(kept(unseen, hosts)).as("nothing is known of it").isEmpty();
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(90));
    assertThat(engine.calls().list())
        .as("asked of the engine meanwhile")
        .allMatch(call -> call.path().equals("/ovirt-engine/services/health"));
    assertThat(scheduler.decisions().list(Optional.of(unseen.toString()), 1).get(0).note())
        .isEqualTo("the engine's REST API could not be reached");
    engine.faults().clear();
    waitFor(() -> scheduler.gate().isOpen());
    waitFor(() -> kept(unseen, hosts).size() == 1);
  }

  /** The hosts that our answer leaves a VM, within the two seconds in which we answer. */
  private List<Object> kept(UUID vm, List<String> hosts) {
    try {
      Map<?, ?> answer =
          (Map<?, ?>)
              new EngineSchedulerClient(scheduler.port())
                  .runFilters(List.of(IsolatedPortsFilter.NAME), hosts, vm.toString(), Map.of());
      return List.of((Object[]) answer.get("result"));
    } catch (XmlRpcException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void anEngineThatAnswersNonsenseIsAsOneThatDoesNotAnswer() throws Exception {
    host("fit", "libvirt-9.0.0-1.el9", report("list=ok"));
    UUID vm = engine.seeds().vm("vm1", "Default", List.of(isolated));
    engine.faults().answerGarbage(API + "/vms/" + vm);
    engine.faults().delay(API + "/vms/" + vm + "/start", Duration.ZERO);
    assertThat(request("POST", "/vms/" + vm + "/start", "{}").status()).isEqualTo(400);
    engine.faults().clear();
    startVm(vm);
  }

  @Test
  void beingDisabledByTheEngineIsNoticed() throws Exception {
    host("old", "libvirt-6.0.0-1.el8", report("list=ok"));
    UUID vm = engine.seeds().vm("vm1", "Default", List.of(isolated));
    int port = scheduler.port();
    scheduler.close();
    engine.restart();
    scheduler = new SchedulerRig(engineUrl(), port, SchedulerRig.OFTEN);
    waitFor(() -> scheduler.keeper().status().filter() == FilterState.DISABLED);
    assertThat(scheduler.keeper().status().problems())
        .anyMatch(text -> text.contains("has disabled the filter isolated_ports"));
    // Nobody asks us: the VM starts where it should not.
    startVm(vm);
    engine.restart();
    waitFor(() -> scheduler.keeper().status().filter() == FilterState.ENABLED);
    assertThat(scheduler.keeper().status().lastDiscovered()).isPresent();
  }

  private void startVm(UUID vm) throws Exception {
    Reply reply = request("POST", "/vms/" + vm + "/start", "{}");
    assertThat(reply.status()).as("%s", reply.body()).isEqualTo(200);
    waitFor(() -> unchecked("GET", "/vms/" + vm).body().get("status").asText().equals("up"));
  }

  /** Joins a host and waits until we know it. */
  private SimulatedHost host(String name, String libvirt, Map<String, Map<String, String>> hooks)
      throws Exception {
    SimulatedHost host =
        new SimulatedHost(
            HostCapabilities.el9()
                .withLibvirt(libvirt)
                .withHooks(hooks)
                .withNetworks(Map.of("ovirtmgmt", "ovirtmgmt", "iso", "iso", "plain", "plain")));
    engine.addHost(name, "Default", host);
    waitFor(
        () ->
            scheduler.keeper().current().hosts().values().stream()
                .anyMatch(known -> known.host().name().equals(name)));
    return host;
  }

  private static Map<String, Map<String, String>> report(String list) {
    Map<String, Map<String, String>> hooks = new HashMap<>();
    FitnessRequirements.DEFAULT
        .hookEvents()
        .forEach(event -> hooks.put(event, Map.of("60_isolated_ports", "ab12")));
    hooks.put(
        HostReport.EVENT,
        Map.of(
            HostReport.NAME,
            "version=1.0;" + list + ";watch=yes;filter=yes;libvirt=9.0.0;kernel=5.14"));
    return hooks;
  }

  private List<String> events() {
    List<String> texts = new ArrayList<>();
    unchecked("GET", "/events")
        .body()
        .path("event")
        .forEach(event -> texts.add(event.path("description").asText()));
    return texts;
  }

  private Reply unchecked(String method, String path) {
    try {
      return request(method, path, "");
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private Reply request(String method, String path, String body) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(engine.url() + API + path))
            .header(
                "Authorization",
                "Basic "
                    + Base64.getEncoder()
                        .encodeToString("admin@internal:admin".getBytes(StandardCharsets.UTF_8)))
            .header("Accept", "application/json")
            .header("Content-Type", "application/json")
            .method(method, HttpRequest.BodyPublishers.ofString(body))
            .build();
    HttpResponse<String> answer =
        http.send(request, HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8));
    return new Reply(
        answer.statusCode(),
        answer.body().startsWith("{") ? JSON.readTree(answer.body()) : JSON.createObjectNode());
  }

  private static void waitFor(BooleanSupplier condition) throws InterruptedException {
    long end = System.nanoTime() + Duration.ofSeconds(90).toNanos();
    while (!condition.getAsBoolean() && System.nanoTime() < end) {
      Thread.sleep(20);
    }
    assertThat(condition.getAsBoolean()).as("in time").isTrue();
  }
}
