// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.demo;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.ovirt.isolatedports.lab.Guest;
import org.ovirt.isolatedports.lab.LabHost;
import org.ovirt.isolatedports.lab.Reachability;
import org.ovirt.isolatedports.lab.Station;

/**
 * The demo's second part: the guests of the walk get roles (RFC 5517), then an ACL and a network
 * policy of the Harvester document as they stand there. Each is written over REST, fetched by the
 * hosts with their certificates, read back from their kernels, and measured; beside what was
 * measured stands what our server's {@code reachability} had said.
 */
final class Segments {

  /** The network that the document's examples are about. */
  static final String OF_THE_DOCUMENT = "vswitch1";

  private static final String EXAMPLES = "engine-plugin/core/src/test/resources/policy/seed";

  /** The document's network without any rule. */
  private static final String WITHOUT_RULES =
      """
      apiVersion: kubeovn.io/v1
      kind: Subnet
      metadata: {name: vswitch1}
      spec: {cidrBlock: 172.20.10.0/24, gateway: 172.20.10.1}
      """;

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String PROMISCUOUS = "promiscuous";
  private static final String ISOLATED = "isolated";
  private static final int CONFLICT = 409;

  private final Stage stage;
  private final OurApi api;
  private final Report report;

  Segments(Stage stage, Report report) {
    this.stage = stage;
    this.api = stage.ourApi();
    this.report = report;
  }

  // ---- the steps -------------------------------------------------------------------------------

  /** From here on the hosts keep apart by themselves what the switch kept apart so far. */
  String hostsFetch() {
    String mac =
        stage.lab().gateway().nics().stream()
            .filter(nic -> nic.name().equals(Stage.ISOLATED))
            .map(Station.Nic::mac)
            .findFirst()
            .orElseThrow();
    stage.lab().hosts().forEach(stage.certificates()::startFetch);
    awaitLoaded(Map.of());
    Map<String, String> before = wanted();
    ok(
        api.json(
            "PUT",
            "/networks/" + stage.networkIds().get(Stage.ISOLATED) + "/uplink",
            "{\"mode\": \"gateways\", \"gateways\": {\"gateway\": [\"" + mac + "\"]}}"));
    awaitLoaded(before);
    stage.lab().switchPortsProtected(Stage.ISOLATED, false);
    List<Report.Pair> pairs = measure(Stage.ISOLATED, Report.By.ROLE);
    return Walk.verdict(
        pairs,
        "rulesets of "
            + stage.hostIds().keySet()
            + " are in their kernels; with uplink 'gateways' all "
            + pairs.size()
            + " ordered pairs are as before on a switch that protects nothing");
  }

  /**
   * One VM becomes promiscuous, two on different hosts a community, two others another one; the
   * last stays isolated.
   */
  String roles() {
    Map<String, String> roles = chosenRoles();
    roles.forEach(
        (vm, role) -> {
          if (!role.equals(ISOLATED)) {
            ok(api.json("PUT", vnic(vm, Stage.ISOLATED) + "/role", "{\"role\": \"" + role + "\"}"));
          }
        });
    Stage.await("The hosts do not have the roles", () -> observedRoles().equals(roles));
    List<Report.Pair> pairs = measure(Stage.ISOLATED, Report.By.ROLE);
    for (Report.Pair pair : pairs) {
      Stage.require(
          pair.expected() == connected(role(roles, pair.from()), role(roles, pair.to())),
          "Our server and RFC 5517 disagree about " + pair.from() + " to " + pair.to() + ".");
    }
    return Walk.verdict(pairs, "all " + pairs.size() + " ordered pairs as RFC 5517 says: " + roles);
  }

  String acl() {
    Map<String, String> before = wanted();
    bindAddresses();
    ok(api.yaml("PUT", policies("acls"), example("subnet-acl-1.yaml")));
    awaitLoaded(before);
    List<Report.Pair> pairs = measure(OF_THE_DOCUMENT, Report.By.ACL);
    long apart = pairs.stream().filter(pair -> !pair.expected()).count();
    Stage.require(
        apart > 0 && apart < pairs.size(),
        "The ACL keeps " + apart + " pairs apart, which is odd.");
    return Walk.verdict(
        pairs,
        "subnet-acl-1.yaml as it stands: of "
            + pairs.size()
            + " ordered pairs "
            + apart
            + " no longer answer (172.20.10.0/30 is cut off), as predicted");
  }

  /** Where the kernel tracks no connections on bridges, the refusal is what there is to see. */
  String networkPolicy() {
    Map<String, String> before = wanted();
    ok(api.yaml("PUT", policies("acls"), WITHOUT_RULES));
    awaitLoaded(before);
    before = wanted();
    String path = policies("networkpolicies/ip-block");
    String text = example("networkpolicy-2.yaml");
    OurApi.Answer answer = api.yaml("PUT", path, text);
    if (answer.status() == CONFLICT) {
      ok(api.yaml("PUT", path + "?mode=audit", text));
      List<Report.Pair> pairs = measure(OF_THE_DOCUMENT, Report.By.NETWORK_POLICY);
      return Walk.verdict(
          pairs,
          "networkpolicy-2.yaml is refused, and held in audit, where it drops nothing: "
              + answer.sentence());
    }
    ok(answer);
    awaitLoaded(before);
    List<Report.Pair> pairs = measure(OF_THE_DOCUMENT, Report.By.NETWORK_POLICY);
    return Walk.verdict(
        pairs,
        "networkpolicy-2.yaml as it stands: all "
            + pairs.size()
            + " ordered pairs as predicted, replies to what is allowed included");
  }

  // ---- roles -----------------------------------------------------------------------------------

  /** By VM: both communities span two hosts where the guests' places allow it. */
  private Map<String, String> chosenRoles() {
    List<List<String>> byHost = new ArrayList<>();
    for (LabHost host : stage.lab().hosts()) {
      byHost.add(host.running().stream().map(id -> stage.lab().guest(id).name()).sorted().toList());
    }
    Map<String, String> roles = new TreeMap<>();
    byHost.stream().flatMap(List::stream).forEach(vm -> roles.put(vm, ISOLATED));
    roles.put(byHost.get(0).get(0), PROMISCUOUS);
    roles.put(byHost.get(0).get(1), "community:web");
    roles.put(byHost.get(1).get(0), "community:web");
    roles.put(byHost.get(1).get(1), "community:db");
    roles.keySet().stream()
        .filter(vm -> roles.get(vm).equals(ISOLATED))
        .findFirst()
        .ifPresent(vm -> roles.put(vm, "community:db"));
    return roles;
  }

  private static String role(Map<String, String> roles, String name) {
    return name.equals(Reachability.GATEWAY) ? PROMISCUOUS : roles.get(name);
  }

  private static boolean connected(String one, String other) {
    return one.equals(PROMISCUOUS)
        || other.equals(PROMISCUOUS)
        || (one.equals(other) && !one.equals(ISOLATED));
  }

  /** What the kernels of the hosts do, by VM. */
  private Map<String, String> observedRoles() {
    Map<String, String> observed = new TreeMap<>();
    for (JsonNode port :
        get("/networks/" + stage.networkIds().get(Stage.ISOLATED) + "/ports").path("port")) {
      observed.put(port.path("vm").path("name").asText(), port.path("observed").asText());
    }
    return observed;
  }

  // ---- hosts -----------------------------------------------------------------------------------

  /** The revision that each host is to have. */
  private Map<String, String> wanted() {
    Map<String, String> revisions = new HashMap<>();
    stage
        .hostIds()
        .forEach(
            (name, id) ->
                revisions.put(name, get("/hosts/" + id + "/ruleset").path("revision").asText()));
    return revisions;
  }

  /** Waits until every host has another revision than before in its kernel, and the newest. */
  private void awaitLoaded(Map<String, String> before) {
    Stage.await(
        "Not every host has its ruleset in its kernel",
        () ->
            stage.hostIds().entrySet().stream()
                .allMatch(
                    host -> {
                      JsonNode ruleset = get("/hosts/" + host.getValue() + "/ruleset");
                      String revision = ruleset.path("revision").asText();
                      return !revision.isEmpty()
                          && !revision.equals(before.get(host.getKey()))
                          && revision.equals(ruleset.path("loaded").asText());
                    }));
  }

  // ---- guests ----------------------------------------------------------------------------------

  /**
   * The VM's vNIC on a network, as a path of our API; a vNIC of the demo has its network's name.
   */
  private String vnic(String vm, String network) {
    String vmPath = "/vms/" + vmId(vm);
    for (JsonNode nic : get(vmPath + "/nics").path("nic")) {
      if (nic.path("name").asText().equals(network)) {
        return vmPath + "/nics/" + nic.path("id").asText();
      }
    }
    throw new IllegalStateException("VM " + vm + " has no vNIC on network " + network + ".");
  }

  private String vmId(String vm) {
    return guests().stream()
        .filter(guest -> guest.name().equals(vm))
        .map(Guest::vmId)
        .findFirst()
        .orElseThrow();
  }

  private List<Guest> guests() {
    return stage.lab().hosts().stream()
        .flatMap(host -> host.running().stream())
        .map(stage.lab()::guest)
        .toList();
  }

  /** Policies know the addresses that an administrator gave; here those of the leases. */
  private void bindAddresses() {
    for (Guest guest : guests()) {
      Map<String, String> leases = guest.leases();
      for (JsonNode nic : get("/vms/" + guest.vmId() + "/nics").path("nic")) {
        String mac = nic.path("mac").path("address").asText();
        Optional<String> address = Optional.ofNullable(leases.get(mac));
        if (nic.path("name").asText().equals(OF_THE_DOCUMENT) && address.isPresent()) {
          ok(
              api.json(
                  "PUT",
                  "/vms/" + guest.vmId() + "/nics/" + nic.path("id").asText() + "/labels",
                  "{\"ips\": {\"ip\": [\"" + address.get() + "\"]}}"));
        }
      }
    }
  }

  // ---- predicted and measured
  // --------------------------------------------------------------------

  /** Adds each pair to the report: what our server said of it, and what became of its packets. */
  private List<Report.Pair> measure(String network, Report.By by) {
    JsonNode predicted = get("/networks/" + stage.networkIds().get(network) + "/reachability");
    Map<String, Boolean> answers = new LinkedHashMap<>();
    for (JsonNode pair : predicted.path("pair")) {
      answers.put(
          pair.path("from").asText() + ">" + pair.path("to").asText(),
          pair.path("forward").asBoolean() && pair.path("reply").asBoolean());
    }
    List<Report.Pair> pairs = new ArrayList<>();
    for (Reachability.Row row : stage.lab().reachability(network).rows()) {
      Boolean expected = answers.get(row.from() + ">" + row.to());
      Stage.require(
          expected != null,
          "Our server says nothing of " + row.from() + " to " + row.to() + ": " + answers);
      pairs.add(
          new Report.Pair(
              network, row.from(), row.to(), expected, row.reached(), row.framesSeen(), by));
    }
    pairs.forEach(report::add);
    return pairs;
  }

  // ---- our API ---------------------------------------------------------------------------------

  private String policies(String what) {
    return "/networks/" + stage.networkIds().get(OF_THE_DOCUMENT) + "/" + what;
  }

  private JsonNode get(String path) {
    try {
      return JSON.readTree(ok(api.get(path)).body());
    } catch (IOException e) {
      throw new UncheckedIOException("Our server's answer is no JSON", e);
    }
  }

  private static OurApi.Answer ok(OurApi.Answer answer) {
    Stage.require(
        answer.status() / 100 == 2,
        "Our server answers "
            + answer.request()
            + " with "
            + answer.status()
            + ": "
            + answer.body());
    return answer;
  }

  /** An example of the document, of the core's test data. */
  private String example(String name) {
    try {
      return Files.readString(stage.project().resolve(EXAMPLES).resolve(name));
    } catch (IOException e) {
      throw new UncheckedIOException("An example of the document cannot be read", e);
    }
  }
}
