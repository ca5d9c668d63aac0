// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.standin.contract;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;

/**
 * The second round of recordings, of another engine: answered as recorded, or listed in {@code
 * left-out-second-round} with the reason. It was recorded beside the product, whose own networks
 * are in the engine's lists; they are made here when they first show.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SecondRoundTest {
  private static final String API = "/ovirt-engine/api";

  /** What was there before the first recording: recorded id, list, kind, name. */
  private static final List<List<String>> BEFORE =
      List.of(
          List.of("cb299b7c-eab5-11f1-b21d-02fc00000001", "datacenters", "data_center", "Default"),
          List.of("0141fa6b-9cef-4625-8170-6f585ca4ca6c", "datacenters", "data_center", "dc48"),
          List.of("1dc82273-fb0b-4edc-8738-77f63bb273cc", "datacenters", "data_center", "dc44"),
          List.of("cb404bf6-eab5-11f1-b6bb-02fc00000001", "clusters", "cluster", "Default"),
          List.of("f17f0080-29a2-4661-907e-d535488ebb36", "clusters", "cluster", "cl48"),
          List.of("d319aa92-4df3-4b4a-a930-6ab3cd004f63", "clusters", "cluster", "cl44"),
          List.of("58fd6ad8-661f-4af3-af17-edd96c93acab", "clusters", "cluster", "cl48ovs"));

  /**
   * A network that the product or somebody by hand had made: no recording shows more of it than its
   * use.
   *
   * @param more what it was made with, as it shows there
   */
  private record Made(String id, String name, String dataCenter, String more) {}

  private static final String ISOLATED = ",\"port_isolation\":true";

  private static final List<Made> MADE =
      List.of(
          new Made("1c31d7f9-e263-4802-95b1-152898f5e844", "iso44", "dc44", ISOLATED),
          new Made("82491064-d90b-4e01-b9e3-d1fa1a5ce7bc", "iso44x", "dc44", ISOLATED),
          new Made(
              "e70cc0bc-eaee-4ebb-8702-64e2874f2901",
              "tenants",
              "dc48",
              ISOLATED + ",\"description\":\"real\""),
          new Made(
              "6fb06ef4-aefa-4f5b-b9d0-8e0879d37fca",
              "hk",
              "dc48",
              ",\"vlan\":{\"id\":300},\"description\":\"z\""),
          new Made("483d5c73-1963-4054-8e78-c9676be54870", "hk44", "dc44", ""),
          new Made("6ffc2ec0-ca03-48be-b2a8-4dc69955f52d", "labelled", "dc48", ""));

  /** The default profile of the network hk, and the management network of dc48. */
  private static final String HK_PROFILE = "c675a8e6-7739-48dd-8044-8a311dc5fb16";

  private static final String MANAGEMENT = "139b90a1-fe3a-4e1c-b57b-b2097ffd6bec";

  /** The recorded hosts, which joined before the VMs were started. */
  private static final Map<String, String> HOSTS =
      Map.of(
          "4c02bced-57b9-4d6e-b97d-f1d089851034", "host2",
          "03602319-ad76-46ac-86e5-850c4bbc56a7", "host3",
          "611cb4f5-b998-4ece-a392-56b9e93c910b", "host4");

  private static final Pattern ID =
      Pattern.compile("[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}");

  private static final List<Exchange> EXCHANGES = Exchange.load("rest-second-round.jsonl.gz");

  /** With these the comparison began anew. */
  private static final Set<String> NEW_PASS =
      Set.of("r2-164-get.json", "r2-199-create-iso-vlan.xml");

  private final JsonMapper json = new JsonMapper();
  private Map<String, JsonNode> recorded = Map.of();
  private Story story;

  @BeforeAll
  void start() throws IOException, InterruptedException {
    story = new Story();
    dataCenter("dc48", 8);
    dataCenter("dc44", 4);
    cluster("cl48", "dc48", 8, "legacy");
    cluster("cl44", "dc44", 4, "legacy");
    cluster("cl48ovs", "dc48", 8, "ovs");
    recorded = networks();
    for (List<String> each : BEFORE) {
      story.bodies().learn(each.get(0), story.idOf("/" + each.get(1), each.get(2), each.get(3)));
    }
    learnManagementNetwork();
  }

  private void dataCenter(String name, int minor) throws IOException, InterruptedException {
    story.ask(
        "POST",
        "/datacenters",
        "{\"name\":\"" + name + "\",\"local\":false,\"version\":" + version(minor) + "}");
  }

  private void cluster(String name, String dataCenter, int minor, String switchType)
      throws IOException, InterruptedException {
    story.ask(
        "POST",
        "/clusters",
        "{\"name\":\""
            + name
            + "\",\"cpu\":{\"architecture\":\"x86_64\",\"type\":\"Intel Nehalem Family\"},"
            + "\"data_center\":{\"id\":\""
            + story.idOf("/datacenters", "data_center", dataCenter)
            + "\"},\"switch_type\":\""
            + switchType
            + "\",\"version\":"
            + version(minor)
            + "}");
  }

  private static String version(int minor) {
    return "{\"major\":4,\"minor\":" + minor + "}";
  }

  @AfterAll
  void stop() {
    story.close();
  }

  @TestFactory
  Stream<DynamicTest> everyRecordingIsAnsweredAsRecordedOrLeftOut() {
    return new Replay("/recordings/left-out-second-round", this::play).of(EXCHANGES);
  }

  private List<String> play(Exchange exchange) throws IOException, InterruptedException {
    if (NEW_PASS.contains(exchange.name())) {
      startAnew();
    }
    catchUp(exchange);
    ensure(exchange);
    meanwhile(exchange);
    return story.play(exchange);
  }

  /** The recorded comparison was run three times, and took its networks away in between. */
  private void startAnew() throws IOException, InterruptedException {
    for (JsonNode network : story.own("/networks").path("network")) {
      if (network.path("name").asText().matches("[ep]x.*")) {
        story.ask("DELETE", "/networks/" + network.path("id").asText(), "");
      }
    }
  }

  /** What was done between two recordings. */
  private void meanwhile(Exchange exchange) throws IOException, InterruptedException {
    switch (exchange.name()) {
      case "r2-196-detach.json" -> {
        String path = story.bodies().mapped(exchange.path());
        int last = path.lastIndexOf('/');
        story.ask(
            "POST",
            path.substring(API.length(), last),
            "{\"id\":\"" + path.substring(last + 1) + "\",\"required\":false}");
      }
      case "r2-245-t4.json" -> {
        for (Map.Entry<String, String> host : HOSTS.entrySet()) {
          story.join(host.getValue(), "cl48");
          story.bodies().learn(host.getKey(), story.idOf("/hosts", "host", host.getValue()));
        }
      }
      case "r2-249-t4.json" ->
          // The recorded data center had no storage the first time; it does not matter here.
          story.ask("DELETE", "/vms/" + story.idOf("/vms", "vm", "vmiso"), "");
      case "r2-258-start-fit-again.json",
          "r2-283-start-while-product-down.json",
          "r2-284-start-after-product-restart.json" ->
          story.ask(
              "POST",
              story
                  .bodies()
                  .mapped(exchange.path())
                  .replace("/start", "/stop")
                  .substring(API.length()),
              "{}");
      case "r2-270-guard.json" -> story.registerPortIsolation();
      case "r2-292-guardh.json" ->
          story.ask(
              "PUT",
              story.bodies().mapped(exchange.path()).substring(API.length()),
              "{\"usages\":{\"usage\":[\"vm\"]}}");
      default -> {
        // Nothing else.
      }
    }
  }

  private void make(Made network) throws IOException, InterruptedException {
    String dataCenter = story.idOf("/datacenters", "data_center", network.dataCenter());
    story.ask(
        "POST",
        "/networks",
        "{\"name\":\""
            + network.name()
            + "\",\"data_center\":{\"id\":\""
            + dataCenter
            + "\"}"
            + network.more()
            + "}");
    story.bodies().learn(network.id(), story.idOf("/networks", "network", network.name()));
  }

  private boolean isUnknown(String id) {
    return story.bodies().mapped(id).equals(id);
  }

  /** What is known by its id alone. */
  private void ensureMade(String id) throws IOException, InterruptedException {
    for (Made network : MADE) {
      if (network.id().equals(id) && isUnknown(id)) {
        make(network);
      }
    }
    if (id.equals(HK_PROFILE) && isUnknown(id)) {
      story.bodies().learn(id, story.idOf("/vnicprofiles", "vnic_profile", "hk"));
    }
  }

  /** Before a list shows it among others of the same name. */
  private void learnManagementNetwork() throws IOException, InterruptedException {
    String dataCenter = story.idOf("/datacenters", "data_center", "dc48");
    for (JsonNode each : story.own("/networks").path("network")) {
      if (key(each).equals("ovirtmgmt@" + dataCenter)) {
        story.bodies().learn(MANAGEMENT, each.path("id").asText());
      }
    }
  }

  /** What was made in the second and third run was not recorded, only what was asked of it. */
  private void ensure(Exchange exchange) throws IOException, InterruptedException {
    Matcher ids = ID.matcher(exchange.path() + exchange.requestBody());
    while (ids.find()) {
      ensureMade(ids.group());
      JsonNode network = recorded.get(ids.group());
      if (network != null && story.bodies().mapped(ids.group()).equals(ids.group())) {
        make(network);
        story
            .own("/networks")
            .path("network")
            .elements()
            .forEachRemaining(
                each -> {
                  if (key(each).equals(mappedKey(network))) {
                    story.bodies().learn(ids.group(), each.path("id").asText());
                  }
                });
      }
    }
  }

  /** The networks of the comparisons as the engine showed them, by id. */
  private Map<String, JsonNode> networks() {
    Map<String, JsonNode> byId = new HashMap<>();
    for (Exchange exchange : EXCHANGES) {
      if (exchange.body().isEmpty() || exchange.status() >= 300) {
        continue;
      }
      if (exchange.isJson()) {
        collect(exchange.body(), byId);
      } else if (exchange.isXml()) {
        collectXml(exchange.body(), byId);
      }
    }
    return byId;
  }

  private void collect(String body, Map<String, JsonNode> byId) {
    try {
      for (JsonNode parent : json.readTree(body).findParents("vdsm_name")) {
        note(parent, byId);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void note(JsonNode network, Map<String, JsonNode> byId) {
    if (network.path("name").asText().matches("[ep]x.*")) {
      byId.putIfAbsent(network.path("id").asText(), network);
    }
  }

  private void collectXml(String body, Map<String, JsonNode> byId) {
    for (JsonNode parent : story.bodies().read(body, true).findParents("vdsm_name")) {
      ObjectNode network = json.createObjectNode();
      for (String member :
          List.of("name", "mtu", "port_isolation", "stp", "description", "comment")) {
        if (parent.has(member)) {
          network.set(member, parent.path(member).path(0));
        }
      }
      network.put("id", parent.path("id").asText());
      JsonNode dns = parent.path("dns_resolver_configuration").path(0).path("name_servers").path(0);
      if (dns.has("name_server")) {
        network
            .putObject("dns_resolver_configuration")
            .putObject("name_servers")
            .set("name_server", dns.path("name_server"));
      }
      if (parent.has("vlan")) {
        network.putObject("vlan").set("id", parent.path("vlan").path(0).path("id"));
      }
      if (parent.path("usages").path(0).has("usage")) {
        network.putObject("usages").set("usage", parent.path("usages").path(0).path("usage"));
      } else {
        network.putObject("usages").putArray("usage");
      }
      network.putObject("data_center").set("id", parent.path("data_center").path(0).path("id"));
      note(network, byId);
    }
  }

  private void make(JsonNode network) throws IOException, InterruptedException {
    ObjectNode copy = json.createObjectNode();
    for (String member :
        List.of(
            "name",
            "mtu",
            "port_isolation",
            "stp",
            "usages",
            "vlan",
            "description",
            "comment",
            "dns_resolver_configuration")) {
      if (network.has(member)) {
        copy.set(member, network.get(member));
      }
    }
    copy.putObject("data_center").put("id", dataCenterOf(network));
    story.ask("POST", "/networks", copy.toString());
  }

  /** Makes the networks that the product made between two recordings. */
  private void catchUp(Exchange exchange) throws IOException, InterruptedException {
    if (!exchange.isJson()
        || !exchange.path().equals(API + "/networks")
        || !exchange.method().equals("GET")
        || exchange.status() != 200) {
      return;
    }
    Set<String> ours = new HashSet<>();
    story.own("/networks").path("network").forEach(each -> ours.add(key(each)));
    for (JsonNode network : json.readTree(exchange.body()).path("network")) {
      if (network.path("name").asText().startsWith("px") && !ours.contains(mappedKey(network))) {
        make(network);
      }
    }
  }

  private String mappedKey(JsonNode network) {
    return network.path("name").asText() + "@" + dataCenterOf(network);
  }

  private static String key(JsonNode network) {
    return network.path("name").asText() + "@" + network.path("data_center").path("id").asText();
  }

  private String dataCenterOf(JsonNode network) {
    return story.bodies().mapped(network.path("data_center").path("id").asText());
  }
}
