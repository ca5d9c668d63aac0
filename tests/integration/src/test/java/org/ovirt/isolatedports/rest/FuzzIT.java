// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.rest;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/**
 * Ten thousand broken bodies: a fault each, never a 500, and nothing stored that was not created.
 */
class FuzzIT extends ServerTest {

  private static final int BODIES = 10_000;
  private static final long SEED = 20261121;
  private static final int CLIENTS = 8;
  private static final List<String> BITS =
      List.of(
          "\"",
          "{",
          "}",
          "[",
          "]",
          ",",
          "<",
          ">",
          "&",
          "&#0;",
          "&lol;",
          "]]>",
          "<!DOCTYPE x [<!ENTITY a SYSTEM \"file:///etc/passwd\">]>",
          "\u0000",
          "\\u0000",
          "\\ud800",
          "\uFFFF",
          "é",
          "null",
          "true",
          "false",
          "-1",
          "1e999",
          "99999999999999999999",
          "port_isolation",
          "vnic_profile",
          "custom_properties",
          "${jndi:ldap://127.0.0.1/x}",
          "%s%n",
          "'; DROP TABLE isolated_network; --",
          "x".repeat(300));

  /**
   * One request.
   *
   * @param body a character for each byte, as not every broken body is text
   */
  private record Shot(boolean json, String method, String path, String body) {}

  FuzzIT() {
    super(false);
  }

  @Test
  void noBodyMakesUsFailOrStoreWhatWasNotCreated() throws Exception {
    String network = attachedNetwork("target", true);
    String vm = vm("vm1");
    List<Shot> shots = shots(network, vm);
    ExecutorService clients = Executors.newFixedThreadPool(CLIENTS);
    List<String> failures = new ArrayList<>();
    int created = 0;
    try {
      List<Future<Api.Answer>> answers = new ArrayList<>();
      for (Shot shot : shots) {
        answers.add(clients.submit(() -> Api.send(request(shot))));
      }
      for (int i = 0; i < shots.size(); i++) {
        Api.Answer answer = answers.get(i).get();
        Shot shot = shots.get(i);
        if (answer.status() >= 500 || answer.body().contains("\tat ")) {
          failures.add(shot.method() + " " + shot.path() + " " + shot.body() + " -> " + answer);
        }
        if (answer.status() == 201
            && shot.path().equals("/networks")
            && answer.body().matches("(?s).*port_isolation(\" : \"|>)true.*")) {
          created++;
        }
      }
    } finally {
      clients.shutdownNow();
    }
    assertThat(failures).isEmpty();
    assertThat(rig.storedRows().stream().filter(row -> row.startsWith("isolated_network")))
        .as("a row for each network that was really created, and the target's")
        .hasSize(created + 1);
    assertThat(rig.storedRows().stream().filter(row -> row.startsWith("engine_change"))).isEmpty();
  }

  private java.net.http.HttpRequest request(Shot shot) {
    String type = shot.json() ? "application/json" : "application/xml";
    return us.request(shot.method(), shot.path(), shot.body().getBytes(StandardCharsets.ISO_8859_1))
        .header("Accept", type)
        .header("Content-Type", type)
        .build();
  }

  private List<Shot> shots(String network, String vm) {
    String dc = dataCenter();
    String profile = profileOf(network);
    List<Shot> sane =
        List.of(
            shot(
                "POST",
                "/networks",
                "{\"name\":\"f\",\"port_isolation\":true,\"vlan\":{\"id\":\"7\"},\"usages\":{\"usage\":"
                    + "[\"vm\"]},\"data_center\":{\"id\":\""
                    + dc
                    + "\"}}"),
            shot(
                "POST",
                "/networks",
                "<network><name>f</name><port_isolation>true</port_isolation><data_center id=\""
                    + dc
                    + "\"/><mtu>1500</mtu></network>"),
            shot(
                "PUT",
                "/networks/" + network,
                "{\"port_isolation\":true,\"description\":\"d\",\"external_provider\":null}"),
            shot(
                "PUT",
                "/networks/" + network,
                "<network><port_isolation>true</port_isolation><usages><usage>vm</usage></usages>"
                    + "</network>"),
            shot(
                "POST",
                "/vnicprofiles",
                "{\"name\":\"p\",\"network\":{\"id\":\""
                    + network
                    + "\"},\"pass_through\":{\"mode\":\"disabled\"},\"port_mirroring\":false,"
                    + "\"custom_properties\":{\"custom_property\":[{\"name\":\"port_isolation\","
                    + "\"value\":\"isolated\"}]}}"),
            shot(
                "PUT",
                "/vnicprofiles/" + profile,
                "<vnic_profile><custom_properties><custom_property><name>port_isolation</name><value>"
                    + "promiscuous</value></custom_property></custom_properties></vnic_profile>"),
            shot(
                "POST",
                "/vms/" + vm + "/nics",
                "{\"name\":\"n\",\"vnic_profile\":{\"id\":\""
                    + profile
                    + "\"},\"mac\":{\"address\":\"02:00:00:00:00:01\"}}"),
            shot(
                "PUT",
                "/clusters/" + cluster(),
                "{\"version\":{\"major\":4,\"minor\":4},\"switch_type\":\"legacy\"}"),
            shot(
                "PUT",
                "/networks/" + network + "/uplink",
                "{\"mode\":\"gateways\",\"gateways\":{\"gateway\":[\"02:00:00:00:00:fe\"]}}"),
            shot(
                "PUT",
                "/networks/" + network + "/uplink",
                "<uplink><mode>open</mode><gateways/></uplink>"));
    Random random = new Random(SEED);
    List<Shot> shots = new ArrayList<>();
    for (int i = 0; i < BODIES; i++) {
      Shot shot = sane.get(random.nextInt(sane.size()));
      shots.add(new Shot(shot.json(), shot.method(), shot.path(), mutated(shot.body(), random)));
    }
    return shots;
  }

  private static Shot shot(String method, String path, String body) {
    return new Shot(body.startsWith("{"), method, path, body);
  }

  private static String mutated(String body, Random random) {
    byte[] result = body.getBytes(StandardCharsets.ISO_8859_1);
    int changes = 1 + random.nextInt(4);
    for (int i = 0; i < changes && result.length > 0; i++) {
      int at = random.nextInt(result.length);
      int to = Math.min(result.length, at + random.nextInt(12));
      byte[] bit =
          switch (random.nextInt(4)) {
            case 0 -> new byte[0];
            case 1 -> new byte[] {(byte) random.nextInt(256)};
            case 2 -> BITS.get(random.nextInt(BITS.size())).getBytes(StandardCharsets.UTF_8);
            default -> java.util.Arrays.copyOfRange(result, random.nextInt(at + 1), at);
          };
      result = spliced(result, at, random.nextBoolean() ? at : to, bit);
    }
    return new String(result, StandardCharsets.ISO_8859_1);
  }

  private static byte[] spliced(byte[] body, int from, int to, byte[] bit) {
    byte[] result = new byte[from + bit.length + body.length - to];
    System.arraycopy(body, 0, result, 0, from);
    System.arraycopy(bit, 0, result, from, bit.length);
    System.arraycopy(body, to, result, from + bit.length, body.length - to);
    return result;
  }
}
