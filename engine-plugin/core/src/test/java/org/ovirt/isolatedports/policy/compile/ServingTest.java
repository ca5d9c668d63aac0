// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.compile;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.ovirt.isolatedports.policy.TestPolicies;
import org.ovirt.isolatedports.policy.evaluate.Endpoint;
import org.ovirt.isolatedports.policy.evaluate.Evaluator;
import org.ovirt.isolatedports.policy.inventory.Inventory;
import org.ovirt.isolatedports.policy.inventory.Nic;
import org.ovirt.isolatedports.policy.match.Field;
import org.ovirt.isolatedports.policy.match.Packet;
import org.ovirt.isolatedports.policy.read.PolicySet;
import org.ovirt.isolatedports.policy.resolve.ResolvedNetwork;

/** A vNIC of a profile for routers and DHCP servers says what they say, from its own MAC alone. */
class ServingTest {

  private static final Inventory INVENTORY =
      TestPolicies.inventory(
          """
          networks: [{name: net, bridge: br0, port_isolation: true}]
          vms:
          - {name: dhcp, nics: [{network: net, mac: "52:54:00:00:00:00", role: "community:web"}]}
          - {name: web, nics: [{network: net, mac: "52:54:00:00:00:01", role: "community:web"}]}
          """);

  private static ResolvedNetwork network(boolean serves) {
    List<Nic> nics = INVENTORY.nics().stream().map(nic -> as(nic, serves)).toList();
    Inventory own =
        new Inventory(INVENTORY.networks(), Map.of(), INVENTORY.vms(), nics, INVENTORY.sets());
    return ResolvedNetwork.of(own, PolicySet.NONE, own.networks().get("net").orElseThrow());
  }

  private static Nic as(Nic nic, boolean serves) {
    return new Nic(
        nic.vm(),
        nic.name(),
        nic.networkId(),
        nic.namespace(),
        nic.labels(),
        nic.host(),
        nic.mac(),
        nic.addresses(),
        nic.role(),
        true,
        nic.port(),
        nic.namedPorts(),
        serves && nic.vm().name().equals("dhcp"));
  }

  @ParameterizedTest
  @CsvSource({"true, 0, 0, true", "true, 1, 1, false", "false, 0, 0, false", "true, 0, 5, false"})
  void onlyTheVnicsOfAProfileForItAnswer(boolean serves, int from, int mac, boolean passes)
      throws Exception {
    Packet packet =
        new Packet()
            .set(Field.ETH_SRC, 0x525400000000L + mac)
            .set(Field.ETH_DST, 0x525400000000L + 1 - from)
            .set(Field.ETH_TYPE, 0x0800)
            .set(Field.IP4_SRC, 0x0a000001)
            .set(Field.IP4_DST, 0x0a000002)
            .set(Field.IP_PROTO, 17)
            .set(Field.UDP_SRC, 67)
            .set(Field.UDP_DST, 68);
    ResolvedNetwork network = network(serves);
    assertThat(
            new Evaluator(network)
                .decide(new Endpoint.Vnic(from), new Endpoint.Vnic(1 - from), packet.copy(), false)
                .passes())
        .isEqualTo(passes);
    String rules =
        StandIns.replaced(
            NetworkRules.together(
                    List.of(NetworkRules.compile("host", HostCapabilities.ALL, network)))
                .commands(),
            Map.of("nic525400000000", "vnet0", "nic525400000001", "vnet1"));
    assertThat(
            new NftInterpreter(rules)
                .passes(
                    new NftInterpreter.Frame(
                        packet,
                        Optional.of("vnet" + from),
                        Optional.of("vnet" + (1 - from)),
                        "br0",
                        new NftInterpreter.Tracked("new", "original")),
                    "prerouting",
                    "forward"))
        .isEqualTo(passes);
  }
}
