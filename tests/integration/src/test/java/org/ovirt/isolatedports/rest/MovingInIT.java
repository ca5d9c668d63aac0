// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.rest;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.ovirt.isolatedports.standin.host.HostCapabilities;
import org.ovirt.isolatedports.standin.host.SimulatedHost;

/** Moving VMs to an isolated twin of their network, and back. */
class MovingInIT extends ServerTest {

  private static final String CANNOT = "Cannot isolate Network. ";
  private static final String PREPARE = "{\"step\":\"prepare\"}";
  private static final String ALL = "{\"step\":\"move\",\"all\":true}";

  MovingInIT() {
    super(false);
  }

  @AfterEach
  void worksAgain() {
    rig.engine().faults().clear();
  }

  private static String path(String network) {
    return "/networks/" + network + "/isolate";
  }

  /** A network of the engine's with everything a real one carries, made at the engine. */
  private String blue() {
    String id =
        created(
            engine.post(
                "/networks",
                "{\"name\":\"blue\",\"description\":\"tenants\",\"mtu\":1400,\"vlan\":{\"id\":100},"
                    + "\"dns_resolver_configuration\":{\"name_servers\":{\"name_server\":[\"192.0.2.1\"]}},"
                    + "\"data_center\":{\"id\":\""
                    + dataCenter()
                    + "\"}}"));
    created(engine.post("/clusters/" + cluster() + "/networks", "{\"id\":\"" + id + "\"}"));
    // The default profile first, as tests take the first one for it.
    assertThat(profileOf(id)).isNotEmpty();
    created(
        engine.post(
            "/networks/" + id + "/vnicprofiles",
            "{\"name\":\"gold\",\"description\":\"paid\",\"network_filter\":{}}"));
    return id;
  }

  private String vm(String name, String... profiles) {
    List<java.util.UUID> ids = new ArrayList<>();
    for (String profile : profiles) {
      ids.add(uuid(profile));
    }
    return rig.engine().seeds().vm(name, CLUSTER, ids).toString();
  }

  /** Ids of a network's profiles at the engine, by their names. */
  private Map<String, String> profiles(String network) {
    Map<String, String> found = new TreeMap<>();
    engine
        .get("/networks/" + network + "/vnicprofiles")
        .json()
        .path("vnic_profile")
        .forEach(profile -> found.put(profile.path("name").asText(), profile.path("id").asText()));
    return found;
  }

  private static Map<String, String> statuses(JsonNode movingIn) {
    Map<String, String> found = new TreeMap<>();
    movingIn
        .path("vnics")
        .path("vnic")
        .forEach(
            vnic ->
                found.put(
                    vnic.path("vm").path("name").asText() + "/" + vnic.path("name").asText(),
                    vnic.path("status").asText()));
    return found;
  }

  private static List<String> codes(JsonNode movingIn) {
    List<String> codes = new ArrayList<>();
    movingIn
        .path("obstacles")
        .path("obstacle")
        .forEach(obstacle -> codes.add(obstacle.path("code").asText()));
    return codes;
  }

  private JsonNode taken(String network, String step) {
    Api.Answer answer = us.post(path(network), step);
    assertThat(answer.status()).as(answer.toString()).isEqualTo(200);
    return answer.json();
  }

  private String profileOfNic(String vm) {
    return engine
        .get("/vms/" + vm + "/nics")
        .json()
        .path("nic")
        .path(0)
        .path("vnic_profile")
        .path("id")
        .asText();
  }

  @Test
  void aReportChangesNothing() {
    String network = blue();
    vm("vm1", profileOf(network));
    rig.engine()
        .addHost(
            "h1",
            CLUSTER,
            new SimulatedHost(HostCapabilities.el9().withNetworks(Map.of("blue", "blue"))));
    List<String> engineBefore = engineState();
    List<String> rowsBefore = rig.storedRows();
    JsonNode report = us.get(path(network)).json();
    assertThat(report.path("status").asText()).isEqualTo("none");
    assertThat(report.path("twin").path("name").asText()).isEqualTo("blue_iso");
    assertThat(codes(report))
        .contains("TWIN_HOST_NEEDS_NIC", "VLAN_NEEDS_ISOLATION_ON_UPLINK_SWITCH");
    assertThat(statuses(report)).containsEntry("vm1/nic1", "not_chosen");
    assertThat(us.xml("GET", path(network), "").body())
        .contains("<moving_in href=", "<obstacle><code>TWIN_", "<status>not_chosen</status>");
    assertThat(engineState()).isEqualTo(engineBefore);
    assertThat(rig.storedRows()).isEqualTo(rowsBefore);
  }

  @Test
  void aTwinIsTheSameButForItsIsolation() {
    String network = blue();
    JsonNode prepared = taken(network, PREPARE);
    assertThat(prepared.path("status").asText()).isEqualTo("prepared");
    String twin = prepared.path("twin").path("id").asText();
    JsonNode shown = us.get("/networks/" + twin).json();
    JsonNode original = us.get("/networks/" + network).json();
    assertThat(shown.path("port_isolation").asText()).isEqualTo("true");
    assertThat(shown.path("enforcement").asText()).isEqualTo("hook");
    assertThat(shown.path("name").asText()).isEqualTo("blue_iso");
    for (String same :
        List.of("vlan", "mtu", "description", "stp", "usages", "dns_resolver_configuration")) {
      assertThat(shown.path(same)).as(same).isEqualTo(original.path(same));
    }
    assertThat(profiles(twin).keySet()).isEqualTo(profiles(network).keySet());
    JsonNode gold = engine.get("/vnicprofiles/" + profiles(twin).get("gold")).json();
    assertThat(gold.path("description").asText()).isEqualTo("paid");
    assertThat(gold.has("network_filter")).isFalse();
    assertThat(gold.path("custom_properties").toString()).contains("port_isolation", "true");
    JsonNode attached = engine.get("/clusters/" + cluster() + "/networks/" + twin).json();
    assertThat(attached.path("required").asText()).isEqualTo("false");

    List<String> engineBefore = engineState();
    assertThat(taken(network, PREPARE).path("twin")).isEqualTo(prepared.path("twin"));
    assertThat(engineState()).as("prepared once").isEqualTo(engineBefore);
  }

  /** The engine makes it after it has answered: it is waited for, and becomes one of the copies. */
  @Test
  void aTwinsDefaultProfileComesLateAndIsNoOpenOneMore() {
    String network = blue();
    // At its slowest: whoever does not wait has long made the copies and answered.
    rig.engine().makeDefaultProfilesAfter(Duration.ofSeconds(2), Duration.ofSeconds(2));
    String twin = taken(network, PREPARE).path("twin").path("id").asText();
    assertThat(profiles(twin).keySet()).isEqualTo(profiles(network).keySet());
    Rig.pause(3_000);
    assertThat(profiles(twin).keySet()).isEqualTo(profiles(network).keySet());
    for (String profile : profiles(twin).values()) {
      assertThat(engine.get("/vnicprofiles/" + profile).body())
          .contains("\"name\" : \"port_isolation\"");
    }
  }

  @Test
  void whatIsMissingOfATwinIsMadeByTheNextCall() {
    String network = blue();
    rig.engine()
        .faults()
        .answerStatus("/ovirt-engine/api/clusters/" + cluster() + "/networks", 503);
    assertThat(us.post(path(network), PREPARE).status()).isEqualTo(503);
    rig.engine().faults().clear();
    untilTheServerSeesTheEngine();
    JsonNode half = us.get(path(network)).json();
    assertThat(half.path("status").asText()).isEqualTo("preparing");
    String twin = half.path("twin").path("id").asText();
    assertThat(engine.get("/clusters/" + cluster() + "/networks/" + twin).status()).isEqualTo(404);
    assertThat(us.post(path(network), ALL).detail())
        .contains("Network blue has no isolated twin yet");
    assertThat(taken(network, PREPARE).path("status").asText()).isEqualTo("prepared");
    assertThat(engine.get("/clusters/" + cluster() + "/networks/" + twin).status()).isEqualTo(200);
  }

  @Test
  void thereAndBackLeavesNothing() {
    String network = blue();
    String gold = profiles(network).get("gold");
    String one = vm("vm1", gold);
    String two = vm("vm2", profileOf(network));
    List<String> engineBefore = engineState();
    List<String> rowsBefore = rig.storedRows();
    String twin = taken(network, PREPARE).path("twin").path("id").asText();

    JsonNode first =
        taken(network, "{\"step\":\"move\",\"vms\":{\"vm\":[{\"id\":\"" + one + "\"}]}}");
    assertThat(statuses(first)).isEqualTo(Map.of("vm1/nic1", "moved", "vm2/nic1", "not_chosen"));
    assertThat(profileOfNic(one)).isEqualTo(profiles(twin).get("gold"));
    assertThat(statuses(taken(network, ALL)))
        .isEqualTo(Map.of("vm1/nic1", "moved", "vm2/nic1", "moved"));
    assertThat(profileOfNic(two)).isEqualTo(profiles(twin).get("blue"));
    assertThat(us.delete(path(network)).detail())
        .contains("These vNICs are on Network blue_iso still: nic1 of VM vm1, nic1 of VM vm2");

    assertThat(statuses(taken(network, "{\"step\":\"revoke\",\"all\":true}")))
        .isEqualTo(Map.of("vm1/nic1", "not_chosen", "vm2/nic1", "not_chosen"));
    assertThat(profileOfNic(one)).isEqualTo(gold);
    assertThat(us.delete(path(network)).status()).isEqualTo(200);
    assertThat(engineState()).isEqualTo(engineBefore);
    assertThat(rig.storedRows()).isEqualTo(rowsBefore);
  }

  @Test
  void aRunningVmMovesOnlyWhereItsHostHasTheTwin() {
    SimulatedHost host =
        new SimulatedHost(HostCapabilities.el9().withNetworks(Map.of("blue", "blue")));
    rig.engine().addHost("h1", CLUSTER, host);
    String network = blue();
    String vm = vm("vm1", profileOf(network));
    assertThat(engine.post("/vms/" + vm + "/start", "{}").status()).isEqualTo(200);
    EmergencyIT.until(
        Duration.ofSeconds(90),
        "up",
        () -> engine.get("/vms/" + vm).json().path("status").asText().equals("up"));
    String before = profileOfNic(vm);
    taken(network, PREPARE);

    JsonNode refused = taken(network, ALL);
    assertThat(statuses(refused)).isEqualTo(Map.of("vm1/nic1", "failed"));
    assertThat(refused.path("vnics").path("vnic").path(0).path("reason").asText())
        .startsWith("VM vm1 runs on a host on which Network blue_iso is not set up");
    assertThat(profileOfNic(vm)).isEqualTo(before);
    assertThat(host.last("updateNic")).isEmpty();

    host.report(
        HostCapabilities.el9().withNetworks(Map.of("blue", "blue", "blue_iso", "blue_iso")));
    String hostId = engine.get("/hosts").json().path("host").path(0).path("id").asText();
    assertThat(engine.post("/hosts/" + hostId + "/refresh", "{}").status()).isEqualTo(200);
    assertThat(statuses(taken(network, "{\"step\":\"move\"}")))
        .isEqualTo(Map.of("vm1/nic1", "moved"));
    assertThat(host.last("updateNic").orElseThrow())
        .contains("bridge=\"blue_iso\"")
        .contains("port_isolation");
  }

  @Test
  void whatTheEngineRefusesIsSaidAndTriedAgain() {
    String network = blue();
    String vm = vm("vm1", profileOf(network));
    taken(network, PREPARE);
    rig.engine().faults().answerStatus("/ovirt-engine/api/vms/" + vm + "/nics/", 409);
    assertThat(statuses(taken(network, ALL))).isEqualTo(Map.of("vm1/nic1", "failed"));
    rig.engine().faults().answerStatus("/ovirt-engine/api/vms/" + vm + "/nics/", 503);
    assertThat(us.post(path(network), "{\"step\":\"move\"}").status()).isEqualTo(503);
    rig.engine().faults().clear();
    untilTheServerSeesTheEngine();
    assertThat(statuses(taken(network, "{\"step\":\"move\"}")))
        .isEqualTo(Map.of("vm1/nic1", "moved"));
  }

  @Test
  void labelsFollowAtTheEnd() {
    String network = blue();
    created(engine.post("/networks/" + network + "/networklabels", "{\"id\":\"tenants\"}"));
    vm("vm1", profileOf(network));
    JsonNode prepared = taken(network, PREPARE);
    assertThat(codes(prepared)).contains("TWIN_LABEL_LATER");
    String twin = prepared.path("twin").path("id").asText();
    assertThat(us.post(path(network), "{\"step\":\"finish\"}").detail())
        .contains("These vNICs are on Network blue still: nic1 of VM vm1");
    assertThat(engine.get("/networks/" + network + "/networklabels").body()).contains("tenants");
    taken(network, ALL);
    assertThat(taken(network, "{\"step\":\"finish\"}").path("status").asText())
        .isEqualTo("finished");
    assertThat(engine.get("/networks/" + network + "/networklabels").body())
        .doesNotContain("tenants");
    assertThat(engine.get("/networks/" + twin + "/networklabels").body()).contains("tenants");
    assertThat(us.delete(path(network)).status()).isEqualTo(200);
    assertThat(us.get("/networks/" + twin).json().path("port_isolation").asText())
        .as("what is finished stays")
        .isEqualTo("true");
  }

  @Test
  void whatCannotBeDoneIsRefused() {
    String network = blue();
    String isolated = network("iso", true);
    String other = network("other", false);
    String storage =
        created(
            engine.post(
                "/networks",
                "{\"name\":\"storage\",\"usages\":{\"usage\":[]},\"data_center\":{\"id\":\""
                    + dataCenter()
                    + "\"}}"));
    refused(
        409, CANNOT + "Network iso is isolated already.", () -> us.post(path(isolated), PREPARE));
    refused(
        409,
        CANNOT + "Network storage is not a VM network: there are no vNICs on it to isolate.",
        () -> us.post(path(storage), PREPARE));
    refused(
        409,
        CANNOT
            + "The name other is already used by another network of the same data center. Give"
            + " another one in the field name.",
        () -> us.post(path(network), "{\"step\":\"prepare\",\"name\":\"other\"}"));
    refused(
        409,
        CANNOT + "Network blue has no isolated twin yet: call the step prepare first.",
        () -> us.post(path(network), ALL));
    refused(
        400,
        CANNOT + "The field step must be prepare, move, revoke or finish, not \"fly\".",
        () -> us.post(path(network), "{\"step\":\"fly\"}"));
    refused(
        400,
        CANNOT + "The field force is not known; there are name, step.",
        () -> us.post(path(network), "{\"step\":\"prepare\",\"force\":true}"));
    openGate(clusterLevel(), false);
    refused(
        409,
        CANNOT
            + "None of the clusters that Network blue is attached to can isolate ports, so no vNIC"
            + " could move to the isolated twin.",
        () -> us.post(path(network), PREPARE));
    openGate(clusterLevel(), true);
    taken(network, PREPARE);
    refused(
        400,
        CANNOT
            + "There is no vNIC or VM "
            + other
            + " with a vNIC on Network blue that you may see.",
        () ->
            us.post(
                path(network),
                "{\"step\":\"move\",\"nics\":{\"nic\":[{\"id\":\"" + other + "\"}]}}"));
    refused(
        409,
        CANNOT
            + "The isolated twin of Network blue is blue_iso already. Remove it first to have"
            + " another name.",
        () -> us.post(path(network), "{\"step\":\"prepare\",\"name\":\"green\"}"));
  }

  @ParameterizedTest
  @CsvSource({
    "network administrator of the data center, user1, NetworkAdmin,    data_center, 200",
    "network administrator of the network,     user1, NetworkAdmin,    network,     403",
    "cluster administrator,                    user2, ClusterAdmin,    cluster,     403",
    "profile user,                             user2, VnicProfileUser, profile,     403",
    "nobody,                                   user2, -,               -,           401"
  })
  void rights(String who, String login, String role, String on, int expected) {
    String network = blue();
    var seeds = rig.engine().seeds();
    switch (on) {
      case "data_center" -> {
        seeds.grant(role, login, "data_center", uuid(dataCenter()));
        seeds.grant(role, login, "cluster", uuid(cluster()));
      }
      case "network" -> seeds.grant(role, login, "network", uuid(network));
      case "cluster" -> seeds.grant(role, login, "cluster", uuid(cluster()));
      case "profile" -> seeds.grant(role, login, "vnic_profile", uuid(profileOf(network)));
      default -> assertThat(on).isEqualTo("-");
    }
    List<String> rows = rig.storedRows();
    List<String> engineBefore = engineState();
    Api.Answer answer = as(login).post(path(network), PREPARE);
    assertThat(answer.status()).as(who + ": " + answer).isEqualTo(expected);
    if (expected != 200) {
      assertThat(rig.storedRows()).as(who).isEqualTo(rows);
      assertThat(engineState()).as(who).isEqualTo(engineBefore);
    }
  }

  @Test
  void onlyWhatWasReadIsChanged() {
    String network = blue();
    String tag = us.get(path(network)).tag();
    assertThat(us.json("POST", path(network), PREPARE, "If-Match", tag).status()).isEqualTo(200);
    assertThat(us.json("POST", path(network), ALL, "If-Match", tag).status()).isEqualTo(412);
    assertThat(us.delete(path(network), "If-Match", tag).status()).isEqualTo(412);
    assertThat(us.delete(path(network), "If-Match", us.get(path(network)).tag()).status())
        .isEqualTo(200);
  }
}
