// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.rest;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.ovirt.isolatedports.engine.TestAuthority;
import org.ovirt.isolatedports.standin.host.HostCapabilities;
import org.ovirt.isolatedports.standin.host.SimulatedHost;

/** What hosts fetch from the server and report to it, and what administrators see of it. */
class HostsIT extends ServerTest {

  /** An engine that took another's place is noticed by its lower numbers within 30 seconds. */
  private static final Duration SOON = Duration.ofSeconds(90);

  static final String EVERYTHING =
      "version=1.0;list=ok;watch=yes;filter=yes;libvirt=9.0.0;kernel=5.14;nft=yes;ct=yes;ibrname=yes;reject=yes";

  private String network;
  private String web;
  private String vm;
  private String host1;
  private HttpClient client;

  HostsIT() {
    super(false);
  }

  @BeforeEach
  void twoHosts() {
    host1 = host("host1.example", "tenants");
    host("host2.example", "other");
    network = attachedNetwork("tenants", true);
    web =
        created(
            engine.post(
                "/vnicprofiles",
                "{\"name\":\"web\",\"network\":{\"id\":\""
                    + network
                    + "\"},\"custom_properties\":{\"custom_property\":[{\"name\":\"port_isolation\","
                    + "\"value\":\"community:web\"}]}}"));
    vm = vm("vm1");
    addVnic("nic1");
    client = client("host1.example");
    EmergencyIT.until(
        SOON,
        "the vNIC in the ruleset",
        () -> {
          JsonNode ruleset = ruleset();
          return ruleset.path("host").asText().equals(host1) && ruleset.path("nics").size() == 1;
        });
  }

  private void addVnic(String name) {
    created(
        engine.post(
            "/vms/" + vm + "/nics",
            "{\"name\":\"" + name + "\",\"vnic_profile\":{\"id\":\"" + web + "\"}}"));
  }

  private String host(String name, String network) {
    SimulatedHost host =
        new SimulatedHost(
            HostCapabilities.el9()
                .withNetworks(Map.of(network, network))
                .withHooks(Map.of("isolated_ports", Map.of("status", EVERYTHING))));
    return rig.engine().seeds().host(name, CLUSTER, host).toString();
  }

  private HttpClient client(String commonName) {
    return client(rig.authority(), rig.authority().issue(commonName));
  }

  private HttpClient client(TestAuthority authority, TestAuthority.Identity identity) {
    try {
      KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
      keys.init(authority.keystore(identity), TestAuthority.PASSWORD.toCharArray());
      TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
      trust.init(rig.authority().truststore());
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
      return HttpClient.newBuilder()
          .sslContext(context)
          .version(HttpClient.Version.HTTP_1_1)
          .build();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(rig.hosts().resolve(path)).timeout(Duration.ofMinutes(2));
  }

  private static HttpResponse<String> send(HttpClient client, HttpRequest.Builder request) {
    try {
      return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    } catch (IOException e) {
      throw new IllegalStateException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private JsonNode ruleset() {
    return json(send(client, request("ruleset")).body());
  }

  private static JsonNode json(String text) {
    try {
      return new ObjectMapper().readTree(text);
    } catch (IOException e) {
      throw new AssertionError(text, e);
    }
  }

  private CompletableFuture<HttpResponse<String>> nextRuleset() {
    String revision = ruleset().path("revision").asText();
    return client.sendAsync(
        request("ruleset")
            .header("If-None-Match", "\"" + revision + "\"")
            .header("Prefer", "wait=60")
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  /** One engine and one set-up for all of it, as a new one is noticed late. */
  @Test
  void hostsFetchWhatIsTheirsAndReportWhatIsShownToWhoMaySeeIt() throws Exception {
    nobodyElseGetsRulesAndNoOtherListenerHasThem();
    whatAHostReportsIsShownToWhoMaySeeIt();
    aHostGetsItsRulesAndHearsOfChangesAtOnce();
    aPolicyThatAHostCannotEnforceIsRefusedOrHeldInAudit();
    vnicsOfAProfileForItMayServe();
    rolesChangeLiveAndTheAnswerSaysWhere();
  }

  private void vnicsOfAProfileForItMayServe() {
    String path = "/vnicprofiles/" + web + "/services";
    assertThat(us.get(path).json().path("router_and_dhcp").asText()).isEqualTo("false");
    assertThat(clients()).contains("nic");
    assertThat(us.put(path, "{}").status()).isEqualTo(400);
    Api.Answer set = us.put(path, "{\"router_and_dhcp\":\"true\"}");
    assertThat(set.status()).as(set.toString()).isEqualTo(200);
    EmergencyIT.until(SOON, "vNICs that may serve", () -> !clients().contains("nic"));
    assertThat(us.put(path, "{\"router_and_dhcp\":\"false\"}").status()).isEqualTo(200);
    EmergencyIT.until(SOON, "vNICs that may not", () -> clients().contains("nic"));
  }

  /** Those that are kept from it; a map of nobody is left out. */
  private String clients() {
    for (JsonNode command : ruleset().path("nftables")) {
      if (command.at("/add/map/name").asText().equals("clients")) {
        return command.at("/add/map/elem").toString();
      }
    }
    return "";
  }

  private void aHostGetsItsRulesAndHearsOfChangesAtOnce() throws Exception {
    JsonNode ruleset = ruleset();
    assertThat(ruleset.path("host").asText()).isEqualTo(host1);
    assertThat(ruleset.path("networks").findValuesAsText("bridge")).containsExactly("tenants");
    JsonNode nic = ruleset.path("nics").path(0);
    assertThat(nic.path("role").asText()).isEqualTo("community:web");
    assertThat(nic.path("vm").asText()).isEqualTo(vm);
    assertThat(ruleset.path("nftables")).isNotEmpty();
    assertThat(json(send(client("host2.example"), request("ruleset")).body()).path("nics"))
        .as("of a host without the network")
        .isEmpty();

    CompletableFuture<HttpResponse<String>> waiting = nextRuleset();
    Rig.pause(300);
    Instant changed = Instant.now();
    assertThat(
            us.put(
                    "/networks/" + network + "/uplink",
                    "{\"mode\":\"gateways\",\"gateways\":{\"gateway\":[\"52:54:00:00:00:fe\"]}}")
                .status())
        .isEqualTo(200);
    HttpResponse<String> news = waiting.get(90, TimeUnit.SECONDS);
    // A second is promised; a busy machine takes its time besides.
    assertThat(Duration.between(changed, Instant.now())).isLessThan(Duration.ofSeconds(20));
    assertThat(news.body()).contains("52:54:00:00:00:fe");
    whatAGatewayHandsBackCanBeDropped();

    waiting = nextRuleset();
    addVnic("nic2");
    assertThat(json(waiting.get(90, TimeUnit.SECONDS).body()).path("nics")).hasSize(2);
  }

  private void whatAGatewayHandsBackCanBeDropped() throws Exception {
    String path = "/networks/" + network + "/uplink";
    assertThat(us.get(path).json().path("drop_hairpin").asText()).isEqualTo("false");
    String gateways = "{\"mode\":\"gateways\",\"gateways\":{\"gateway\":[\"52:54:00:00:00:fe\"]}";
    for (String wrong :
        List.of(
            ",\"drop_hairpin\":\"true\"}",
            ",\"drop_hairpin\":\"true\",\"subnets\":{\"subnet\":[\"10.0.0.0/24\"]}}",
            ",\"drop_hairpin\":\"true\",\"subnets\":{\"subnet\":[\"10.0.0.0/24\"]},"
                + "\"gateway_addresses\":{\"gateway_address\":[\"fd00::1\"]}}",
            ",\"drop_hairpin\":\"true\",\"subnets\":{\"subnet\":[\"tenants\"]},"
                + "\"gateway_addresses\":{\"gateway_address\":[\"10.0.0.1\"]}}",
            ",\"subnets\":{\"subnet\":[\"10.0.0.0/24\"]}}")) {
      assertThat(us.put(path, gateways + wrong).status()).as(wrong).isEqualTo(400);
    }
    CompletableFuture<HttpResponse<String>> waiting = nextRuleset();
    Api.Answer set =
        us.put(
            path,
            gateways
                + ",\"drop_hairpin\":\"true\",\"subnets\":{\"subnet\":[\"10.0.0.0/24\"]},"
                + "\"gateway_addresses\":{\"gateway_address\":[\"10.0.0.1\"]}}");
    assertThat(set.status()).as(set.toString()).isEqualTo(200);
    assertThat(waiting.get(90, TimeUnit.SECONDS).body()).contains("_hairpin").contains("10.0.0.2");
    assertThat(us.put(path, gateways + "}").json())
        .as("a client that does not know of it opens nothing")
        .isEqualTo(set.json());
    assertThat(set.json().path("drop_hairpin").asText()).isEqualTo("true");
    assertThat(set.json().at("/subnets/subnet/0").asText()).isEqualTo("10.0.0.0/24");
    Api.Answer off = us.put(path, gateways + ",\"drop_hairpin\":\"false\"}");
    assertThat(off.json().path("drop_hairpin").asText()).isEqualTo("false");
    EmergencyIT.until(
        SOON, "no hairpin in the ruleset", () -> !ruleset().toString().contains("_hairpin"));
  }

  private void nobodyElseGetsRulesAndNoOtherListenerHasThem() {
    assertThat(send(client("engine.example"), request("ruleset")).statusCode()).isEqualTo(403);
    TestAuthority foreign = new TestAuthority("engine CA");
    HttpClient stranger = client(foreign, foreign.issue("host1.example"));
    assertThat(
            stranger
                .sendAsync(request("ruleset").build(), HttpResponse.BodyHandlers.ofString())
                .handle((answer, failure) -> failure != null)
                .join())
        .isTrue();
    assertThat(send(client, request("/ovirt-isolated-ports/api/networks")).statusCode())
        .isEqualTo(404);
    for (String path : List.of("/hosts/v1/ruleset", "/ovirt-isolated-ports/hosts/v1/ruleset")) {
      HttpRequest.Builder plain =
          HttpRequest.newBuilder(URI.create(rig.api().resolve("/") + path.substring(1)));
      assertThat(send(HttpClient.newHttpClient(), plain).statusCode()).isEqualTo(404);
    }
  }

  private void aPolicyThatAHostCannotEnforceIsRefusedOrHeldInAudit() {
    String path = "/networks/" + network + "/networkpolicies/closed";
    String policy =
        """
        apiVersion: networking.k8s.io/v1
        kind: NetworkPolicy
        metadata: {name: closed}
        spec: {podSelector: {}, policyTypes: [Ingress]}
        """;
    String nic = ruleset().path("nics").path(0).path("nic").asText();
    assertThat(report(client, host1, nic, "no").statusCode()).isEqualTo(204);
    Api.Answer refused = PolicyRig.yaml(us, "PUT", path, policy);
    assertThat(refused.status()).as(refused.toString()).isEqualTo(409);
    assertThat(refused.json().path("errors").path("error").path(0).path("message").asText())
        .startsWith("Host host1.example cannot enforce the rules of network tenants: ")
        .contains("connection tracking")
        .contains("mode: audit");
    assertThat(PolicyRig.yaml(us, "PUT", path + "?dry_run=true", policy).status()).isEqualTo(409);
    assertThat(us.get(path).status()).isEqualTo(404);

    Api.Answer held = PolicyRig.yaml(us, "PUT", path + "?mode=audit", policy);
    assertThat(held.status()).as(held.toString()).isEqualTo(201);
    assertThat(held.json().path("warnings").path("warning").findValuesAsText("message"))
        .anyMatch(text -> text.contains("Host host1.example cannot enforce"));
    assertThat(us.put(path, "{\"mode\":\"enforce\"}").status()).isEqualTo(409);

    assertThat(report(client, host1, nic, "yes").statusCode()).isEqualTo(204);
    whatHostsCountIsShownByPolicy(nic);
    Api.Answer inForce = us.put(path, "{\"mode\":\"enforce\"}");
    assertThat(inForce.status()).as(inForce.toString()).isEqualTo(200);

    assertThat(report(client, host1, nic, "no").statusCode()).isEqualTo(204);
    EmergencyIT.until(
        SOON,
        "the violation of a host that can do less than before",
        () -> us.get("/violations").body().contains("Host host1.example cannot enforce the rules"));
    assertThat(us.delete(path).status()).as("a removal is never held up").isEqualTo(200);
  }

  private void whatHostsCountIsShownByPolicy(String nic) {
    String path = "/networks/" + network + "/counters";
    EmergencyIT.until(
        SOON,
        "the policy's counter in what hosts get",
        () -> us.get(path).json().path("counter").size() == 1);
    String name = us.get(path).json().path("counter").path(0).path("name").asText();
    JsonNode ruleset = ruleset();
    assertThat(ruleset.path("nftables").findValuesAsText("name")).contains(name);
    String body =
        reportBody(host1, nic, "yes")
            .replace(
                "\"elements\":12,",
                "\"elements\":12,\"counted_since\":1795600000,\"counters\":[{\"name\":\""
                    + name
                    + "\",\"packets\":3,\"bytes\":252}],");
    assertThat(
            send(client, request("report").POST(HttpRequest.BodyPublishers.ofString(body)))
                .statusCode())
        .isEqualTo(204);
    JsonNode counters = us.get(path).json();
    assertThat(counters.path("since").asText()).isEqualTo("2026-11-25T09:46:40Z");
    assertThat(counters.path("hosts").asText()).isEqualTo("1");
    JsonNode counter = counters.path("counter").path(0);
    assertThat(counter.path("packets").asText()).isEqualTo("3");
    assertThat(counter.path("direction").asText()).isEqualTo("ingress");
    assertThat(counter.at("/policies/policy/0/name").asText()).isEqualTo("closed");
  }

  private JsonNode nicInRuleset(String nic) {
    for (JsonNode each : ruleset().path("nics")) {
      if (each.path("nic").asText().equals(nic)) {
        return each;
      }
    }
    throw new AssertionError("vNIC " + nic + " is in no ruleset");
  }

  private void rolesChangeLiveAndTheAnswerSaysWhere() {
    String nic = ruleset().path("nics").path(0).path("nic").asText();
    String path = "/vms/" + vm + "/nics/" + nic + "/role";
    assertThat(us.get(path).json().path("effective").asText()).isEqualTo("community:web");
    assertThat(us.put(path, "{\"role\":\"open\"}").status()).isEqualTo(400);
    Api.Answer given = us.put(path, "{\"role\":\"promiscuous\"}");
    assertThat(given.status()).as(given.toString()).isEqualTo(200);
    assertThat(given.json().path("role").asText()).isEqualTo("promiscuous");
    assertThat(given.json().path("profile_role").asText()).isEqualTo("community:web");
    assertThat(given.json().path("effective").asText()).isEqualTo("promiscuous");
    assertThat(given.json().path("state").asText()).isEqualTo("stopped");
    assertThat(given.json().path("description").asText()).contains("vm1 does not run");
    assertThat(nicInRuleset(nic).path("role").asText()).isEqualTo("promiscuous");

    Api.Answer changed =
        us.put(
            "/vnicprofiles/" + web,
            "{\"custom_properties\":{\"custom_property\":[{\"name\":\"port_isolation\","
                + "\"value\":\"community:db\"}]}}");
    assertThat(changed.status()).as(changed.toString()).isEqualTo(200);
    assertThat(changed.json().path("role_changes").path("role_change").findValuesAsText("role"))
        .as("one has its own, the other the profile's")
        .containsExactlyInAnyOrder("promiscuous", "community:db");
    assertThat(nicInRuleset(nic).path("role").asText()).isEqualTo("promiscuous");

    Api.Answer taken = us.delete(path);
    assertThat(taken.status()).as(taken.toString()).isEqualTo(200);
    assertThat(taken.json().path("effective").asText()).isEqualTo("community:db");
    assertThat(nicInRuleset(nic).path("role").asText()).isEqualTo("community:db");
    assertThat(us.delete(path).status()).isEqualTo(404);
  }

  private HttpResponse<String> report(HttpClient from, String host, String nic) {
    return report(from, host, nic, "yes");
  }

  private HttpResponse<String> report(HttpClient from, String host, String nic, String tracking) {
    String body = reportBody(host, nic, tracking);
    return send(from, request("report").POST(HttpRequest.BodyPublishers.ofString(body)));
  }

  private String reportBody(String host, String nic, String tracking) {
    return String.format(
        """
            {"version":1,"host":"%s","fetched":"%s","loaded":"%2$s","loaded_at":1795600000,
             "error":"network tenants is odd","elements":12,
             "abilities":{"nft":"yes","ct":"%5$s","ibrname":"yes","reject":"yes"},
             "ports":[{"device":"vnet3","mac":"56:6f:1a:2b:00:01","nic":"%s","vm":"%s",
               "bridge":"tenants","wanted":"community:web","observed":"community:web",
               "since":1795600000}]}
            """,
        host, ruleset().path("revision").asText(), nic, vm, tracking);
  }

  private void whatAHostReportsIsShownToWhoMaySeeIt() {
    String nic = ruleset().path("nics").path(0).path("nic").asText();
    JsonNode before = us.get("/networks/" + network + "/ports").json().path("port").path(0);
    assertThat(before.path("id").asText()).isEqualTo(nic);
    assertThat(before.path("role").asText()).isEqualTo("community:web");
    assertThat(before.has("observed")).isFalse();

    assertThat(report(client("host2.example"), host1, nic).statusCode()).isEqualTo(403);
    String nobodys = "00000000-0000-0000-0000-00000000ffff";
    HttpResponse<String> unknown = report(client, host1, nobodys);
    assertThat(unknown.statusCode()).isEqualTo(200);
    assertThat(json(unknown.body()).path("refused").findValuesAsText("nic"))
        .containsExactly(nobodys);
    assertThat(us.get("/networks/" + network + "/ports").body()).doesNotContain(nobodys);
    assertThat(report(client, host1, nic).statusCode()).isEqualTo(204);

    String revision = ruleset().path("revision").asText();
    JsonNode shown = us.get("/hosts/" + host1 + "/ruleset").json();
    assertThat(shown.path("revision").asText()).isEqualTo(revision);
    assertThat(shown.path("fetched").asText()).isEqualTo(revision);
    assertThat(shown.path("loaded").asText()).isEqualTo(revision);
    assertThat(shown.path("error").asText()).isEqualTo("network tenants is odd");
    JsonNode port = us.get("/networks/" + network + "/ports").json().path("port").path(0);
    assertThat(port.path("observed").asText()).isEqualTo("community:web");
    assertThat(port.path("host").path("name").asText()).isEqualTo("host1.example");
    assertThat(port.path("since").asText()).isEqualTo("2026-11-25T09:46:40Z");

    rig.engine().seeds().grant("VnicProfileUser", "user2", "vnic_profile", uuid(web));
    Api tenant = as("user2");
    assertThat(tenant.get("/hosts/" + host1 + "/ruleset").status()).isEqualTo(404);
    Api.Answer ports = tenant.get("/networks/" + network + "/ports");
    assertThat(ports.status()).isEqualTo(200);
    assertThat(ports.body()).as("another tenant's VM").doesNotContain(nic);
  }
}
