// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.rest;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Each rule: the request that breaks it, the fault, and that neither store nor engine changed. The
 * same on an engine that knows the attribute and on one that does not.
 */
abstract class RulesTest extends ServerTest {

  RulesTest(boolean knowsPortIsolation) {
    super(knowsPortIsolation);
  }

  @Test
  void anIsolatedNetworkIsCreatedShownAndRemoved() {
    String id = network("blue", true);
    var shown = us.get("/networks/" + id).json();
    assertThat(shown.path("port_isolation").asText()).isEqualTo("true");
    assertThat(shown.path("enforcement").asText()).isIn("native", "hook");
    assertThat(shown.path("enforcement_reason").asText()).isNotBlank();
    assertThat(shown.path("href").asText()).startsWith("/ovirt-isolated-ports/api/");
    assertThat(rig.storedRows()).hasSize(1);
    assertThat(us.delete("/networks/" + id).status()).isEqualTo(200);
    assertThat(rig.storedRows()).isEmpty();
    assertThat(us.get("/networks/" + id).status()).isEqualTo(404);
  }

  @Test
  void onlyOnVmNetworks() {
    refused(
        409,
        "Cannot add Network. Port isolation can only be enabled on VM Networks.",
        () -> us.post("/networks", body("blue", ",\"usages\":{\"usage\":[]}")));
  }

  @Test
  void aVmNetworkStaysOne() {
    String id = network("blue", true);
    refused(
        409,
        "Cannot edit Network. Port isolation can only be enabled on VM Networks.",
        () -> us.put("/networks/" + id, "{\"usages\":{\"usage\":[]}}"));
  }

  @Test
  void notOnExternalNetworks() {
    String provider =
        created(
            engine.post(
                "/openstacknetworkproviders",
                "{\"name\":\"ovn\",\"url\":\"http://127.0.0.1:9696\",\"read_only\":false,"
                    + "\"type\":\"external\",\"requires_authentication\":false}"));
    refused(
        409,
        "Cannot add Network. Port isolation cannot be enabled on External Networks.",
        () ->
            us.post(
                "/networks", body("blue", ",\"external_provider\":{\"id\":\"" + provider + "\"}")));
  }

  @Test
  void notOnExternalNetworksOnUpdateEither() {
    String id = network("blue", true);
    refused(
        409,
        "Cannot edit Network. Port isolation cannot be enabled on External Networks.",
        () ->
            us.put(
                "/networks/" + id,
                "{\"external_provider\":{\"id\":\"05421139-8f7c-4ec1-91c1-2ebd37fe0b6f\"}}"));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void theAttributeIsImmutable(boolean isolated) {
    String id = network("blue", isolated);
    refused(
        400,
        "Cannot edit Network. Port isolation option cannot be updated after Network is defined.",
        () -> us.put("/networks/" + id, "{\"port_isolation\":" + !isolated + "}"));
    assertThat(us.put("/networks/" + id, "{\"port_isolation\":" + isolated + "}").status())
        .isEqualTo(200);
  }

  @ParameterizedTest
  @ValueSource(strings = {"management", "display", "migration", "gluster"})
  void noInfrastructureRole(String role) {
    String id = attachedNetwork("blue", true);
    refused(
        400,
        "Cannot edit Network. Network blue has Port Isolation enabled and cannot have the "
            + role
            + " role: the peers of that role could not reach each other. Use another Network for the"
            + " role.",
        () ->
            us.put(
                "/clusters/" + cluster() + "/networks/" + id,
                "{\"usages\":{\"usage\":[\"vm\",\"" + role + "\"]}}"));
  }

  @Test
  void noInfrastructureRoleWhenItIsAttached() {
    String id = network("blue", true);
    refused(
        400,
        "Cannot attach Network. Network blue has Port Isolation enabled and cannot have the display"
            + " role: the peers of that role could not reach each other. Use another Network for the"
            + " role.",
        () ->
            us.post(
                "/clusters/" + cluster() + "/networks",
                "{\"id\":\"" + id + "\",\"display\":true}"));
  }

  @Test
  void noInfrastructureRoleWhenItIsCreated() {
    refused(
        400,
        "Cannot add Network. Network blue has Port Isolation enabled and cannot have the display"
            + " role: the peers of that role could not reach each other. Use another Network for the"
            + " role.",
        () -> us.post("/networks", body("blue", ",\"display\":true")));
  }

  @Test
  void attachedOnlyWhereTheLevelGateIsOpen() {
    String id = network("blue", true);
    String plain = network("green", false);
    openGate(clusterLevel(), false);
    String why = "Cannot attach Network. Port isolation requires cluster compatibility level ";
    String path = "/clusters/" + cluster() + "/networks";
    refusedWith(400, why, () -> us.post(path, "{\"id\":\"" + id + "\"}"));
    refusedWith(400, why, () -> us.post(path, "{\"name\":\"blue\"}"));
    created(us.post("/clusters/" + cluster() + "/networks", "{\"id\":\"" + plain + "\"}"));
    openGate(clusterLevel(), true);
    created(us.post("/clusters/" + cluster() + "/networks", "{\"name\":\"blue\"}"));
  }

  @Test
  void attachedOnlyToLinuxBridges() {
    String id = network("blue", true);
    assertThat(engine.put("/clusters/" + cluster(), "{\"switch_type\":\"ovs\"}").status())
        .isEqualTo(200);
    refused(
        400,
        "Cannot attach Network. Port isolation requires Cluster Switch Type Linux Bridge.",
        () -> us.post("/clusters/" + cluster() + "/networks", "{\"id\":\"" + id + "\"}"));
  }

  @Test
  void aClusterWithAnIsolatedNetworkKeepsItsLevel() {
    attachedNetwork("blue", true);
    openGate("4.2", false);
    refusedWith(
        400,
        "Cannot edit Cluster. Port isolation requires cluster compatibility level ",
        () -> us.put("/clusters/" + cluster(), "{\"version\":{\"major\":4,\"minor\":2}}"));
  }

  @Test
  void aClusterWithAnIsolatedNetworkKeepsItsLinuxBridge() {
    attachedNetwork("blue", true);
    refused(
        400,
        "Cannot edit Cluster. Port isolation requires Cluster Switch Type Linux Bridge.",
        () -> us.put("/clusters/" + cluster(), "{\"switch_type\":\"ovs\"}"));
    assertThat(us.put("/clusters/" + cluster(), "{\"description\":\"x\"}").status()).isEqualTo(200);
  }

  @Test
  void noPassthroughProfile() {
    String id = network("blue", true);
    refused(
        400,
        "Cannot add VM network interface profile. Networks with Port Isolation enabled are not"
            + " supported on passthrough profiles.",
        () ->
            us.post(
                "/vnicprofiles",
                "{\"name\":\"fast\",\"network\":{\"id\":\""
                    + id
                    + "\"},\"pass_through\":{\"mode\":\"enabled\"}}"));
    refused(
        400,
        "Cannot edit VM network interface profile. Networks with Port Isolation enabled are not"
            + " supported on passthrough profiles.",
        () ->
            us.put("/vnicprofiles/" + profileOf(id), "{\"pass_through\":{\"mode\":\"enabled\"}}"));
  }

  @Test
  void noPortMirroring() {
    String id = network("blue", true);
    String why =
        "Networks with Port Isolation enabled are not supported on profiles with port mirroring: it"
            + " copies the frames of Network blue past the isolation. Leave port mirroring off in"
            + " vNIC profile ";
    refused(
        400,
        "Cannot add VM network interface profile. " + why + "tap.",
        () ->
            us.post(
                "/networks/" + id + "/vnicprofiles", "{\"name\":\"tap\",\"port_mirroring\":true}"));
    refused(
        400,
        "Cannot edit VM network interface profile. " + why + "blue.",
        () -> us.put("/vnicprofiles/" + profileOf(id), "{\"port_mirroring\":true}"));
  }

  @Test
  void noFailoverTarget() {
    String isolated = network("blue", true);
    String plain = network("green", false);
    refused(
        400,
        "Cannot add VM network interface profile. Networks with Port Isolation enabled are not"
            + " supported as failover: vNIC profile fast would fail over to Network blue. Choose a"
            + " failover vNIC profile of another Network.",
        () ->
            us.post(
                "/vnicprofiles",
                "{\"name\":\"fast\",\"network\":{\"id\":\""
                    + plain
                    + "\"},\"pass_through\":{\"mode\":\"enabled\"},\"failover\":{\"id\":\""
                    + profileOf(isolated)
                    + "\"}}"));
    refused(
        400,
        "Cannot edit VM network interface profile. Networks with Port Isolation enabled are not"
            + " supported as failover: vNIC profile green would fail over to Network blue. Choose a"
            + " failover vNIC profile of another Network.",
        () ->
            us.put(
                "/vnicprofiles/" + profileOf(plain),
                "{\"failover\":{\"id\":\"" + profileOf(isolated) + "\"}}"));
  }

  @Test
  void openPortsNotForEveryone() {
    String id = network("blue", true);
    String profile = profileOf(id);
    String promiscuous =
        "{\"custom_properties\":{\"custom_property\":[{\"name\":\"port_isolation\",\"value\":"
            + "\"promiscuous\"}]}}";
    rig.engine().seeds().grantToGroup("VnicProfileUser", "Everyone", "vnic_profile", uuid(profile));
    refused(
        400,
        "Cannot edit VM network interface profile. vNIC profile blue of Network blue makes ports"
            + " promiscuous and may be used by Everyone, so that any user could reach the isolated"
            + " ports. Take the permission of Everyone away, or choose another role.",
        () -> us.put("/vnicprofiles/" + profile, promiscuous));
    String other = network("red", true);
    assertThat(us.put("/vnicprofiles/" + profileOf(other), promiscuous).status()).isEqualTo(200);
    rig.engine().seeds().grantToGroup("VnicProfileUser", "Everyone", "network", uuid(other));
    refused(
        400,
        "Cannot add VM network interface profile. vNIC profile shop of Network red makes ports"
            + " community:shop and may be used by Everyone, so that any user could reach the isolated"
            + " ports. Take the permission of Everyone away, or choose another role.",
        () ->
            us.post(
                "/vnicprofiles",
                "{\"name\":\"shop\",\"network\":{\"id\":\""
                    + other
                    + "\"},"
                    + promiscuous.replace("promiscuous", "community:shop").substring(1)));
  }

  @Test
  void aVnicJoinsOnlyWhereTheGateIsOpen() {
    String id = attachedNetwork("blue", true);
    String vm = vm("vm1");
    String nic = nicOn(id);
    openGate(clusterLevel(), false);
    String level = "Port isolation requires cluster compatibility level ";
    refusedWith(400, "Cannot add Interface. " + level, () -> us.post("/vms/" + vm + "/nics", nic));
    openGate(clusterLevel(), true);
    String joined = "/vms/" + vm + "/nics/" + created(us.post("/vms/" + vm + "/nics", nic));
    openGate(clusterLevel(), false);
    refusedWith(400, "Cannot edit Interface. " + level, () -> us.put(joined, "{\"plugged\":true}"));
    refusedWith(400, "Cannot edit Interface. " + level, () -> us.post(joined + "/activate", "{}"));
    assertThat(us.put(joined, "{\"linked\":false}").status())
        .as("closing is never refused")
        .isEqualTo(200);
  }

  /** The body of a vNIC on the network. */
  private String nicOn(String network) {
    return "{\"name\":\"nic1\",\"vnic_profile\":{\"id\":\"" + profileOf(network) + "\"}}";
  }

  @Test
  void aVnicJoinsOnlyOnLinuxBridges() {
    String id = attachedNetwork("blue", true);
    String vm = vm("vm1");
    engine.put("/clusters/" + cluster(), "{\"switch_type\":\"ovs\"}");
    refused(
        400,
        "Cannot add Interface. Port isolation requires Cluster Switch Type Linux Bridge.",
        () -> us.post("/vms/" + vm + "/nics", nicOn(id)));
  }

  @Test
  void aVmMovesOnlyWhereItsPortsCanBeIsolated() {
    String id = attachedNetwork("blue", true);
    String vm = vm("vm1");
    created(us.post("/vms/" + vm + "/nics", nicOn(id)));
    String ovs =
        created(
            engine.post(
                "/clusters",
                "{\"name\":\"ovs\",\"data_center\":{\"id\":\""
                    + dataCenter()
                    + "\"},\"switch_type\":\"ovs\",\"cpu\":{\"architecture\":\"x86_64\"}}"));
    refused(
        400,
        "Cannot edit VM Cluster. Port isolation requires Cluster Switch Type Linux Bridge.",
        () -> us.put("/vms/" + vm, "{\"cluster\":{\"id\":\"" + ovs + "\"}}"));
    refused(
        400,
        "Cannot edit VM Cluster. Port isolation requires Cluster Switch Type Linux Bridge.",
        () -> us.put("/vms/" + vm, "{\"cluster\":{\"name\":\"ovs\"}}"));
    String old =
        created(
            engine.post(
                "/clusters",
                "{\"name\":\"old\",\"data_center\":{\"id\":\""
                    + dataCenter()
                    + "\"},\"version\":{\"major\":4,\"minor\":3},\"cpu\":{\"architecture\":\"x86_64\"}}"));
    refusedWith(
        400,
        "Cannot edit VM Cluster. Port isolation requires cluster compatibility level ",
        () -> us.put("/vms/" + vm, "{\"cluster\":{\"id\":\"" + old + "\"}}"));
  }

  @Test
  void aVmDoesNotMoveToAClusterThatCannotBeLookedAt() {
    String id = attachedNetwork("blue", true);
    String vm = vm("vm1");
    created(us.post("/vms/" + vm + "/nics", nicOn(id)));
    String unknown = "00000000-0000-4000-8000-00000000c1c1";
    refused(
        400,
        "Cannot edit VM Cluster. Whether Cluster "
            + unknown
            + " supports Port Isolation, which Network blue needs, cannot be read with your"
            + " permissions. Ask an administrator of the Cluster.",
        () -> us.put("/vms/" + vm, "{\"cluster\":{\"id\":\"" + unknown + "\"}}"));
  }

  @Test
  void noVnicWithAGatewaysMac() {
    String id = attachedNetwork("blue", true);
    String vm = vm("vm1");
    var set =
        us.put(
            "/networks/" + id + "/uplink",
            "{\"mode\":\"gateways\",\"gateways\":{\"gateway\":[\"02:00:00:00:00:FE\"]}}");
    assertThat(set.status()).as(set.toString()).isEqualTo(200);
    String nic =
        "{\"name\":\"nic1\",\"vnic_profile\":{\"id\":\""
            + profileOf(id)
            + "\"},\"mac\":{\"address\":";
    refused(
        400,
        "Cannot add Interface. MAC Address 02:00:00:00:00:fe belongs to a gateway of Network blue,"
            + " which has Port Isolation enabled. Give the vNIC another MAC Address.",
        () -> us.post("/vms/" + vm + "/nics", nic + "\"02:00:00:00:00:fe\"}}"));
    String other = created(us.post("/vms/" + vm + "/nics", nic + "\"02:00:00:00:00:01\"}}"));
    refused(
        400,
        "Cannot edit Interface. MAC Address 02-00-00-00-00-FE belongs to a gateway of Network blue,"
            + " which has Port Isolation enabled. Give the vNIC another MAC Address.",
        () ->
            us.put(
                "/vms/" + vm + "/nics/" + other, "{\"mac\":{\"address\":\"02-00-00-00-00-FE\"}}"));
  }

  @Test
  void aVlanTagIsWarnedOf() {
    var answer = us.post("/networks", body("blue", ",\"vlan\":{\"id\":\"102\"}"));
    assertThat(answer.status()).isEqualTo(201);
    assertThat(answer.json().path("warnings").path("warning").path(0).asText())
        .contains("Network blue is VLAN-tagged (102)");
    // What a client read it can send back.
    assertThat(us.put("/networks/" + answer.id(), answer.body()).status()).isEqualTo(200);
  }
}
