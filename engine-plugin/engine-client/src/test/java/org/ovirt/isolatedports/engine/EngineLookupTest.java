// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.ovirt.isolatedports.body.ApiBody;
import org.ovirt.isolatedports.inventory.Network;
import org.ovirt.isolatedports.inventory.SwitchType;
import org.ovirt.isolatedports.standin.EngineStandIn;

/** What the rules ask of the engine at write time, against an engine. */
class EngineLookupTest {

  private static final String NOBODY = "11111111-2222-4333-8444-555555555555";

  private final EngineStandIn standIn = EngineStandIn.builder().start();
  private final EngineSettings settings =
      new EngineSettings(
          URI.create(standIn.url() + "/ovirt-engine"),
          Duration.ofSeconds(20),
          Optional.empty(),
          Optional.empty(),
          Optional.empty());
  private final EngineHttpClient http = new EngineHttpClient(settings);
  private final JsonEngine engine = new JsonEngine(http);
  private final EngineLookup lookup = new EngineLookup(engine);
  private final Clusters clusters = new Clusters(engine);
  private String token;
  private UUID network;
  private String profile;

  @BeforeEach
  void start() throws InterruptedException {
    token = new SingleSignOn(http).login("admin@internal", "admin").orElseThrow();
    network =
        EntityParser.uuid(
            engine.add(
                token,
                "/networks",
                "{\"name\":\"blue net\",\"data_center\":{\"id\":\""
                    + dataCenter()
                    + "\"},\"port_isolation\":\"true\"}"));
    profile = defaultProfile();
  }

  /** The engine makes it a moment after its network. */
  private String defaultProfile() throws InterruptedException {
    String path = "/networks/" + network + "/vnicprofiles";
    List<ApiBody> profiles = engine.read(token, path).items("vnic_profile");
    for (int i = 0; i < 1_000 && profiles.isEmpty(); i++) {
      Thread.sleep(30);
      profiles = engine.read(token, path).items("vnic_profile");
    }
    return EntityParser.id(profiles.get(0));
  }

  @AfterEach
  void stop() throws java.io.IOException {
    standIn.close();
    http.close();
  }

  private UUID dataCenter() {
    return standIn.seeds().dataCenter("Default");
  }

  private String cluster() {
    return standIn.seeds().cluster("Default").toString();
  }

  private void isTheNetwork(Optional<Network> found) {
    assertThat(found)
        .contains(
            new Network(
                network,
                Optional.of(dataCenter()),
                "blue net",
                true,
                false,
                Optional.of(true),
                Optional.of("on" + network.toString().replace("-", "").substring(0, 13))));
  }

  @Test
  void findsNetworksByIdByNameAndByProfile() {
    isTheNetwork(lookup.network(token, network.toString()));
    isTheNetwork(lookup.networkByName(token, dataCenter(), "blue net"));
    isTheNetwork(lookup.networkOfProfile(token, profile));
    assertThat(lookup.networkByName(token, dataCenter(), "ovirtmgmt")).isPresent();
    assertThat(lookup.networkByName(token, UUID.fromString(NOBODY), "ovirtmgmt")).isEmpty();
    assertThat(lookup.network(token, NOBODY)).isEmpty();
    assertThat(lookup.networkOfProfile(token, NOBODY)).isEmpty();
    assertThat(lookup.dataCenterByName(token, "Default")).contains(dataCenter());
  }

  @Test
  void findsTheNetworksOfAVmAndOfItsVnics() {
    ApiBody unused =
        engine.add(
            token,
            "/clusters/" + cluster() + "/networks",
            "{\"id\":\"" + network + "\",\"required\":\"false\"}");
    String vm =
        EntityParser.id(
            engine.add(
                token,
                "/vms",
                "{\"name\":\"v\",\"cluster\":{\"id\":\""
                    + cluster()
                    + "\"},\"template\":{\"name\":\"Blank\"}}"));
    String on =
        EntityParser.id(
            engine.add(
                token,
                "/vms/" + vm + "/nics",
                "{\"name\":\"nic1\",\"vnic_profile\":{\"id\":\"" + profile + "\"}}"));
    String off = EntityParser.id(engine.add(token, "/vms/" + vm + "/nics", "{\"name\":\"nic2\"}"));
    isTheNetwork(lookup.networkOfNic(token, vm, on));
    assertThat(lookup.networkOfNic(token, vm, off)).isEmpty();
    assertThat(lookup.networksOfVm(token, vm)).extracting(Network::id).containsExactly(network);
    assertThat(lookup.networksOfVm(token, NOBODY)).isEmpty();
    assertThat(lookup.networksOfCluster(token, cluster()))
        .extracting(Network::id)
        .contains(network);
    assertThat(lookup.clusterOfVm(token, vm)).contains(cluster());
  }

  @Test
  void findsClusters() {
    Clusters.Found found = clusters.find(token, cluster()).orElseThrow();
    assertThat(found.cluster().switchType()).isEqualTo(SwitchType.LINUX_BRIDGE);
    assertThat(found.dataCenterId()).contains(dataCenter());
    assertThat(clusters.idByName(token, "Default")).contains(cluster());
    assertThat(clusters.find(token, NOBODY)).isEmpty();
  }

  @Test
  void aCallerWhoIsNotLetInGetsTheEnginesRefusal() {
    assertThatThrownBy(() -> lookup.network("no token", network.toString()))
        .isInstanceOfSatisfying(
            EngineException.class, e -> assertThat(e.engineStatus()).isEqualTo(401));
  }

  /** Whoever cannot read what a role lets do cannot know that Everyone may not use a profile. */
  @Test
  void everyoneMayUseAProfileWherePermitsOrPermissionsCannotBeRead() {
    String object = "vnicprofiles/" + profile;
    // UserRole has permits, but not the one to use a profile.
    ApiBody unused =
        engine.add(
            token,
            "/" + object + "/permissions",
            "{\"role\":{\"name\":\"UserRole\"},\"group\":{\"id\":\""
                + Permissions.EVERYONE
                + "\"}}");
    assertThat(permissions().everyoneMayUse(token, object)).isFalse();
    standIn.faults().answerStatus("/ovirt-engine/api/roles", 404);
    assertThat(permissions().everyoneMayUse(token, object)).isTrue();
    standIn.faults().clear();
    standIn.faults().answerStatus("/ovirt-engine/api/vnicprofiles", 404);
    assertThat(permissions().everyoneMayUse(token, object)).isTrue();
  }

  /** With no memory of what roles let do. */
  private Permissions permissions() {
    return new Permissions(new HardenedSdk(http, settings));
  }
}
