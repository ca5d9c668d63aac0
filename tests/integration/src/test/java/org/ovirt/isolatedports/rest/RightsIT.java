// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.rest;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The caller's own rights: what the engine refuses we refuse, and what only we have goes by them.
 */
class RightsIT extends ServerTest {

  private static final String GATEWAYS =
      "{\"mode\":\"gateways\",\"gateways\":{\"gateway\":[\"02:00:00:00:00:fe\"]}}";

  RightsIT() {
    super(false);
  }

  /**
   * Each row: who, the role and where it was given, and the status of reading the network, renaming
   * it (the engine decides) and setting its uplink (we decide).
   */
  @ParameterizedTest
  @CsvSource({
    "administrator,         admin, -,               -,           200, 200, 200",
    "network administrator, user1, NetworkAdmin,    network,     200, 200, 200",
    "of the data center,    user1, NetworkAdmin,    data_center, 200, 200, 200",
    "of the system,         user1, NetworkAdmin,    system,      200, 200, 200",
    "group member,          user3, NetworkAdmin,    group,       200, 200, 200",
    "cluster administrator, user2, ClusterAdmin,    cluster,     200, 403, 403",
    "profile user,          user2, VnicProfileUser, profile,     200, 403, 403",
    "nobody,                user2, -,               -,           401, 401, 401"
  })
  void rights(
      String who, String login, String role, String on, int read, int rename, int setUplink) {
    String network = network("blue", true);
    var seeds = rig.engine().seeds();
    switch (on) {
      case "network" -> seeds.grant(role, login, "network", uuid(network));
      case "data_center" -> seeds.grant(role, login, "data_center", uuid(dataCenter()));
      case "cluster" -> seeds.grant(role, login, "cluster", uuid(cluster()));
      case "profile" -> seeds.grant(role, login, "vnic_profile", uuid(profileOf(network)));
      case "system" -> seeds.grantOnSystem(role, login);
      case "group" -> {
        seeds.group("labgroup", List.of(login));
        seeds.grantToGroup(role, "labgroup", "data_center", uuid(dataCenter()));
      }
      default -> assertThat(on).isEqualTo("-");
    }
    String path = "/networks/" + network;
    Api caller = as(login);
    Api atEngine =
        new Api(
            java.net.URI.create(rig.engineUrl() + "/api"),
            "Bearer " + Api.token(rig.engineUrl(), login));
    int engineRename = atEngine.put(path, "{\"comment\":\"x\"}").status();
    assertThat(caller.get(path).status()).as(who + " reads").isEqualTo(atEngine.get(path).status());
    assertThat(caller.put(path, "{\"comment\":\"y\"}").status())
        .as(who + " renames as at the engine")
        .isEqualTo(engineRename);
    var rows = rig.storedRows();
    int uplink = caller.put(path + "/uplink", GATEWAYS).status();
    assertThat(List.of(caller.get(path).status(), engineRename, uplink))
        .as(who)
        .containsExactly(read, rename, setUplink);
    if (uplink != 200) {
      assertThat(rig.storedRows()).as("nothing was stored for " + who).isEqualTo(rows);
    }
  }

  @Test
  void aTokenThatIsNoneGetsTheEnginesAnswer() {
    Api stranger = new Api(rig.api(), "Bearer no-token");
    var answer = stranger.get("/networks");
    assertThat(answer.status()).isEqualTo(401);
    assertThat(answer.header("WWW-Authenticate")).contains("Basic realm=\"RESTAPI\"");
    assertThat(new Api(rig.api(), "").get("/networks").status()).isEqualTo(401);
  }

  @Test
  void aPasswordIsExchangedForATokenOnceAMinute() {
    Api basic = new Api(rig.api(), basic("admin@internal", "admin"));
    assertThat(basic.get("/networks").status()).isEqualTo(200);
    rig.engine().calls().reset();
    for (int i = 0; i < 5; i++) {
      assertThat(basic.get("/networks").status()).isEqualTo(200);
    }
    assertThat(rig.engine().calls().count("POST", "/ovirt-engine/sso/oauth/token"))
        .as("logins for five requests, with one of the service account that may fall in between")
        .isLessThanOrEqualTo(1);
    assertThat(rig.engine().calls().list())
        .as("the password itself never goes to the API")
        .noneMatch(
            call ->
                call.path().startsWith("/ovirt-engine/api") && call.credentials().equals("Basic"));
    assertThat(new Api(rig.api(), basic("admin@internal", "wrong")).get("/networks").status())
        .isEqualTo(401);
  }

  private static String basic(String user, String password) {
    return "Basic "
        + Base64.getEncoder()
            .encodeToString((user + ":" + password).getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void aForeignPageMayNotWriteWithWhatTheBrowserSendsByItself() {
    String network = network("blue", true);
    String path = "/networks/" + network;
    Api basic = new Api(rig.api(), basic("admin@internal", "admin"));
    var foreign = basic.put(path, "{\"comment\":\"x\"}", "Origin", "https://evil.example");
    assertThat(foreign.status()).isEqualTo(403);
    assertThat(engine.get(path).json().path("comment").asText()).isEmpty();
    var cookie =
        us.put(path, "{\"comment\":\"x\"}", "Origin", "https://evil.example", "Cookie", "a=b");
    assertThat(cookie.status()).isEqualTo(403);
    String own = "http://" + rig.api().getAuthority();
    assertThat(basic.put(path, "{\"comment\":\"x\"}", "Origin", own).status()).isEqualTo(200);
    assertThat(us.put(path, "{\"comment\":\"y\"}", "Origin", "https://evil.example").status())
        .as("no page can make a browser send a bearer token")
        .isEqualTo(200);
  }

  @Test
  void everyAnswerCarriesTheSecurityHeaders() {
    for (Api.Answer answer :
        List.of(us.get("/networks"), new Api(rig.api(), "").get("/networks"), us.get("/none"))) {
      assertThat(answer.header("X-Content-Type-Options")).contains("nosniff");
      assertThat(answer.header("X-Frame-Options")).contains("DENY");
      assertThat(answer.header("Cache-Control")).contains("no-store");
      assertThat(answer.header("Content-Security-Policy")).isPresent();
    }
  }

  @Test
  void noTokenAndNoPasswordInTheLog() throws IOException {
    String token = Api.token(rig.engineUrl(), "admin");
    new Api(rig.api(), "Bearer " + token).get("/networks");
    new Api(rig.api(), basic("admin@internal", "S3cretPassw0rd")).get("/networks");
    new Api(rig.api(), "Bearer " + token).put("/networks/" + network("x", true), "{broken");
    rig.engine().faults().answerGarbage("/ovirt-engine/api/networks");
    new Api(rig.api(), "Bearer " + token).get("/networks");
    String log = Files.readString(rig.serverLog());
    assertThat(log).isNotEmpty().doesNotContain(token).doesNotContain("S3cretPassw0rd");
    assertThat(log).doesNotContain(basic("admin@internal", "S3cretPassw0rd").substring(6));
  }
}
