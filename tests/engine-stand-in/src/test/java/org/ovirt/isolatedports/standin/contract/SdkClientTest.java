// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.standin.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.ovirt.engine.sdk4.ConnectionBuilder.connection;
import static org.ovirt.engine.sdk4.builders.Builders.dataCenter;
import static org.ovirt.engine.sdk4.builders.Builders.network;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.ovirt.engine.sdk4.Connection;
import org.ovirt.engine.sdk4.services.NetworkService;
import org.ovirt.engine.sdk4.services.NetworksService;
import org.ovirt.engine.sdk4.services.SystemService;
import org.ovirt.engine.sdk4.types.Network;
import org.ovirt.engine.sdk4.types.NetworkUsage;
import org.ovirt.isolatedports.standin.EngineStandIn;
import org.ovirt.isolatedports.standin.http.Calls;

/** An unmodified ovirt-engine-sdk-java does against the stand-in what it was recorded to do. */
class SdkClientTest {
  private EngineStandIn engine;
  private String vm;

  @BeforeEach
  void start() {
    engine = EngineStandIn.builder().defaultProfileAfter(Duration.ZERO, Duration.ZERO).start();
    vm = engine.seeds().vm("vm1", "Default", List.of()).toString();
  }

  @AfterEach
  void stop() {
    engine.close();
  }

  private Connection connect(String password) {
    return connection()
        .url(engine.url() + "/ovirt-engine/api")
        .user("admin@internal")
        .password(password)
        .insecure(true)
        .build();
  }

  @Test
  void doesWhatWasRecorded() throws Exception {
    Connection connection = connect("admin");
    SystemService system = connection.systemService();
    assertThat(system.get().send().api().productInfo().version().minorAsInteger()).isEqualTo(5);
    NetworksService networks = system.networksService();
    assertThat(networks.list().search("name=iso1").send().networks()).isEmpty();
    assertThat(networks.list().send().networks()).hasSize(1);
    networks.list().search("name=iso*").max(2).caseSensitive(false).follow("vnic_profiles").send();
    String dc = engine.seeds().dataCenter("Default").toString();
    Network added =
        networks
            .add()
            .network(
                network()
                    .name("sdk1")
                    .description("from the java sdk")
                    .dataCenter(dataCenter().id(dc))
                    .usages(NetworkUsage.VM)
                    .portIsolation(true))
            .send()
            .network();
    assertThat(added.portIsolation()).isTrue();
    NetworkService one = networks.networkService(added.id());
    assertThat(one.get().send().network().portIsolation()).isTrue();
    one.get()
        .header("Correlation-Id", "sdk-corr")
        .header("All-Content", "true")
        .query("all_content", "true")
        .send();
    assertThat(one.update().network(network().description("d2")).send().network().description())
        .isEqualTo("d2");
    assertThatThrownBy(() -> one.update().network(network().portIsolation(false)).send())
        .hasMessageContaining("HTTP response code is \"400\"")
        .hasMessageContaining("Port isolation option cannot be updated after Network is defined.");
    assertThatThrownBy(
            () ->
                networks
                    .add()
                    .network(
                        network().name("sdk1").dataCenter(dataCenter().id(dc)).portIsolation(true))
                    .send())
        .hasMessageContaining("409");
    assertThatThrownBy(
            () -> networks.networkService("00000000-1111-2222-3333-444444444444").get().send())
        .hasMessageContaining("404");
    assertThat(one.vnicProfilesService().list().send().profiles()).hasSize(1);
    assertThat(system.vmsService().vmService(vm).nicsService().list().send().nics()).isEmpty();
    assertThat(system.eventsService().list().from(1).max(3).send().events()).isNotEmpty();
    String cluster = system.clustersService().list().send().clusters().get(0).id();
    system.clustersService().clusterService(cluster).networksService().list().send();
    system.get().send();
    one.remove().send();
    connection.close();
    List<String> ours =
        engine.calls().list().stream()
            .map(SdkClientTest::line)
            .filter(each -> !each.equals("GET /ovirt-engine/api/clusters"))
            .toList();
    assertThat(ours).isEqualTo(recorded());
  }

  @Test
  void aWrongPasswordIsRefused() throws Exception {
    Connection connection = connect("wrong");
    assertThatThrownBy(() -> connection.systemService().get().send())
        .hasStackTraceContaining("access_denied");
    connection.close(false);
  }

  private static String line(Calls.Call call) {
    return (call.method() + " " + call.path()).replaceAll("[0-9a-f]{8}-[0-9a-f-]{27}", "ID");
  }

  /**
   * The request lines of the recordings in order, without the last, which is a login that fails.
   */
  private static List<String> recorded() {
    return List.of(
            "02-api-root",
            "03-networks-list-search",
            "04-networks-list-all",
            "05-networks-list-max-caseS-follow",
            "06-networks-add",
            "07-network-get",
            "08-network-get-header-query",
            "09-network-update",
            "10-network-update-iso-false",
            "11-network-add-dup",
            "12-network-get-404",
            "13-vnicprofiles-of-network",
            "14-vm-nics-list",
            "15-events-list",
            "16-cluster-networks",
            "17-test",
            "18-network-remove",
            "19-close")
        .stream()
        .flatMap(name -> load(name).lines())
        .flatMap(
            line ->
                java.util.regex.Pattern.compile("((?:GET|POST|PUT|DELETE) /\\S*) HTTP/1.1")
                    .matcher(line)
                    .results()
                    .map(each -> each.group(1)))
        .map(line -> line.replaceAll("[0-9a-f]{8}-[0-9a-f-]{27}", "ID"))
        .toList();
  }

  private static String load(String name) {
    try (InputStream in =
        SdkClientTest.class.getResourceAsStream("/recordings/sdk-client/" + name + ".http")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
