// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.rulesets;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.ovirt.isolatedports.policy.inventory.Network;
import org.ovirt.isolatedports.server.policies.InForce;

class HeldNetworksTest {

  private static final Instant NOW = Instant.parse("2026-11-25T10:00:00Z");
  private static final Map<String, NetworkInput> BOTH = Map.of("a", input("a"), "b", input("b"));

  private final HeldNetworks held = new HeldNetworks();

  private static NetworkInput input(String id) {
    Network network =
        new Network(
            id,
            id,
            Optional.empty(),
            id,
            List.of(),
            List.of(),
            List.of(),
            true,
            Network.Uplink.OPEN);
    return new NetworkInput(network, true, List.of(), InForce.nothing(new UUID(0, 1)));
  }

  @Test
  void aNetworkThatOneListLeavesOutStays() {
    assertThat(held.with(BOTH, Set.of("a", "b", "c"), NOW)).isEqualTo(BOTH);
    assertThat(held.isHolding()).isFalse();
    Map<String, NetworkInput> one = Map.of("a", input("a"));
    assertThat(held.with(one, Set.of("a"), NOW.plusSeconds(1))).isEqualTo(BOTH);
    assertThat(held.isHolding()).isTrue();
    assertThat(held.with(Map.of(), Set.of(), NOW.plusSeconds(2))).isEqualTo(BOTH);
    assertThat(held.with(BOTH, Set.of("a", "b"), NOW.plusSeconds(3))).isEqualTo(BOTH);
    assertThat(held.isHolding()).isFalse();
    Instant later = NOW.plus(HeldNetworks.HOLD).plusSeconds(2);
    assertThat(held.with(one, Set.of("a"), later)).as("missed anew").isEqualTo(BOTH);
  }

  @Test
  void oneThatAListReadLaterDoesNotHaveEitherIsGone() {
    held.with(BOTH, Set.of("a", "b"), NOW);
    Map<String, NetworkInput> one = Map.of("a", input("a"));
    Instant missed = NOW.plusSeconds(1);
    assertThat(held.with(one, Set.of("a"), missed)).hasSize(2);
    assertThat(held.with(one, Set.of("a"), missed)).as("no newer list").hasSize(2);
    assertThat(held.with(one, Set.of("a"), missed.plus(HeldNetworks.HOLD))).isEqualTo(one);
    assertThat(held.isHolding()).isFalse();
  }

  @Test
  void oneThatIsListedAndConcernsHostsNoLongerIsDroppedAtOnce() {
    held.with(BOTH, Set.of("a", "b"), NOW);
    assertThat(held.with(Map.of(), Set.of("a", "b"), NOW)).isEmpty();
    assertThat(held.isHolding()).isFalse();
  }
}
