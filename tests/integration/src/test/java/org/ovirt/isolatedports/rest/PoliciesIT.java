// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.rest;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Writing policies over REST: bodies, places, versions. {@link PolicyLiveIT} has those with VMs.
 */
class PoliciesIT extends ServerTest {

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

  private static final Duration SOON = Duration.ofSeconds(90);

  PoliciesIT() {
    super(false);
  }

  private static String policy(String name, String namespace, String spec) {
    return "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: "
        + name
        + ", namespace: "
        + namespace
        + "}\nspec: "
        + spec
        + "\n";
  }

  private String blue() {
    return "/networks/" + attachedNetwork("blue", false);
  }

  private static String id(String network) {
    return network.substring("/networks/".length());
  }

  private static Api.Answer ok(Api.Answer answer) {
    assertThat(answer.status()).as(answer.toString()).isIn(200, 201);
    return answer;
  }

  private Api.Answer yaml(String method, String path, String text, String... headers) {
    return PolicyRig.yaml(us, method, path, text, headers);
  }

  // --- what is written comes back ---

  @Test
  void whatIsWrittenComesBackByteForByteInEveryForm() {
    String network = blue();
    String odd =
        "\ufeff# caf\u00e9 \ud83d\ude00\r\n---\r\n" + ACLS.replace("\n", "\r\n") + "\t\n\n# end";
    odd = odd.replace("\t\n", "\n");
    for (String text : List.of(ACLS, odd)) {
      ok(yaml("PUT", network + "/acls", text));
      assertThat(PolicyRig.text(us, network + "/acls").body()).isEqualTo(text);
      assertThat(us.get(network + "/acls").json().path("yaml").asText()).isEqualTo(text);
      String xml = us.xml("GET", network + "/acls", "").body();
      String field = xml.substring(xml.indexOf("<yaml>"), xml.indexOf("</yaml>") + 7);
      ok(us.xml("PUT", network + "/acls", "<acls>" + field + "</acls>"));
      assertThat(PolicyRig.text(us, network + "/acls").body()).as("through XML").isEqualTo(text);
      // What was read can be sent back.
      ok(us.put(network + "/acls", us.get(network + "/acls").body()));
      assertThat(PolicyRig.text(us, network + "/acls").body()).as("through JSON").isEqualTo(text);
    }
    for (String type :
        List.of("text/yaml", "application/x-yaml", "application/yaml;charset=utf-8")) {
      Api.Answer answer =
          PolicyRig.send(us, "PUT", network + "/acls", ACLS, type, "application/json");
      assertThat(answer.status()).as(type).isEqualTo(200);
    }
  }

  @Test
  void policiesOfOneNameInSeveralNamespaces() {
    String network = blue();
    String path = network + "/networkpolicies";
    Api.Answer added = yaml("POST", path, policy("deny", "default", "{podSelector: {}}"));
    assertThat(added.status()).as(added.toString()).isEqualTo(201);
    assertThat(added.header("Location").orElseThrow()).endsWith(path + "/deny");
    assertThat(yaml("POST", path, policy("deny", "default", "{podSelector: {}}")).status())
        .isEqualTo(409);
    ok(yaml("POST", path, policy("deny", "shop", "{podSelector: {}}")));
    Api.Answer ambiguous = us.get(path + "/deny");
    assertThat(ambiguous.status()).isEqualTo(409);
    assertThat(ambiguous.detail()).contains("default, shop");
    assertThat(us.get(path + "/deny?namespace=shop").json().path("namespace").asText())
        .isEqualTo("shop");
    assertThat(us.get(path).json().path("network_policy")).hasSize(2);
    assertThat(PolicyRig.text(us, path).body().split("(?m)^---$")).hasSize(3);
    ok(us.delete(path + "/deny?namespace=shop"));
    assertThat(us.get(path + "/deny").json().path("namespace").asText()).isEqualTo("default");
    assertThat(us.get(path + "/deny?namespace=shop").status()).isEqualTo(404);
  }

  // --- bodies ---

  /** A request that must be refused. */
  private void refusedBody(int status, String said, Api.Answer answer) {
    assertThat(answer.status()).as(answer.toString()).isEqualTo(status);
    if (!said.isEmpty()) {
      assertThat(answer.detail()).contains(said);
    }
  }

  @Test
  void bodiesThatAreNoneAreRefusedAndStoreNothing() {
    String network = blue();
    String acls = network + "/acls";
    List<String> rows = rig.storedRows();
    for (String text :
        List.of(
            "", " ", "# nothing\n", "---\n", "null\n", "[]\n", "5\n", "a: b\n", "\u0000", "{")) {
      refusedBody(400, "", yaml("PUT", acls, text));
    }
    for (String body :
        List.of(
            "{}",
            "null",
            "[]",
            "5",
            "{\"yaml\":null}",
            "{\"yaml\":[]}",
            "{\"yaml\":{}}",
            "{\"yaml\":5}",
            "{\"yaml\":\"\"}",
            "{\"yaml\":true}",
            "{\"acls\":\"x\"}",
            "{\"yaml\":\"x\",\"mode\":null}",
            "{\"yaml\":\"x\",\"comment\":[1]}")) {
      refusedBody(400, "", us.put(acls, body));
    }
    refusedBody(404, "", us.put(acls, "{\"mode\":\"audit\"}"));
    refusedBody(400, "enforce or audit", yaml("PUT", acls + "?mode=off", ACLS));
    refusedBody(400, "enforce or audit", yaml("PUT", acls + "?mode=", ACLS));
    refusedBody(400, "not known", yaml("PUT", acls + "?dryrun=true", ACLS));
    refusedBody(400, "true or false", yaml("PUT", acls + "?dry_run=1", ACLS));
    refusedBody(400, "there twice", yaml("PUT", acls + "?comment=a&comment=b", ACLS));
    refusedBody(400, "1000", yaml("PUT", acls + "?comment=" + "x".repeat(1001), ACLS));
    for (String type : List.of("text/plain", "application/yaml;charset=ISO-8859-1")) {
      refusedBody(415, "", PolicyRig.send(us, "PUT", acls, ACLS, type, "application/json"), true);
    }
    refusedBody(406, "", PolicyRig.send(us, "PUT", acls, ACLS, PolicyRig.YAML, "text/html"), true);
    String deny = policy("deny", "default", "{podSelector: {}}");
    refusedBody(400, "one Subnet", yaml("PUT", acls, deny));
    refusedBody(400, "one Subnet", yaml("PUT", acls, ACLS + "---\n" + deny));
    String policies = network + "/networkpolicies";
    refusedBody(400, "one NetworkPolicy", yaml("PUT", policies + "/deny", ACLS));
    refusedBody(400, "agree", yaml("PUT", policies + "/other", deny));
    refusedBody(400, "agree", yaml("PUT", policies + "/deny?namespace=shop", deny));
    refusedBody(400, "", yaml("POST", policies, deny + "---\n" + deny.replace("deny", "b")));
    for (String body :
        List.of(
            "{}",
            "{\"addresses\":null}",
            "{\"addresses\":\"10.0.0.1\"}",
            "{\"addresses\":{\"address\":[\"\"]}}",
            "{\"addresses\":{\"address\":[\"x\"]}}",
            "{\"addresses\":{\"address\":[\"10.0.0.1/24\"]}}",
            "{\"addresses\":{\"address\":[[\"10.0.0.1\"]]}}",
            "{\"yaml\":\"x\"}")) {
      refusedBody(400, "", us.put(network + "/addresssets/admins", body));
    }
    refusedBody(
        400,
        "No match can name",
        us.put(network + "/addresssets/a-b", "{\"addresses\":{\"address\":[]}}"));
    refusedBody(
        400,
        "no VM named web",
        us.put(network + "/portgroups/fronts", "{\"ports\":{\"port\":[\"web\"]}}"));
    assertThat(rig.storedRows()).isEqualTo(rows);
  }

  private void refusedBody(int status, String said, Api.Answer answer, boolean withoutBody) {
    assertThat(withoutBody && answer.body().isEmpty()).as(answer.toString()).isTrue();
    refusedBody(status, said, answer);
  }

  @Test
  void whatIsWrongIsSaidWithItsPlace() {
    String network = blue();
    String wrong = ACLS.replace("ip4.dst ==", "ip4.dest ==");
    Api.Answer answer = yaml("PUT", network + "/acls", wrong);
    assertThat(answer.status()).isEqualTo(400);
    JsonNode error = answer.json().path("errors").path("error").path(0);
    assertThat(error.path("file").asText()).isEqualTo("acls");
    assertThat(error.path("line").asInt()).isEqualTo(8);
    assertThat(error.path("column").asInt()).isGreaterThan(50);
    assertThat(error.path("message").asText()).contains("ip4.dest");
    assertThat(answer.detail()).startsWith("[Cannot edit ACLs of Network blue. acls:8:");
    String xml =
        PolicyRig.send(us, "PUT", network + "/acls", wrong, PolicyRig.YAML, PolicyRig.YAML).body();
    assertThat(xml).contains("<fault>").contains("<line>8</line>");
    Api.Answer odd = ok(yaml("PUT", network + "/acls", ACLS));
    assertThat(odd.json().path("warnings").path("warning").toString())
        .as("lint speaks of the gateway that is cut off")
        .contains("10.0.0.1");
  }

  // --- where ---

  @Test
  void notWhereHostsAndTheEngineReachEachOther() {
    String clusterNetwork = "/clusters/" + cluster() + "/networks/";
    String network = blue();
    String id = id(network);
    for (String role : List.of("display", "migration")) {
      ok(engine.put(clusterNetwork + id, "{\"usages\":{\"usage\":[\"vm\",\"" + role + "\"]}}"));
      EmergencyIT.until(
          SOON,
          "the role is seen",
          () -> yaml("PUT", network + "/acls?dry_run=true", ACLS).detail().contains(role));
      refused(
          409,
          "Cannot edit ACLs of Network blue. Network blue has the role "
              + role
              + " in cluster Default: hosts and the engine reach each other over it, and a policy could cut them off. Put the VMs on a network without that role, and write the policy there.",
          () -> yaml("PUT", network + "/acls", ACLS));
    }
    ok(engine.put(clusterNetwork + id, "{\"usages\":{\"usage\":[\"vm\"]}}"));
    EmergencyIT.until(
        SOON,
        "the role is gone",
        () -> yaml("PUT", network + "/acls?dry_run=true", ACLS).status() == 200);
    ok(yaml("PUT", network + "/acls", ACLS));
    refusedWith(
        400,
        "Cannot edit Network. Network blue has ACLs or network policies and cannot have the display"
            + " role",
        () -> us.put(clusterNetwork + id, "{\"usages\":{\"usage\":[\"vm\",\"display\"]}}"));
    refusedWith(
        400,
        "Cannot edit Cluster. Network blue has ACLs or network policies, which are enforced on"
            + " Linux bridges only",
        () -> us.put("/clusters/" + cluster(), "{\"switch_type\":\"ovs\"}"));
    ok(engine.put("/clusters/" + cluster(), "{\"switch_type\":\"ovs\"}"));
    EmergencyIT.until(
        SOON,
        "the switch is seen",
        () -> yaml("PUT", network + "/acls?dry_run=true", ACLS).status() == 409);
    refusedWith(
        409,
        "Cannot edit ACLs of Network blue. Network blue is attached to cluster Default with switch type OVS",
        () -> yaml("PUT", network + "/acls", ACLS));
    assertThat(us.delete(network + "/acls").status())
        .as("what is there can be taken away")
        .isEqualTo(200);
    String management =
        "/networks/"
            + engine
                .get("/networks?search=name%3Dovirtmgmt")
                .json()
                .path("network")
                .path(0)
                .path("id")
                .asText();
    assertThat(yaml("PUT", management + "/acls", ACLS).detail()).contains("role management");
    String storage =
        created(
            engine.post(
                "/networks",
                "{\"name\":\"nfs\",\"usages\":{\"usage\":[]},\"data_center\":{\"id\":\""
                    + dataCenter()
                    + "\"}}"));
    assertThat(yaml("PUT", "/networks/" + storage + "/acls", ACLS).detail())
        .contains("not a VM network");
  }

  // --- versions ---

  @Test
  void noLostUpdate() {
    String acls = blue() + "/acls";
    assertThat(yaml("PUT", acls, ACLS, "If-Match", "*").status())
        .as("there is none yet")
        .isEqualTo(412);
    String first = ok(yaml("PUT", acls, ACLS)).tag();
    assertThat(us.get(acls).tag()).isEqualTo(first);
    String asXml = us.xml("GET", acls, "").tag();
    String asText = PolicyRig.text(us, acls).tag();
    assertThat(List.of(first, asXml, asText)).doesNotHaveDuplicates();
    String second = ok(yaml("PUT", acls, ACLS + "\n", "If-Match", asText)).tag();
    for (String old : List.of(first, asXml, asText, "W/" + second)) {
      List<String> rows = rig.storedRows();
      Api.Answer answer = yaml("PUT", acls, ACLS, "If-Match", old);
      assertThat(answer.status()).as(answer.toString()).isEqualTo(412);
      assertThat(answer.detail()).contains("ACLs of Network blue was changed since you read it");
      assertThat(us.delete(acls, "If-Match", old).status()).isEqualTo(412);
      assertThat(rig.storedRows()).isEqualTo(rows);
    }
    ok(us.delete(acls, "If-Match", second));
    assertThat(us.get(acls).status()).isEqualTo(404);
    String again = ok(yaml("PUT", acls, ACLS)).tag();
    assertThat(again).isNotIn(first, second);
  }

  @Test
  void everyChangeIsARevisionAndOneCanGoBack() {
    String acls = blue() + "/acls";
    String closed = ACLS.replace("1005", "1006");
    ok(
        yaml(
            "PUT",
            acls + "?comment=" + URLEncoder.encode("first, f\u00fcr uns", StandardCharsets.UTF_8),
            ACLS));
    ok(yaml("PUT", acls + "?mode=audit", closed));
    Api.Answer kept = ok(us.put(acls, "{\"comment\":\"only the mode\",\"mode\":\"enforce\"}"));
    assertThat(kept.json().path("yaml").asText()).isEqualTo(closed);
    ok(us.delete(acls + "?comment=away"));
    JsonNode revisions = us.get(acls + "/revisions").json().path("revision");
    assertThat(revisions).hasSize(4);
    assertThat(revisions.path(0).path("author").asText()).isEqualTo("admin@internal-authz");
    assertThat(revisions.path(0).path("comment").asText()).isEqualTo("first, f\u00fcr uns");
    assertThat(revisions.path(0).path("time").asLong()).isGreaterThan(1_700_000_000_000L);
    assertThat(revisions.path(3).path("removed").asText()).isEqualTo("true");
    assertThat(us.get(acls + "/revisions/2").json().path("mode").asText()).isEqualTo("audit");
    assertThat(PolicyRig.text(us, acls + "/revisions/1").body()).isEqualTo(ACLS);
    JsonNode diff = us.get(acls + "/diff?from=1&to=2").json();
    assertThat(diff.path("diff").asText())
        .contains("\n-  - {action: drop, direction: to-lport, priority: 1005")
        .contains("\n+  - {action: drop, direction: to-lport, priority: 1006")
        .contains("\n   acls:\n");
    assertThat(diff.path("to_mode").asText()).isEqualTo("audit");
    assertThat(us.get(acls + "/diff?from=2&to=3").json().path("diff").asText()).isEmpty();
    Api.Answer back = us.post(acls + "/revisions/1/restore?comment=back", "");
    assertThat(back.status()).as(back.toString()).isEqualTo(201);
    assertThat(back.json().path("yaml").asText()).isEqualTo(ACLS);
    assertThat(back.json().path("revision").path("number").asInt()).isEqualTo(5);
    assertThat(back.json().path("revision").path("restored_from").asInt()).isEqualTo(1);
    assertThat(us.post(acls + "/revisions/9/restore", "").status()).isEqualTo(404);
    assertThat(us.get(acls + "/revisions/9").status()).isEqualTo(404);
    assertThat(us.get(acls + "/revisions/0").status()).isEqualTo(404);
    assertThat(us.get(acls + "/revisions/x").status()).isEqualTo(400);
  }
}
