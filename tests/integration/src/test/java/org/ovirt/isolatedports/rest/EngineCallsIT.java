// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.rest;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How often the engine is asked for one request of ours: never once for each entity. */
class EngineCallsIT extends ServerTest {

  private static final List<String> READS =
      List.of("/networks", "/vnicprofiles", "/clusters", "/vms/");

  EngineCallsIT() {
    super(false);
  }

  /** Calls with the caller's request in them; the scheduler's own looks at the engine are not. */
  private long calls(Supplier<Api.Answer> request) {
    rig.engine().calls().reset();
    Api.Answer answer = request.get();
    assertThat(answer.status()).as(answer.toString()).isLessThan(300);
    return rig.engine().calls().list().stream()
        .filter(call -> READS.stream().anyMatch(r -> call.path().contains("/api" + r)))
        .filter(call -> !call.path().contains("follow=") || call.path().contains("vnic_profile"))
        .count();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 40})
  void listsTakeOneRequestHoweverLong(int networks) {
    for (int i = 0; i < networks; i++) {
      rig.engine().seeds().network("net" + i, CLUSTER, false);
    }
    assertThat(atMost(1, () -> us.get("/networks"))).isTrue();
    assertThat(atMost(1, () -> us.get("/vnicprofiles"))).isTrue();
    assertThat(atMost(1, () -> us.get("/clusters/" + cluster() + "/networks"))).isTrue();
  }

  /** The scheduler's inventory may look at the same moment: the least of some tries counts. */
  private boolean atMost(long most, Supplier<Api.Answer> request) {
    for (int i = 0; i < 8; i++) {
      if (calls(request) <= most) {
        return true;
      }
    }
    return false;
  }

  @Test
  void aClusterWithManyNetworksIsChangedWithThreeRequests() {
    for (int i = 0; i < 40; i++) {
      rig.engine().seeds().network("net" + i, CLUSTER, false);
    }
    assertThat(atMost(3, () -> us.put("/clusters/" + cluster(), "{\"switch_type\":\"legacy\"}")))
        .as("what it is, its networks, the change")
        .isTrue();
  }

  @Test
  void aVnicJoinsWithFourRequests() {
    String network = attachedNetwork("blue", true);
    String vm = vm("vm1");
    String profile = profileOf(network);
    int[] number = {0};
    assertThat(
            atMost(
                4,
                () ->
                    us.post(
                        "/vms/" + vm + "/nics",
                        "{\"name\":\"nic"
                            + number[0]++
                            + "\",\"vnic_profile\":{\"id\":\""
                            + profile
                            + "\"}}")))
        .as("profile with network, VM, cluster, the vNIC")
        .isTrue();
  }
}
