// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.ovirt.isolatedports.body.ApiBody;
import org.ovirt.isolatedports.body.BodyFormat;
import org.ovirt.isolatedports.inventory.CompatibilityLevel;
import org.ovirt.isolatedports.inventory.NetworkRole;
import org.ovirt.isolatedports.inventory.Stated;
import org.ovirt.isolatedports.inventory.SwitchType;
import org.ovirt.isolatedports.inventory.WatchedProfile;

/** Fields that are missing, null, of another type or from the future are unknown, not a failure. */
class EntityParserTest {

  private static final String ID = "07de34ef-0000-4000-8000-000000000001";

  private static ApiBody json(String text) {
    return BodyFormat.JSON.read(text.getBytes(StandardCharsets.UTF_8), "");
  }

  @Test
  void readsAClusterAsTheEngineSendsIt() {
    var cluster =
        EntityParser.cluster(
            json(
                """
                {"id":"c","name":"Default","switch_type":"legacy",
                 "version":{"major":"4","minor":"7"}}\
                """));
    assertThat(cluster.name()).isEqualTo("Default");
    assertThat(cluster.level()).isEqualTo(new CompatibilityLevel(4, 7));
    assertThat(cluster.switchType()).isEqualTo(SwitchType.LINUX_BRIDGE);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"id\":\"c\"}",
        "{\"id\":\"c\",\"switch_type\":null,\"version\":null}",
        "{\"id\":\"c\",\"switch_type\":7,\"version\":\"4.7\"}",
        "{\"id\":\"c\",\"switch_type\":[\"legacy\"],\"version\":[]}",
        "{\"id\":\"c\",\"switch_type\":{},\"version\":{\"major\":\"4\"}}",
        "{\"id\":\"c\",\"switch_type\":\"evpn\",\"version\":{\"major\":\"x\",\"minor\":\"1\"}}"
      })
  void aClusterWhoseFieldsAreNotKnownIsKeptAsUnknown(String text) {
    var cluster = EntityParser.cluster(json(text));
    assertThat(cluster.switchType()).isEqualTo(SwitchType.UNKNOWN);
    assertThat(cluster.level()).isEqualTo(CompatibilityLevel.UNKNOWN);
  }

  /** A level or switch that is asked for in a form nobody knows is not taken to be as before. */
  @Test
  void whatABodyAsksForInAnUnknownFormIsUnknown() {
    var before =
        EntityParser.cluster(
            json(
                """
                {"id":"c","switch_type":"legacy","version":{"major":"4","minor":"7"}}\
                """));
    var after =
        EntityParser.cluster(json("{\"switch_type\":\"evpn\",\"version\":{\"major\":4}}"), before);
    assertThat(after.switchType()).isEqualTo(SwitchType.UNKNOWN);
    assertThat(after.level()).isEqualTo(CompatibilityLevel.UNKNOWN);
    assertThat(EntityParser.cluster(json("{\"name\":\"x\"}"), before).switchType())
        .isEqualTo(SwitchType.LINUX_BRIDGE);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ",\"pass_through\":null,\"port_mirroring\":null",
        ",\"pass_through\":\"disabled\",\"port_mirroring\":\"no\"",
        ",\"pass_through\":{},\"port_mirroring\":{}",
        ",\"pass_through\":{\"mode\":\"vdpa\"},\"port_mirroring\":3"
      })
  void aProfileWhoseFieldsAreNotKnownIsKeptAsUnknown(String fields) {
    WatchedProfile profile =
        EntityParser.profile(json("{\"id\":\"p\",\"network\":{\"id\":\"n\"}" + fields + "}"))
            .orElseThrow();
    assertThat(profile.passThrough()).isEqualTo(Stated.UNKNOWN);
    assertThat(profile.portMirroring()).isEqualTo(Stated.UNKNOWN);
    assertThat(profile.property()).isEmpty();
  }

  @Test
  void readsAProfileAsTheEngineSendsIt() {
    WatchedProfile profile =
        EntityParser.profile(
                json(
                    """
                    {"id":"p","name":"gold","network":{"id":"n"},"port_mirroring":"false",
                     "pass_through":{"mode":"disabled"},
                     "custom_properties":{"custom_property":[
                       {"name":"queues","value":"4"},
                       {"name":"port_isolation","value":"community:blue"}]}}\
                    """))
            .orElseThrow();
    assertThat(profile.passThrough()).isEqualTo(Stated.NO);
    assertThat(profile.portMirroring()).isEqualTo(Stated.NO);
    assertThat(profile.property()).contains("community:blue");
  }

  @Test
  void aUsageFromTheFutureIsARole() {
    var cluster =
        EntityParser.cluster(
            json("{\"id\":\"c\"}"),
            List.of(json("{\"id\":\"n\",\"usages\":{\"usage\":[\"vm\",\"replication\"]}}")));
    assertThat(cluster.attached().get("n")).isEqualTo(Set.of(NetworkRole.UNKNOWN));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", ",\"port_isolation\":null", ",\"port_isolation\":\"yes\"", ",\"usages\":3"})
  void aNetworkThatDoesNotSayThatItIsIsolatedIsNotSaidToBe(String fields) {
    var network = EntityParser.network(json("{\"id\":\"" + ID + "\"" + fields + "}"));
    assertThat(network.portIsolation()).isEmpty();
    assertThat(network.vmNetwork()).isFalse();
    assertThat(network.dataCenterId()).isEqualTo(Optional.empty());
  }

  @Test
  void anEntityWithoutAnIdIsNoAnswerOfApiV4() {
    assertThatThrownBy(() -> EntityParser.cluster(json("{\"name\":\"x\"}")))
        .isInstanceOf(EngineException.class)
        .hasMessageContaining("an entity without id");
  }
}
