// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.rest;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpRequest;
import java.nio.charset.Charset;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.ovirt.isolatedports.rig.Database;

/** The value that we judge is the value the engine uses; what could be two is refused. */
class OneValueIT extends ServerTest {

  private static final String GATEWAY = "02:00:00:00:00:fe";

  OneValueIT() {
    super(false);
  }

  /** Statuses from 400 to 499: refused, and nothing anywhere has changed. */
  private void refused(String what, java.util.function.Supplier<Api.Answer> request) {
    List<String> before = engineState();
    List<String> rows = rig.storedRows();
    Api.Answer answer = request.get();
    assertThat(answer.status()).as(what + ": " + answer).isBetween(400, 499);
    assertThat(engineState()).as(what).isEqualTo(before);
    assertThat(rig.storedRows()).as(what).isEqualTo(rows);
  }

  @Test
  void pathAndBodyNameOne() {
    String open = attachedNetwork("open", false);
    String isolated = attachedNetwork("blue", true);
    String third = network("third", false);
    EmergencyIT.until(Duration.ofSeconds(90), "their profiles", () -> !profileOf(third).isEmpty());
    String one = vm("one");
    String two = vm("two");
    refused(
        "a profile of another network",
        () ->
            us.post(
                "/networks/" + open + "/vnicprofiles",
                "{\"name\":\"p\",\"network\":{\"id\":\""
                    + isolated
                    + "\"},\"pass_through\":{\"mode\":\"enabled\"}}"));
    refused(
        "another network of the cluster",
        () ->
            us.put(
                "/clusters/" + cluster() + "/networks/" + open,
                "{\"id\":\"" + isolated + "\",\"display\":true}"));
    refused(
        "another network",
        () -> us.put("/networks/" + open, "{\"id\":\"" + isolated + "\",\"comment\":\"x\"}"));
    refused(
        "another VM",
        () ->
            us.post(
                "/vms/" + one + "/nics", "{\"name\":\"nic1\",\"vm\":{\"id\":\"" + two + "\"}}"));
    refused(
        "an id and the name of another",
        () ->
            us.post(
                "/clusters/" + cluster() + "/networks",
                "{\"id\":\"" + third + "\",\"name\":\"blue\"}"));
    refused(
        "another data center",
        () ->
            us.post(
                "/datacenters/" + dataCenter() + "/networks",
                "{\"name\":\"n\",\"data_center\":{\"id\":\"" + open + "\"}}"));
  }

  @Test
  void wordsAndPropertiesAreWhatTheEngineMakesOfThem() {
    String isolated = attachedNetwork("blue", true);
    for (String usage : List.of("MANAGEMENT", "Display", "dısplay", "mıgratıon", "unheard")) {
      refused(
          usage,
          () ->
              us.put(
                  "/clusters/" + cluster() + "/networks/" + isolated,
                  "{\"usages\":{\"usage\":[\"vm\",\"" + usage + "\"]}}"));
    }
    refused("OVſ", () -> us.put("/clusters/" + cluster(), "{\"switch_type\":\"ovſ\"}"));
    String path = "/vnicprofiles/" + profileOf(isolated);
    String vm = "/vms/" + vm("vm1");
    for (String property :
        List.of(
            "{\"name\":\"a;port_isolation\",\"value\":\"promiscuous\"}",
            "{\"name\":\"a\",\"value\":\"b;port_isolation=promiscuous\"}",
            "{\"name\":\"port_isolation\",\"value\":\"true\"},"
                + "{\"name\":\"port_isolation\",\"value\":\"promiscuous\"}")) {
      refused(
          property,
          () -> us.put(path, "{\"custom_properties\":{\"custom_property\":[" + property + "]}}"));
      refused(
          "of a VM: " + property,
          () -> us.put(vm, "{\"custom_properties\":{\"custom_property\":[" + property + "]}}"));
    }
    String plain = "{\"name\":\"hugepages\",\"value\":\"1048576\"}";
    assertThat(us.put(vm, "{\"custom_properties\":{\"custom_property\":[" + plain + "]}}").status())
        .as("one that can be read in one way")
        .isEqualTo(200);
  }

  @Test
  void anotherEncodingIsNotTheEngines() {
    String isolated = attachedNetwork("blue", true);
    String body =
        "<?xml version=\"1.0\" encoding=\"Shift_JIS\"?><vnic_profile><name>ｱ</name>"
            + "<pass_through><mode>enabled</mode></pass_through></vnic_profile>";
    refused(
        "Shift_JIS",
        () ->
            Api.send(
                us.request(
                        "POST",
                        "/networks/" + isolated + "/vnicprofiles",
                        body.getBytes(Charset.forName("Shift_JIS")))
                    .header("Content-Type", "application/xml")
                    .build()));
    HttpRequest declared =
        us.request("POST", "/networks", "{\"name\":\"n\"}".getBytes(Charset.forName("UTF-16")))
            .header("Content-Type", "application/json; charset=UTF-16")
            .build();
    assertThat(Api.send(declared).status()).isEqualTo(415);
    refused(
        "a foreign namespace",
        () ->
            us.xml(
                "POST",
                "/networks/" + isolated + "/vnicprofiles",
                "<vnic_profile><name>p</name><pass_through><mode>enabled</mode></pass_through>"
                    + "<x:pass_through xmlns:x='urn:x'><x:mode>disabled</x:mode></x:pass_through>"
                    + "</vnic_profile>"));
  }

  /** In the engine null is "not set": what stays as it was is judged as it is. */
  @Test
  void nullIsNotSet() {
    String isolated = attachedNetwork("blue", true);
    assertThat(
            us.put(
                    "/networks/" + isolated + "/uplink",
                    "{\"mode\":\"gateways\",\"gateways\":{\"gateway\":[\"" + GATEWAY + "\"]}}")
                .status())
        .isEqualTo(200);
    String vm = vm("vm1");
    String nic =
        created(
            us.post(
                "/vms/" + vm + "/nics",
                "{\"name\":\"nic1\",\"vnic_profile\":{\"id\":\"" + profileOf(isolated) + "\"}}"));
    refused(
        "the gateway's MAC beside a null",
        () ->
            us.put(
                "/vms/" + vm + "/nics/" + nic,
                "{\"vnic_profile\":null,\"mac\":{\"address\":\"" + GATEWAY + "\"}}"));
    openGate(clusterLevel(), false);
    refused(
        "plugged in where the gate is closed, beside a null",
        () -> us.put("/vms/" + vm + "/nics/" + nic, "{\"vnic_profile\":null,\"plugged\":true}"));
    openGate(clusterLevel(), true);
    String profile = "/vnicprofiles/" + profileOf(isolated);
    Api.Answer renamed =
        us.put(profile, "{\"name\":\"renamed\",\"custom_properties\":null,\"pass_through\":null}");
    assertThat(renamed.status()).as(renamed.toString()).isEqualTo(200);
    assertThat(engine.get(profile).json().path("custom_properties").toString())
        .as("the list stays as it was")
        .isEqualTo("{\"custom_property\":[{\"name\":\"port_isolation\",\"value\":\"true\"}]}");
    assertThat(
            us.post("/networks", body("green", ",\"external_provider\":null,\"usages\":null"))
                .status())
        .isEqualTo(201);
    rig.database().execute(Database.OWN, "DELETE FROM violation");
  }
}
