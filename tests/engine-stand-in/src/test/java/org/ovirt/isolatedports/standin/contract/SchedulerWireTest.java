// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.standin.contract;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.ovirt.isolatedports.standin.Client;
import org.ovirt.isolatedports.standin.EngineStandIn;
import org.ovirt.isolatedports.standin.host.HostCapabilities;
import org.ovirt.isolatedports.standin.host.SimulatedHost;

/** What the stand-in sends to an external scheduler is what the engine was recorded to send. */
class SchedulerWireTest {
  private static final Pattern ID = Pattern.compile("[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}");

  private static final String VM =
      "{\"name\":\"vm1\",\"cluster\":{\"name\":\"Default\"},\"template\":{\"name\":\"Blank\"}}";

  private ScriptedScheduler scheduler;
  private EngineStandIn engine;
  private Client client;
  private String policy;

  @BeforeEach
  void start() throws IOException {
    scheduler = new ScriptedScheduler();
    engine = EngineStandIn.builder().externalScheduler(scheduler.url()).start();
    client = Client.bearer(engine.url(), "admin", "admin");
    policy = "/schedulingpolicies/" + client.post("/schedulingpolicies", "{\"name\":\"lab\"}").id();
    add("filters", "lab_filter", "");
    add("weights", "lab_score", "\"factor\":2,");
    add("balances", "lab_balance", "");
    String cluster = client.get("/clusters").body().at("/cluster/0/id").asText();
    client.put(
        "/clusters/" + cluster,
        "{\"scheduling_policy\":{\"id\":\""
            + policy.substring(20)
            + "\"},\"custom_scheduling_policy_properties\":{\"property\":[{\"name\":\"labkey\","
            + "\"value\":\"77\"}]}}");
  }

  private void add(String kind, String unit, String more) {
    String id =
        client
            .get("/schedulingpolicyunits?search=name%3D" + unit)
            .body()
            .at("/scheduling_policy_unit/0/id")
            .asText();
    assertThat(
            client
                .post(
                    policy + "/" + kind,
                    "{" + more + "\"scheduling_policy_unit\":{\"id\":\"" + id + "\"}}")
                .status())
        .isEqualTo(200);
  }

  @AfterEach
  void stop() {
    engine.close();
    scheduler.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"discover", "runFilters", "runCostFunctions", "runLoadBalancing"})
  void sendsWhatTheEngineSends(String method) throws IOException {
    engine.balanceClusters();
    addHosts();
    startedVm();
    ScriptedScheduler.Asked asked =
        scheduler.asked().stream()
            .filter(each -> each.method().equals(method))
            .findFirst()
            .orElseThrow();
    String recorded;
    try (InputStream in =
        getClass().getResourceAsStream("/recordings/scheduler/" + method + ".http")) {
      recorded = new String(in.readAllBytes(), StandardCharsets.UTF_8).replace("\r", "");
    }
    String[] parts = recorded.split("\n\n", 2);
    assertThat(numbered(asked.body())).isEqualTo(numbered(parts[1]));
    assertThat(headers(asked.head())).isEqualTo(headers(parts[0]));
  }

  @Test
  void migrationAsksWithoutTheSource() {
    addHosts();
    String vm = startedVm();
    assertThat(client.post("/vms/" + vm + "/migrate", "{}").status()).isEqualTo(200);
    List<List<String>> hosts =
        scheduler.asked().stream()
            .filter(each -> each.method().equals("runFilters"))
            .map(each -> ScriptedScheduler.hosts(each.body()))
            .toList();
    assertThat(hosts).hasSize(2);
    String source = client.get("/vms/" + vm).body().at("/host/id").asText();
    assertThat(hosts.get(0)).hasSize(2);
    assertThat(hosts.get(1)).hasSize(1);
    assertThat(source).isNotEmpty();
  }

  @Test
  void aSchedulerThatWasNotThereAtTheStartIsAskedForNothingUntilTheNext() {
    engine.engineConfig().set("ExternalSchedulerServiceURL", "http://127.0.0.1:1/", "general");
    engine.restart();
    engine.engineConfig().set("ExternalSchedulerServiceURL", scheduler.url().toString(), "general");
    int before = scheduler.asked().size();
    addHosts();
    startedVm();
    assertThat(scheduler.asked()).hasSize(before);
    assertThat(client.get("/schedulingpolicyunits?search=name%3Dlab_filter").body().toString())
        .contains("\"enabled\":\"false\"");
    assertThat(client.get("/events?search=type%3D9920").body().get("event")).hasSize(1);
    engine.restart();
    assertThat(scheduler.asked()).hasSize(before + 1);
    assertThat(client.get("/schedulingpolicyunits?search=name%3Dlab_filter").body().toString())
        .contains("\"enabled\":\"true\"");
  }

  @Test
  void aSchedulerThatFailsIsLoggedOnceAMinuteAndTheVmStarts() {
    addHosts();
    scheduler.answerFilters(body -> new ScriptedScheduler.Reply(500, ""));
    startedVm();
    client.post("/vms", VM.replace("vm1", "vm2"));
    assertThat(client.get("/events?search=type%3D9920").body().get("event")).hasSize(1);
  }

  private void addHosts() {
    for (String host : List.of("host2", "host3")) {
      engine.addHost(
          host,
          "Default",
          new SimulatedHost(HostCapabilities.el9().withNetworks(Map.of("ovirtmgmt", "ovirtmgmt"))));
    }
  }

  /** The id of a VM that runs. */
  private String startedVm() {
    String vm = client.post("/vms", VM).id();
    assertThat(client.post("/vms/" + vm + "/start", "{}").status()).isEqualTo(200);
    while (!client.get("/vms/" + vm).body().get("status").asText().equals("up")) {
      Thread.onSpinWait();
    }
    return vm;
  }

  /** The request line and the headers by name, but for the port of the host. */
  private static Map<String, String> headers(String head) {
    Map<String, String> headers = new TreeMap<>();
    String[] lines = head.split("\n", -1);
    headers.put("", lines[0]);
    for (int i = 1; i < lines.length; i++) {
      String[] parts = lines[i].split(": ", 2);
      String value = parts.length > 1 ? parts[1].replaceFirst("127.0.0.1:\\d+", "HOST") : "";
      headers.put(parts[0].toLowerCase(Locale.ROOT), value);
    }
    return headers;
  }

  /** Ids replaced by their number in the text. */
  private static String numbered(String text) {
    Map<String, String> numbers = new LinkedHashMap<>();
    Matcher matcher = ID.matcher(text);
    return matcher.replaceAll(
        found -> numbers.computeIfAbsent(found.group(), id -> "ID" + numbers.size()));
  }
}
