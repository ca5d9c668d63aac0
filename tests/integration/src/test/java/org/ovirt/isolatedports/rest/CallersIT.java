// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.rest;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.ovirt.isolatedports.rig.Database;
import org.ovirt.isolatedports.standin.host.HostCapabilities;
import org.ovirt.isolatedports.standin.host.SimulatedHost;

/**
 * Who may read and do what: every route with every kind of caller, bodies looked at. What the
 * engine does not show to a caller is in no answer of ours, whatever its status.
 */
class CallersIT extends ServerTest {

  private static final Duration SOON = Duration.ofSeconds(90);

  CallersIT() {
    super(false);
  }

  private void violation(String network, String kind, String subject, String text) {
    rig.database()
        .execute(
            Database.OWN,
            "INSERT INTO violation VALUES ('"
                + UUID.randomUUID()
                + "', '"
                + UUID.randomUUID()
                + "', 'GUARD_X', 'error', "
                + (network.isEmpty() ? "NULL, NULL" : "'" + network + "', 'blue'")
                + ", "
                + (kind.isEmpty() ? "NULL, NULL, NULL" : "'" + kind + "', '" + subject + "', 'x'")
                + ", '"
                + text
                + "', now(), now(), 1, 2, true, true, 0)");
  }

  /** Every route of ours that is read; those that exist for one entity with that entity. */
  private static List<String> routes(String network, String profile, String vm, String cluster) {
    List<String> routes = new ArrayList<>();
    routes.addAll(
        List.of(
            "",
            "/networks",
            "/vnicprofiles",
            "/clusters",
            "/clusters/" + cluster,
            "/clusters/" + cluster + "/networks",
            "/violations?status=all",
            "/violations?status=all&network=" + network,
            "/decisions",
            "/scheduler",
            "/options/IsPortIsolationSupported",
            "/vms/" + vm,
            "/vms/" + vm + "/nics",
            "/vnicprofiles/" + profile));
    for (String part : List.of("", "/vnicprofiles", "/uplink", "/isolate", "/emergency")) {
      routes.add("/networks/" + network + part);
    }
    return routes;
  }

  @Test
  void nobodyIsToldOfWhatTheEngineDoesNotShow() {
    SimulatedHost host =
        new SimulatedHost(HostCapabilities.el9().withNetworks(Map.of("blue", "blue")));
    rig.engine().addHost("secrethost", CLUSTER, host);
    String network = attachedNetwork("blue", true);
    String profile = profileOf(network);
    assertThat(
            us.post(
                    "/networks/" + network + "/emergency",
                    "{\"reason\":\"test\",\"confirm\":\"blue\",\"minutes\":30}")
                .status())
        .isEqualTo(201);
    String vm = rig.engine().seeds().vm("secretvm", CLUSTER, List.of(uuid(profile))).toString();
    assertThat(engine.post("/vms/" + vm + "/start", "{}").status()).isEqualTo(200);
    EmergencyIT.until(
        SOON, "up", () -> engine.get("/vms/" + vm).json().path("status").asText().equals("up"));
    host.failWith("not now");
    assertThat(us.delete("/networks/" + network + "/emergency").status()).isEqualTo(200);
    EmergencyIT.until(
        SOON,
        "what is left names the VM to the administrator",
        () ->
            us.get("/networks/" + network + "/emergency")
                .json()
                .path("not_closed_yet")
                .toString()
                .contains("secretvm"));
    rig.database().execute(Database.OWN, "DELETE FROM violation");
    violation(network, "VM", vm, "vNIC nic1 of VM secretvm is on the isolated network blue");
    violation(network, "", "", "The network blue itself");
    violation("", "", "", "The clusters secretcluster do not use the filter");
    violation("", "HOST", hostId(), "Host secrethost cannot enforce port isolation");
    violation(
        network, "CLUSTER", UUID.randomUUID().toString(), "cluster secretcluster has no bridges");
    var seeds = rig.engine().seeds();
    seeds.grant("VnicProfileUser", "user2", "vnic_profile", uuid(profile));
    seeds.grant("UserRole", "user2", "vm", uuid(vm("theirs")));
    seeds.grantOnSystem("NetworkAdmin", "user1");
    Map<String, Api> callers = new LinkedHashMap<>();
    callers.put("administrator", us);
    callers.put("network administrator", as("user1"));
    callers.put("tenant", as("user2"));
    callers.put("nobody", new Api(rig.api(), "Bearer none"));
    List<String> secrets = List.of("secretvm", vm, "secrethost", "secretcluster", hostId());
    for (String route : routes(network, profile, vm, cluster())) {
      callers.forEach(
          (who, caller) -> {
            Api.Answer answer = caller.get(route);
            String what = who + " reads " + route + ": " + answer;
            assertThat(answer.status()).as(what).isLessThan(500);
            if (who.equals("nobody")) {
              assertThat(answer.status()).as(what).isEqualTo(401);
            }
            if (who.equals("administrator")) {
              assertThat(answer.status()).as(what).isEqualTo(200);
            }
            if (who.equals("tenant") || who.equals("nobody")) {
              assertThat(answer.body()).as(what).doesNotContain(secrets);
            }
          });
    }
    tellsWhereAVmIsToWhoSeesThatToo(network, profile, callers);
    Api tenant = callers.get("tenant");
    assertThat(tenant.get("/scheduler").status()).isEqualTo(403);
    assertThat(texts(tenant))
        .contains("The network blue itself")
        .noneMatch(text -> secrets.stream().anyMatch(text::contains));
    assertThat(texts(us))
        .contains("The network blue itself", "The clusters secretcluster do not use the filter");
    assertThat(us.get("/violations?status=all&max=2").json().path("violation")).hasSize(2);
    assertThat(tenant.get("/networks/" + network + "/emergency").body())
        .contains("1 vNICs of VMs that you may not see");
  }

  /** Who sees a VM is told that it may be open, but of its host or cluster nothing. */
  private void tellsWhereAVmIsToWhoSeesThatToo(
      String network, String profile, Map<String, Api> callers) {
    String vm = rig.engine().seeds().vm("theirvm", CLUSTER, List.of(uuid(profile))).toString();
    rig.engine().seeds().grant("UserRole", "user2", "vm", uuid(vm));
    violation(network, "VM", vm, "VM theirvm runs on host secrethost, vNIC nic1");
    placedAt("HOST", hostId(), "secrethost");
    violation(network, "VM", vm, "vNIC nic1 of VM theirvm is in cluster secretcluster");
    placedAt("CLUSTER", UUID.randomUUID().toString(), "in cluster secretcluster");
    assertThat(texts(us)).contains("VM theirvm runs on host secrethost, vNIC nic1");
    assertThat(texts(callers.get("tenant")))
        .filteredOn(text -> text.contains("may be open to other VMs"))
        .hasSize(2)
        .allMatch(text -> text.startsWith("A vNIC of VM x on the isolated network blue"));
  }

  private void placedAt(String kind, String id, String text) {
    rig.database()
        .execute(
            Database.OWN,
            "UPDATE violation SET place_kind = '%s', place_id = '%s' WHERE description LIKE '%%%s%%' AND subject_name = 'x' AND subject_kind = 'VM'"
                .formatted(kind, id, text));
  }

  private String hostId() {
    return engine.get("/hosts").json().path("host").path(0).path("id").asText();
  }

  private static List<String> texts(Api caller) {
    JsonNode violations = caller.get("/violations?status=all").json().path("violation");
    return violations.findValuesAsText("description");
  }

  /** What somebody chose who may not move it does not move with the rights of the next one. */
  @Test
  void whatOthersChoseWaitsForTheirOwnRights() {
    String network =
        created(
            engine.post(
                "/networks",
                "{\"name\":\"plain\",\"data_center\":{\"id\":\"" + dataCenter() + "\"}}"));
    created(us.post("/clusters/" + cluster() + "/networks", "{\"id\":\"" + network + "\"}"));
    String old = profileOf(network);
    String vm = rig.engine().seeds().vm("vm1", CLUSTER, List.of(uuid(old))).toString();
    String path = "/networks/" + network + "/isolate";
    assertThat(us.post(path, "{\"step\":\"prepare\"}").status()).isEqualTo(200);
    rig.engine().seeds().grant("NetworkAdmin", "user1", "network", uuid(network));
    Api chooser = as("user1");
    Api.Answer chosen = chooser.post(path, "{\"step\":\"move\",\"all\":true}");
    assertThat(chosen.status()).as(chosen.toString()).isEqualTo(200);
    assertThat(profileIn(vm)).as("no right to the VM").isEqualTo(old);
    Api.Answer next = us.post(path, "{\"step\":\"move\"}");
    assertThat(next.status()).as(next.toString()).isEqualTo(200);
    assertThat(profileIn(vm)).as("the choice of somebody else").isEqualTo(old);
    assertThat(us.post(path, "{\"step\":\"move\",\"all\":true}").status()).isEqualTo(200);
    assertThat(profileIn(vm)).as("chosen by who may").isNotEqualTo(old);
  }

  private String profileIn(String vm) {
    return engine
        .get("/vms/" + vm + "/nics")
        .json()
        .path("nic")
        .path(0)
        .path("vnic_profile")
        .path("id")
        .asText();
  }
}
