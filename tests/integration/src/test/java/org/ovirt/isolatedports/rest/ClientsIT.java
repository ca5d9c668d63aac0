// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.rest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.ovirt.engine.sdk4.ConnectionBuilder.connection;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.ovirt.engine.sdk4.Connection;
import org.ovirt.engine.sdk4.builders.Builders;
import org.ovirt.engine.sdk4.services.SystemService;
import org.ovirt.engine.sdk4.types.Network;
import org.ovirt.engine.sdk4.types.VnicProfile;

/** Clients of the engine's API as they are: ovirt-engine-sdk-java, and curl. */
class ClientsIT extends ServerTest {

  ClientsIT() {
    super(true);
  }

  /** Through the engine's own front, which is where the SDK looks for the single sign-on. */
  private String url() {
    URI engineUrl = rig.engineUrl();
    rig.engine().proxy("/ovirt-isolated-ports", rig.api().resolve("/ovirt-isolated-ports"));
    return engineUrl.resolve("/ovirt-isolated-ports/api").toString();
  }

  @Test
  void theUnmodifiedSdkDoesAllOfItThroughUs() throws Exception {
    UUID vm = uuid(vm("vm1"));
    Connection client = connection().url(url()).user("admin@internal").password("admin").build();
    try {
      SystemService system = client.systemService();
      Network blue =
          system
              .networksService()
              .add()
              .network(
                  Builders.network()
                      .name("blue")
                      .dataCenter(Builders.dataCenter().id(dataCenter()))
                      .portIsolation(true))
              .send()
              .network();
      assertThat(blue.portIsolation()).isTrue();
      assertThat(blue.href()).startsWith("/ovirt-isolated-ports/api/");
      assertThat(
              system.networksService().list().search("name=blue").max(1).send().networks().stream()
                  .map(Network::id))
          .containsExactly(blue.id());
      var one = system.networksService().networkService(blue.id());
      assertThat(
              one.update()
                  .network(Builders.network().description("d"))
                  .send()
                  .network()
                  .description())
          .isEqualTo("d");
      var attached = system.clustersService().clusterService(cluster()).networksService();
      attached.add().network(Builders.network().id(blue.id())).send();
      assertThat(attached.list().send().networks()).anyMatch(n -> n.id().equals(blue.id()));
      // Where the engine isolates by itself, nobody waits for the profile that it makes afterwards.
      profileOf(blue.id());
      VnicProfile profile = one.vnicProfilesService().list().send().profiles().get(0);
      var nics = system.vmsService().vmService(vm.toString()).nicsService();
      var joined =
          nics.add()
              .nic(Builders.nic().name("nic1").vnicProfile(Builders.vnicProfile().id(profile.id())))
              .send()
              .nic();
      assertThatThrownBy(
              () ->
                  system
                      .vnicProfilesService()
                      .profileService(profile.id())
                      .update()
                      .profile(Builders.vnicProfile().portMirroring(true))
                      .send())
          .as("our fault, as the SDK reads the engine's")
          .hasMessageContaining("with port mirroring");
      nics.nicService(joined.id()).remove().send();
      attached.networkService(blue.id()).remove().send();
      one.remove().send();
      assertThat(system.networksService().list().search("name=blue").send().networks()).isEmpty();
    } finally {
      client.close();
    }
    assertThat(rig.storedRows()).isEmpty();
  }

  @Test
  void curlWithAPasswordSpeaksXmlAndJson() throws Exception {
    String name = "<network><name>blue</name><data_center id=\"" + dataCenter() + "\"/>";
    String created =
        curl(
            "-H",
            "Content-Type: application/xml",
            "-d",
            name + "<port_isolation>true</port_isolation></network>",
            rig.api() + "/networks");
    assertThat(created)
        .startsWith("<?xml")
        .contains("<port_isolation>true</port_isolation>")
        .contains("<enforcement>native</enforcement>");
    assertThat(
            curl(
                "-H", "Accept: application/json", rig.api() + "/networks?search=name%3Dblue&max=1"))
        .contains("\"port_isolation\" : \"true\"");
    assertThat(curl("-w", " %{http_code}", "-H", "Accept: text/html", rig.api() + "/networks"))
        .isEqualTo(" 406");
    assertThat(
            curl(
                "-w",
                " %{http_code}",
                "-H",
                "Content-Type: a/b",
                "-d",
                "x",
                rig.api() + "/networks"))
        .isEqualTo(" 415");
  }

  private static String curl(String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of("curl", "-sS", "-u", "admin@internal:admin"));
    command.addAll(List.of(arguments));
    Process curl = new ProcessBuilder(command).redirectErrorStream(true).start();
    String answer = new String(curl.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(curl.waitFor()).as(answer).isZero();
    return answer;
  }
}
