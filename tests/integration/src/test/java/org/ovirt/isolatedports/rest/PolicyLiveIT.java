// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.rest;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Policies over REST on networks with VMs. Among them the eight examples of the Harvester document,
 * as they stand there: what was written comes back, and what the server says of live VMs is what
 * OVN and Kubernetes decide.
 *
 * <p>One engine for all: the server needs half a minute to notice that an engine's events begin
 * anew, and until then knows of no new VM.
 */
class PolicyLiveIT extends ServerTest {

  private static final Duration SOON = Duration.ofSeconds(90);

  /** An engine that was exchanged is noticed by a look every 30 s. */
  private static final Duration AFTER_EXCHANGE = Duration.ofSeconds(90);

  private static boolean engineIsThere;

  PolicyLiveIT() {
    super(false);
  }

  @Override
  @BeforeEach
  void freshEngine() {
    if (!engineIsThere) {
      super.freshEngine();
      engineIsThere = true;
      String network = blue("first");
      vm("firstvm", network, "10.0.0.2");
      untilSeen(network, 1, AFTER_EXCHANGE);
    }
    asAdministrator();
  }

  private static final String ACLS =
      """
      apiVersion: kubeovn.io/v1
      kind: Subnet
      metadata: {name: blue}
      spec:
        cidrBlock: 10.0.0.0/24
        gateway: 10.0.0.1
        acls:
        - {action: drop, direction: to-lport, priority: 1005, match: ip4.dst == 10.0.0.0/30}
      """;

  private static String policy(String name, String namespace, String spec) {
    return "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: "
        + name
        + ", namespace: "
        + namespace
        + "}\nspec: "
        + spec
        + "\n";
  }

  private String blue(String name) {
    return "/networks/" + attachedNetwork(name, false);
  }

  private static String id(String network) {
    return network.substring("/networks/".length());
  }

  /** A VM with one vNIC on a network, bound to an address. */
  private String vm(String name, String network, String ip) {
    String vm = PolicyRig.vm(rig, engine, name, CLUSTER, profileOf(id(network)));
    ok(us.put(nic(vm) + "/labels", "{\"ips\":{\"ip\":[\"" + ip + "\"]}}"));
    return vm;
  }

  private String nic(String vm) {
    return "/vms/"
        + vm
        + "/nics/"
        + engine.get("/vms/" + vm + "/nics").json().path("nic").path(0).path("id").asText();
  }

  private static Api.Answer ok(Api.Answer answer) {
    assertThat(answer.status()).as(answer.toString()).isIn(200, 201);
    return answer;
  }

  private void untilSeen(String network, int vms) {
    untilSeen(network, vms, SOON);
  }

  private void untilSeen(String network, int vms, Duration limit) {
    EmergencyIT.until(
        limit,
        "the VMs of the network",
        () -> us.get(network + "/reachability").json().path("pair").size() == vms * (vms + 1));
  }

  private Api.Answer yaml(String method, String path, String text, String... headers) {
    return PolicyRig.yaml(us, method, path, text, headers);
  }

  private String forward(String network, String from, String to) {
    return PolicyRig.pair(us.get(network + "/reachability").json(), from, to)
        .path("forward")
        .asText();
  }

  // --- what would be ---

  @Test
  void aDryRunShowsWhatChangesAndStoresNothing() {
    String network = blue("dry");
    vm("web", network, "10.0.0.2");
    vm("db", network, "10.0.0.9");
    untilSeen(network, 2);
    List<String> rows = rig.storedRows();
    JsonNode dry = ok(yaml("PUT", network + "/acls?dry_run=true", ACLS)).json();
    assertThat(dry.path("verdict").asText()).isEqualTo("accepted");
    assertThat(dry.path("warnings").path("warning")).isNotEmpty();
    JsonNode pair = PolicyRig.pair(dry.path("reachability").path("changes"), "db", "web");
    assertThat(pair.path("before").path("forward").asText()).isEqualTo("true");
    assertThat(pair.path("after").path("forward").asText()).isEqualTo("false");
    assertThat(pair.path("after").path("rule").asText()).isEqualTo("acls:8");
    assertThat(us.get(network + "/acls").status()).isEqualTo(404);
    assertThat(rig.storedRows()).isEqualTo(rows);
    Api.Answer audited = ok(yaml("PUT", network + "/acls?mode=audit", ACLS));
    assertThat(audited.json().path("mode").asText()).isEqualTo("audit");
    assertThat(
            PolicyRig.pair(us.get(network + "/reachability").json(), "db", "web")
                .path("forward")
                .asText())
        .as("what is in audit drops nothing")
        .isEqualTo("true");
    JsonNode counted = PolicyRig.pair(us.get(network + "/reachability").json(), "db", "web");
    assertThat(counted.path("would_drop").asText()).isEqualTo("true");
    assertThat(counted.path("audit_rule").asText()).isEqualTo("acls:8");
    JsonNode traced = us.get(network + "/trace?from=db&to=web").json();
    assertThat(traced.path("forward").asText()).isEqualTo("true");
    assertThat(traced.path("would_drop").asText()).isEqualTo("true");
    assertThat(traced.path("audit_rule").asText()).isEqualTo("acls:8");
    rows = rig.storedRows();
    JsonNode removal = ok(us.delete(network + "/acls?dry_run=true")).json();
    assertThat(removal.path("reachability").path("changed").asInt()).isZero();
    ok(us.post(network + "/acls/revisions/1/restore?dry_run=true", ""));
    assertThat(rig.storedRows()).isEqualTo(rows);
    ok(us.put(network + "/acls", "{\"mode\":\"enforce\"}"));
    assertThat(
            PolicyRig.pair(us.get(network + "/reachability").json(), "db", "web")
                .path("forward")
                .asText())
        .isEqualTo("false");
    assertThat(us.get(network + "/trace?from=db&to=web").json().path("rule").asText())
        .isEqualTo("acls:8");
    for (String query :
        List.of(
            "",
            "?from=db",
            "?from=db&to=nobody",
            "?from=db&to=db",
            "?from=db&to=web&port=x",
            "?from=db&to=web&protocol=ip",
            "?from=db&to=web&source_ip=1",
            "?from=db&to=web&x=1")) {
      assertThat(us.get(network + "/trace" + query).status()).as(query).isEqualTo(400);
    }
  }

  // --- sets, labels and names ---

  @Test
  void setsAreJudgedTogetherWithWhatNamesThem() {
    String network = blue("sets");
    vm("web", network, "10.0.0.2");
    vm("db", network, "10.0.0.9");
    untilSeen(network, 2);
    String acls =
        ACLS.replace(
            "match: ip4.dst == 10.0.0.0/30", "match: 'ip4.src == $admins && outport == @fronts'");
    Api.Answer early = yaml("PUT", network + "/acls", acls);
    assertThat(early.status()).isEqualTo(400);
    assertThat(early.detail()).contains("admins");
    ok(us.put(network + "/addresssets/admins", "{\"addresses\":{\"address\":[\"10.0.0.9\"]}}"));
    ok(us.put(network + "/portgroups/fronts", "{\"ports\":{\"port\":[\"web\"]}}"));
    ok(yaml("PUT", network + "/acls", acls));
    assertThat(forward(network, "db", "web")).isEqualTo("false");
    List<String> rows = rig.storedRows();
    Api.Answer removal = us.delete(network + "/addresssets/admins");
    assertThat(removal.status()).as(removal.toString()).isEqualTo(400);
    assertThat(removal.detail()).contains("acls:8:");
    assertThat(us.delete(network + "/portgroups/fronts").status()).isEqualTo(400);
    assertThat(rig.storedRows()).isEqualTo(rows);
    ok(
        us.put(
            network + "/addresssets/admins",
            "{\"addresses\":{\"address\":[\"10.0.0.7\",\"10.1.0.0/16\"]}}"));
    assertThat(forward(network, "db", "web")).isEqualTo("true");
    assertThat(
            us.get(network + "/addresssets")
                .json()
                .path("address_set")
                .path(0)
                .path("addresses")
                .path("address")
                .toString())
        .isEqualTo("[\"10.0.0.7\",\"10.1.0.0/16\"]");
    assertThat(us.get(network + "/addresssets/admins/diff").json().path("diff").asText())
        .contains("-10.0.0.9\n")
        .contains("+10.0.0.7\n");
    ok(us.delete(network + "/acls"));
    ok(us.delete(network + "/addresssets/admins"));
    assertThat(us.get(network + "/addresssets/admins").status()).isEqualTo(404);
  }

  @Test
  void labelsDecideWhoIsSelected() {
    String network = blue("labelled");
    String web = vm("web", network, "10.0.0.2");
    String db = vm("db", network, "10.0.0.9");
    vm("other", network, "10.0.0.10");
    untilSeen(network, 3);
    ok(
        us.put(
            "/vms/" + web + "/labels",
            "{\"labels\":{\"label\":[{\"name\":\"tier\",\"value\":\"front\"}]}}"));
    ok(
        us.xml(
            "PUT",
            "/vms/" + db + "/labels",
            "<vm_labels><labels><label><name>tier</name><value>back</value></label></labels></vm_labels>"));
    ok(
        yaml(
            "POST",
            network + "/networkpolicies",
            policy(
                "back",
                "default",
                "{podSelector: {matchLabels: {tier: back}}, ingress: [{from: [{podSelector: {matchLabels: {tier: front}}}]}]}")));
    assertThat(forward(network, "web", "db")).isEqualTo("true");
    assertThat(forward(network, "other", "db")).isEqualTo("false");
    String path = nic(web) + "/labels";
    String tag = us.get(path).tag();
    ok(
        us.put(
            path,
            "{\"ips\":{\"ip\":[\"10.0.0.2\"]},\"labels\":{\"label\":[{\"name\":\"tier\",\"value\":\"none\"}]}}",
            "If-Match",
            tag));
    assertThat(forward(network, "web", "db"))
        .as("a vNIC's own label goes before its VM's")
        .isEqualTo("false");
    assertThat(us.put(path, "{}", "If-Match", tag).status()).isEqualTo(412);
    ok(
        us.put(
            "/vms/" + db + "/labels",
            "{\"namespace\":\"shop\",\"labels\":{\"label\":[{\"name\":\"tier\",\"value\":\"back\"}]}}"));
    assertThat(forward(network, "other", "db"))
        .as("the policy is of another namespace")
        .isEqualTo("true");
    List<String> rows = rig.storedRows();
    for (String body :
        List.of(
            "[]",
            "null",
            "{\"labels\":5}",
            "{\"labels\":{\"label\":{}}}",
            "{\"labels\":{\"label\":[{}]}}",
            "{\"labels\":{\"label\":[{\"name\":\"-\"}]}}",
            "{\"labels\":{\"label\":[{\"name\":\"a\",\"value\":\"b c\"}]}}",
            "{\"labels\":{\"label\":[{\"name\":\"a\"},{\"name\":\"a\"}]}}",
            "{\"labels\":{\"label\":[{\"name\":\"vm.kubevirt.io/name\",\"value\":\"db\"}]}}",
            "{\"labels\":{\"label\":[{\"name\":\"isolated-ports.ovirt.org/vm-id\",\"value\":\"db\"}]}}",
            "{\"namespace\":\"Shop\"}",
            "{\"namespace\":\"\"}",
            "{\"namespace\":[]}",
            "{\"ips\":{\"ip\":[\"10.0.0.256\"]}}",
            "{\"ips\":\"10.0.0.1\"}",
            "{\"labell\":{}}")) {
      Api.Answer answer = us.put(path, body);
      assertThat(answer.status()).as(body + answer).isEqualTo(400);
    }
    assertThat(us.put("/vms/" + db + "/labels", "{\"ips\":{\"ip\":[]}}").status()).isEqualTo(400);
    ok(us.put(path + "?dry_run=true", "{}"));
    assertThat(rig.storedRows()).isEqualTo(rows);
  }

  @Test
  void nothingIsToldOfVmsThatTheCallerMayNotSee() {
    String network = blue("hidden");
    String id = id(network);
    String web = vm("web", network, "10.0.0.2");
    String secret = vm("secretvm", network, "10.0.0.9");
    untilSeen(network, 2);
    ok(
        yaml(
            "POST",
            network + "/networkpolicies",
            policy(
                "names",
                "default",
                "{podSelector: {matchLabels: {vm.kubevirt.io/name: secretvm}}, ingress: []}")));
    ok(
        yaml(
            "PUT",
            network + "/acls",
            ACLS.replace("ip4.dst == 10.0.0.0/30", "'outport == \"secretvm/nic1\" && ip4'")));
    ok(us.put(network + "/portgroups/all", "{\"ports\":{\"port\":[\"secretvm\"]}}"));
    var seeds = rig.engine().seeds();
    seeds.grant("VnicProfileUser", "user2", "vnic_profile", uuid(profileOf(id)));
    seeds.grant("UserRole", "user2", "vm", uuid(web));
    Api tenant = as("user2");
    assertThat(tenant.get("/vms/" + secret).status()).isEqualTo(404);
    List<Api.Answer> answers = new ArrayList<>();
    for (String path :
        List.of(
            "",
            "/acls",
            "/acls/revisions",
            "/acls/revisions/1",
            "/acls/diff",
            "/networkpolicies",
            "/networkpolicies/names",
            "/networkpolicies/names/revisions/1",
            "/portgroups",
            "/portgroups/all",
            "/reachability",
            "/trace?from=gateway&to=web",
            "/trace?from=gateway&to=secretvm",
            "/trace?from=gateway&to=" + secret,
            "/trace?from=gateway&to=" + secret + "/nic1")) {
      Api.Answer answer = tenant.get(network + path);
      assertThat(answer.status()).as(path + answer).isIn(200, 400, 403);
      answers.add(answer);
      answers.add(PolicyRig.text(tenant, network + path));
    }
    assertThat(tenant.get(network + "/acls").status()).isEqualTo(403);
    assertThat(
            tenant
                .get(network + "/networkpolicies")
                .json()
                .path("network_policy")
                .path(0)
                .has("yaml"))
        .isFalse();
    // An ACL that names it is cited by its place alone.
    String traced = network + "/trace?from=gateway&to=web";
    assertThat(us.get(traced).body()).contains("outport").contains("acls:");
    Api.Answer told = tenant.get(traced);
    assertThat(told.status()).as(told.toString()).isEqualTo(200);
    assertThat(told.body()).contains("acls:").doesNotContain("outport");
    // What the caller asked for itself is no secret.
    assertThat(answers)
        .allSatisfy(
            answer ->
                assertThat(answer.body().replaceFirst("There is no VM \\S+ on", ""))
                    .doesNotContain("secretvm")
                    .doesNotContain(secret));
    // Who may edit the network and does not see the VM learns nothing of it either.
    seeds.grant("NetworkAdmin", "user3", "network", uuid(id));
    // Without the filter, the engine shows every VM to a user with a role of administrators.
    Api owner =
        new Api(rig.api(), "Bearer " + Api.token(rig.engineUrl(), "user3"), "Filter", "true");
    assertThat(owner.get("/vms/" + secret).status()).isEqualTo(404);
    Api.Answer named =
        PolicyRig.yaml(
            owner,
            "PUT",
            network + "/networkpolicies/x?dry_run=true",
            policy(
                "x", "default", "{podSelector: {matchLabels: {vm.kubevirt.io/name: secretvm}}}"));
    assertThat(named.status()).as(named.toString()).isEqualTo(400);
    assertThat(named.detail()).contains("no VM named secretvm");
    writesTellNothingEither(owner, network);
    rig.database()
        .execute(
            org.ovirt.isolatedports.rig.Database.OWN,
            "UPDATE policy_pin SET vm_id = '00000000-0000-4000-8000-00000000dead'"
                + " WHERE vm_name = 'secretvm'");
    assertThat(us.get(network + "/acls").status()).as("the VM it names is gone").isEqualTo(200);
  }

  /** Neither the text that a change of the mode keeps, nor what a set does to it. */
  private void writesTellNothingEither(Api owner, String network) {
    List<String> rows = rig.storedRows();
    String audit = "{\"mode\":\"audit\"}";
    for (String path : List.of("/acls", "/acls?dry_run=true", "/networkpolicies/names")) {
      Api.Answer kept = owner.put(network + path, audit);
      assertThat(kept.status()).as(path + kept).isEqualTo(403);
      assertThat(kept.body()).doesNotContain("secretvm");
      Api.Answer asText =
          PolicyRig.send(
              owner, "PUT", network + path, audit, "application/json", "application/yaml");
      assertThat(asText.status()).as(path + asText).isEqualTo(403);
    }
    assertThat(rig.storedRows()).as("what is refused is not stored").isEqualTo(rows);
    String set = network + "/addresssets/admins";
    String addresses = "{\"addresses\":{\"address\":[\"10.0.0.9\"]}}";
    for (String query : List.of("?dry_run=true", "")) {
      Api.Answer written = ok(owner.put(set + query, addresses));
      assertThat(written.body()).doesNotContain("secretvm").contains("VMs that you may not see");
    }
    ok(
        yaml(
            "PUT",
            network + "/acls",
            ACLS.replace(
                "ip4.dst == 10.0.0.0/30", "'outport == \"secretvm/nic1\" && ip4.src == $admins'")));
    rows = rig.storedRows();
    Api.Answer removal = owner.delete(set);
    assertThat(removal.status()).as(removal.toString()).isEqualTo(400);
    assertThat(removal.detail()).contains("names VMs that you may not see").doesNotContain("acls:");
    assertThat(us.delete(set).detail()).contains("acls:8:");
    assertThat(rig.storedRows()).isEqualTo(rows);
  }

  // --- the document ---

  private final Map<String, String> vms = new HashMap<>();
  private String network;

  private void documentsNetwork(String name) {
    network = "/networks/" + attachedNetwork(name, false);
    String profile = profileOf(network.substring("/networks/".length()));
    for (String address : PolicyRig.ADDRESSES) {
      String vmName = PolicyRig.vm(address);
      String vm = PolicyRig.vm(rig, engine, vmName, CLUSTER, profile);
      vms.put(vmName, vm);
      String nic =
          engine.get("/vms/" + vm + "/nics").json().path("nic").path(0).path("id").asText();
      Api.Answer said =
          us.put(
              "/vms/" + vm + "/nics/" + nic + "/labels",
              "{\"ips\":{\"ip\":[\"" + address + "\"]}}");
      assertThat(said.status()).as(said.toString()).isEqualTo(200);
    }
    EmergencyIT.until(
        SOON, "all VMs of the document", () -> reachability("").path("pair").size() == 30);
  }

  private JsonNode reachability(String query) {
    Api.Answer answer = us.get(network + "/reachability" + query);
    assertThat(answer.status()).as(answer.toString()).isEqualTo(200);
    return answer.json();
  }

  /** Writes an example and reads it back. */
  private void write(String path, String text) {
    Api.Answer written = PolicyRig.yaml(us, "PUT", network + path, text);
    assertThat(written.status()).as(written.toString()).isIn(200, 201);
    Api.Answer read = PolicyRig.text(us, network + path);
    assertThat(read.body()).isEqualTo(text);
    assertThat(read.header("Content-Type")).contains("application/yaml");
  }

  private void agrees(JsonNode truth, String query) {
    JsonNode reachability = reachability(query);
    int compared = 0;
    for (var source : truth.properties()) {
      for (var destination : source.getValue().properties()) {
        String from = PolicyRig.vm(source.getKey());
        String to = PolicyRig.vm(destination.getKey());
        String expected = destination.getValue().asText();
        JsonNode pair = PolicyRig.pair(reachability, from, to);
        assertThat(pair.path("forward").asText()).as(pair.toString()).isEqualTo(expected);
        compared++;
      }
    }
    assertThat(compared).isEqualTo(20);
  }

  private void traceAgrees(JsonNode truth, String query) {
    for (var source : truth.properties()) {
      var destination = source.getValue().properties().iterator().next();
      JsonNode traced =
          us.get(
                  network
                      + "/trace?from="
                      + vms.get(PolicyRig.vm(source.getKey()))
                      + "&to="
                      + PolicyRig.vm(destination.getKey())
                      + query)
              .json();
      assertThat(traced.path("forward").asText())
          .as(traced.toString())
          .isEqualTo(destination.getValue().asText());
    }
  }

  @Test
  void subnetAclsAreWhatOvnDecides() {
    documentsNetwork("vswitch1");
    JsonNode truth = PolicyRig.truth("subnet-acl-truth.json");
    for (int example = 1; example <= 4; example++) {
      write("/acls", PolicyRig.resource("seed/subnet-acl-" + example + ".yaml"));
      JsonNode expected = truth.path("ex" + example);
      agrees(expected.path("icmp"), "");
      agrees(expected.path("tcp80"), "?protocol=tcp&source_port=40000&port=80");
      agrees(expected.path("tcp9501"), "?protocol=tcp&source_port=9501&port=80");
      traceAgrees(expected.path("tcp9501"), "&protocol=tcp&source_port=9501&port=80");
      JsonNode pings = reachability("");
      for (var source : expected.path("ping_gateway").properties()) {
        JsonNode pair = PolicyRig.pair(pings, PolicyRig.vm(source.getKey()), "gateway");
        boolean answered =
            pair.path("forward").asText().equals("true")
                && pair.path("reply").asText().equals("true");
        assertThat(answered).as(pair.toString()).isEqualTo(source.getValue().asBoolean());
      }
    }
    assertThat(us.get(network + "/acls/revisions").json().path("revision")).hasSize(4);
  }

  @Test
  void networkPoliciesAreWhatKubernetesDecides() {
    documentsNetwork("vswitch2");
    write("/acls", PolicyRig.ADDRESSES_ONLY);
    JsonNode truth = PolicyRig.truth("networkpolicy-truth.json");
    for (int example = 1; example <= 4; example++) {
      write(
          "/networkpolicies/ip-block",
          PolicyRig.resource("seed/networkpolicy-" + example + ".yaml"));
      JsonNode expected = truth.path("ex" + example);
      for (String flow : List.of("", "?protocol=udp&source_port=5000&port=53")) {
        agrees(expected.path("connect"), flow);
        JsonNode reachability = reachability(flow);
        for (var source : expected.path("to_gateway").properties()) {
          JsonNode pair = PolicyRig.pair(reachability, PolicyRig.vm(source.getKey()), "gateway");
          assertThat(pair.path("forward").asText())
              .as(pair.toString())
              .isEqualTo(source.getValue().asText());
        }
      }
      traceAgrees(expected.path("connect"), "");
    }
    // Example 4 selects VM2 by its name, which a tenant can change: the VM stays the one meant.
    JsonNode before = reachability("");
    assertThat(engine.put("/vms/" + vms.get("VM2"), "{\"name\":\"renamed\"}").status())
        .isEqualTo(200);
    EmergencyIT.until(
        SOON, "the new name", () -> reachability("").toString().contains("\"renamed\""));
    assertThat(reachability("").toString().replace("\"renamed\"", "\"VM2\""))
        .isEqualTo(before.toString());
  }
}
