// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.compile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.ovirt.isolatedports.policy.TestPolicies;
import org.ovirt.isolatedports.policy.evaluate.Endpoint;
import org.ovirt.isolatedports.policy.evaluate.Evaluator;
import org.ovirt.isolatedports.policy.inventory.Inventory;
import org.ovirt.isolatedports.policy.match.Field;
import org.ovirt.isolatedports.policy.match.Packet;
import org.ovirt.isolatedports.policy.match.RandomMatches;
import org.ovirt.isolatedports.policy.resolve.ResolvedNetwork;

/**
 * Rules that were compiled for wherever VMs run do to any frame what the evaluator says, however
 * the vNICs are spread over hosts.
 */
class AnywhereMeaningTest {

  @Property(tries = 100)
  void acls(@ForAll Random random) throws CompileException {
    compare(RandomPolicies.acls(random, 1 + random.nextInt(30)), random);
  }

  @Property(tries = 60)
  void aclsFoldedIntoMaps(@ForAll Random random) throws CompileException {
    compare(RandomPolicies.foldingAcls(random, 1 + random.nextInt(40)), random);
  }

  @Property(tries = 100)
  void networkPolicies(@ForAll Random random) throws CompileException {
    compare(RandomPolicies.networkPolicies(random, 1 + random.nextInt(5)), random);
  }

  @Property(tries = 150)
  void rolesBindingsAndAllTogether(@ForAll Random random) throws CompileException {
    compare(RandomPolicies.everything(random), random);
  }

  private static void compare(ResolvedNetwork network, Random random) throws CompileException {
    List<Integer> hostOf = new ArrayList<>();
    List<Map<String, String>> devices = List.of(new HashMap<>(), new HashMap<>(), new HashMap<>());
    for (int i = 0; i < network.nics().size(); i++) {
      hostOf.add(random.nextInt(devices.size()));
      devices.get(hostOf.get(i)).put(network.nics().get(i).device(), "vnet" + i);
    }
    NetworkRules rules = NetworkRules.compile("host", HostCapabilities.ALL, network);
    String commands = NetworkRules.together(List.of(rules)).commands();
    List<NftInterpreter> kernels =
        devices.stream()
            .map(here -> new NftInterpreter(StandIns.replaced(commands, here)))
            .toList();
    Evaluator evaluator = new Evaluator(network);
    for (int i = 0; i < 120; i++) {
      Endpoint from = RandomPolicies.end(random, network);
      Endpoint to = RandomPolicies.end(random, network);
      if (from.equals(to)) {
        continue;
      }
      Packet packet = RandomMatches.packet(random);
      Optional<Integer> source = host(hostOf, from);
      Optional<Integer> destination = host(hostOf, to);
      if (random.nextInt(4) > 0 || source.isEmpty() || !source.equals(destination)) {
        // A forged MAC means nothing on another host than the forger's, where it is held.
        packet.set(Field.ETH_SRC, RandomPolicies.mac(random, network, from));
        packet.set(Field.ARP_SHA, packet.get(Field.ETH_SRC));
      }
      packet.set(Field.ETH_DST, RandomPolicies.mac(random, network, to));
      boolean reply =
          random.nextInt(5) == 0
              && List.of(0x800L, 0x86ddL).contains(packet.get(Field.ETH_TYPE).low());
      boolean expected = evaluator.decide(from, to, packet, reply).passes();
      boolean passes = true;
      for (int host = 0; host < kernels.size(); host++) {
        boolean leaves = source.equals(Optional.of(host));
        boolean arrives = destination.equals(Optional.of(host));
        NftInterpreter.Frame frame =
            new NftInterpreter.Frame(
                packet,
                Optional.of(leaves ? device(from) : "eth0"),
                Optional.of(arrives ? device(to) : "eth0"),
                "br0",
                reply
                    ? new NftInterpreter.Tracked("established", "reply")
                    : new NftInterpreter.Tracked("new", "original"));
        passes &= (!leaves && !arrives) || kernels.get(host).passes(frame, "prerouting", "forward");
      }
      assertThat(passes)
          .as(
              () ->
                  from
                      + " on "
                      + source
                      + " -> "
                      + to
                      + " on "
                      + destination
                      + (reply ? " (reply) " : " ")
                      + shown(packet)
                      + evaluator.decide(from, to, packet, reply)
                      + commands)
          .isEqualTo(expected);
    }
  }

  private static String shown(Packet packet) {
    StringBuilder text = new StringBuilder();
    for (Field field : Field.values()) {
      if (!packet.get(field).isZero()) {
        text.append(field.ovnName()).append('=').append(packet.get(field)).append(' ');
      }
    }
    return text.append('\n').toString();
  }

  private static Optional<Integer> host(List<Integer> hostOf, Endpoint end) {
    return end instanceof Endpoint.Vnic vnic
        ? Optional.of(hostOf.get(vnic.index()))
        : Optional.empty();
  }

  private static String device(Endpoint end) {
    return "vnet" + ((Endpoint.Vnic) end).index();
  }

  private static final String TWO_NETWORKS =
      """
      networks:
      - {name: red, bridge: red, port_isolation: true}
      - {name: blue, bridge: blue}
      vms:
      - {name: a, nics: [{network: red, mac: "52:54:00:00:00:01", role: "community:web"}]}
      - {name: b, nics: [{network: blue, mac: "52:54:00:00:00:02"}]}
      """;

  private static final String TRACKED =
      """
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata: {name: p, annotations: {isolated-ports.ovirt.org/network: NETWORK}}
      spec: {podSelector: {}, policyTypes: [Ingress]}
      """;

  private static ResolvedNetwork resolved(String inventoryYaml, String network, String... policy) {
    Inventory inventory = TestPolicies.inventory(inventoryYaml);
    return ResolvedNetwork.of(
        inventory,
        TestPolicies.policies(inventory, policy),
        inventory.networks().get(network).orElseThrow());
  }

  private static NetworkRules rules(String network) throws CompileException {
    return NetworkRules.compile(
        "host",
        HostCapabilities.ALL,
        resolved(TWO_NETWORKS, network, TRACKED.replace("NETWORK", network)));
  }

  @Example
  void networksPutTogetherAreAsIfCompiledTogether() throws CompileException {
    Ruleset together = NetworkRules.together(List.of(rules("blue"), rules("red")));
    assertThat(together.findSet("vm_ports").orElseThrow().elements()).hasSize(2);
    assertThat(together.findSet("role_from").orElseThrow().elements()).hasSize(1);
    Ruleset blue = NetworkRules.together(List.of(rules("blue")));
    assertThat(together.ruleCount())
        .as("the frame is there once, and each network has a zone")
        .isLessThan(2 * blue.ruleCount());
    assertThat(together.chains())
        .filteredOn(chain -> chain.name().equals("zones"))
        .singleElement()
        .satisfies(chain -> assertThat(chain.rules()).hasSize(2).doesNotHaveDuplicates());
  }

  @Example
  void twoNetworksNeverShareAZone() throws CompileException {
    NetworkRules red = rules("red");
    Ruleset twice =
        NetworkRules.together(
            List.of(
                red,
                NetworkRules.compile(
                    "host",
                    HostCapabilities.ALL,
                    resolved(
                        TWO_NETWORKS
                            .replace("00:01", "00:03")
                            .replace("bridge: red", "bridge: red2")
                            .replace("- {name: red,", "- {id: other, name: red,")
                            .replace("network: red", "network: other"),
                        "other",
                        TRACKED.replace("NETWORK", "other")))));
    assertThat(twice.toText().lines().filter(line -> line.contains("ct zone set")).toList())
        .hasSize(2)
        .extracting(line -> line.substring(line.lastIndexOf(' ')))
        .doesNotHaveDuplicates();
  }

  @Example
  void vnicsThatCannotBeToldApartAreRefused() throws CompileException {
    NetworkRules red = rules("red");
    assertThatThrownBy(() -> NetworkRules.together(List.of(red, red)))
        .isInstanceOf(CompileException.class)
        .hasMessageContaining("nic525400000001");
  }

  @Example
  void aBridgeThatReadsLikeAVnicIsRefused() {
    ResolvedNetwork network =
        resolved(
            TWO_NETWORKS.replace("bridge: blue", "bridge: nic525400000002"),
            "blue",
            TRACKED.replace("NETWORK", "blue"));
    assertThatThrownBy(() -> NetworkRules.compile("h1", HostCapabilities.ALL, network))
        .hasMessageContaining("network blue")
        .hasMessageContaining("nic525400000002");
  }

  @Example
  void theKernelsFlagIsEnoughWhereAllPortsAreIsolatedAndTheUplinkIsOpen() {
    String plain = TWO_NETWORKS.replace(", role: \"community:web\"", "");
    assertThat(NetworkRules.needed(resolved(plain, "red"))).isFalse();
    assertThat(NetworkRules.needed(resolved(plain, "blue"))).isFalse();
    assertThat(NetworkRules.needed(resolved(TWO_NETWORKS, "red"))).isTrue();
    assertThat(
            NetworkRules.needed(
                resolved(TWO_NETWORKS.replace("community:web", "promiscuous"), "red")))
        .isTrue();
    assertThat(
            NetworkRules.needed(
                resolved(
                    plain.replace("port_isolation: true", "port_isolation: true, uplink: gateways"),
                    "red")))
        .isTrue();
    assertThat(NetworkRules.needed(resolved(plain, "blue", TRACKED.replace("NETWORK", "blue"))))
        .isTrue();
  }

  @Example
  void oneMoreVnicIsAFewMoreElements() throws CompileException {
    String policy =
        """
        apiVersion: networking.k8s.io/v1
        kind: NetworkPolicy
        metadata: {name: p}
        spec:
          podSelector: {}
          ingress: [{from: [{podSelector: {matchLabels: {app: web}}}]}]
        """;
    String one =
        """
        networks: [{name: net, bridge: br0}]
        vms:
        - {name: a, labels: {app: web}, nics: [{network: net, mac: "52:54:00:00:00:01"}]}
        """;
    String two =
        one
            + "- {name: b, labels: {app: web}, nics: [{network: net, mac: \"52:54:00:00:00:02\"}]}\n";
    Ruleset before = together(resolved(one, "net", policy));
    Ruleset after = together(resolved(two, "net", policy));
    assertThat(after.commandsFrom(before).lines().filter(line -> line.startsWith("{")).toList())
        .isNotEmpty()
        .allMatch(line -> line.startsWith("{\"add\":{\"element\":"))
        .allMatch(line -> !line.contains("\"52:54:00:00:00:01\""));
    assertThat(after.commands()).startsWith("[\n{\"add\":{\"table\":").doesNotContain("delete");
  }

  private static Ruleset together(ResolvedNetwork network) throws CompileException {
    return NetworkRules.together(
        List.of(NetworkRules.compile("host", HostCapabilities.ALL, network)));
  }
}
