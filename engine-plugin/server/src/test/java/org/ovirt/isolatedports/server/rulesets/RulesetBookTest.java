// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.rulesets;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.ovirt.isolatedports.inventory.Cluster;
import org.ovirt.isolatedports.inventory.CompatibilityLevel;
import org.ovirt.isolatedports.inventory.NetworkRole;
import org.ovirt.isolatedports.inventory.SwitchType;
import org.ovirt.isolatedports.inventory.VmWithVnics;
import org.ovirt.isolatedports.inventory.WatchedCluster;
import org.ovirt.isolatedports.policy.compile.HostCapabilities;
import org.ovirt.isolatedports.server.engine.EnginePicture;
import org.ovirt.isolatedports.server.inventory.LiveInventory;
import org.ovirt.isolatedports.server.inventory.TestPicture;
import org.ovirt.isolatedports.server.labels.Labels;
import org.ovirt.isolatedports.server.policies.EnforcingHosts;
import org.ovirt.isolatedports.server.policies.HostAbilities;
import org.ovirt.isolatedports.server.policies.InForce;
import org.ovirt.isolatedports.server.uplink.Uplink;

class RulesetBookTest {

  private static final String EVERYTHING =
      "version=1.0;list=ok;watch=yes;filter=yes;libvirt=9.0.0;kernel=5.14;nft=yes;ct=yes;ibrname=yes;reject=yes";
  private static final String BASICS =
      "version=1.0;list=ok;watch=yes;filter=yes;libvirt=9.0.0;kernel=5.14;nft=yes;ct=no;ibrname=no;reject=no";
  private static final UUID TENANTS = new UUID(0, 1);
  private static final UUID RULED = new UUID(0, 2);
  private static final UUID PLAIN = new UUID(0, 3);
  private static final String STATELESS =
      """
      apiVersion: kubeovn.io/v1
      kind: Subnet
      metadata: {name: acls}
      spec:
        acls:
        - {direction: to-lport, priority: 1001, action: drop, match: "tcp.dst == 22"}
      """;
  private static final String TRACKED =
      """
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata: {name: closed}
      spec: {podSelector: {}, policyTypes: [Ingress]}
      """;

  private final TestPicture picture = new TestPicture();
  private final Set<UUID> isolated = new HashSet<>(Set.of(TENANTS));
  private final Map<UUID, InForce> inForce = new HashMap<>();
  private final RulesetBook book = new RulesetBook(Clock.systemUTC());

  RulesetBookTest() {
    picture.network(TENANTS, "tenants").network(RULED, "ruled").network(PLAIN, "plain");
    picture.profile("isolated", TENANTS, Optional.empty());
    picture.profile("web", TENANTS, Optional.of("community:web"));
    picture.profile("ruled", RULED, Optional.empty());
    picture.profile("plain", PLAIN, Optional.empty());
    picture.vm("one", "web", "56:6f:1a:2b:00:01");
    picture.vm("two", "ruled", "56:6f:1a:2b:00:02");
    picture.vm("three", "plain", "56:6f:1a:2b:00:03");
    inForce(RULED, STATELESS);
    picture.host("h1", EVERYTHING, TENANTS, RULED, PLAIN);
    picture.host("h2", EVERYTHING, TENANTS, RULED, PLAIN);
    picture.host("h3", EVERYTHING, PLAIN);
  }

  private void inForce(UUID network, String text) {
    inForce.put(
        network,
        new InForce(
            network,
            7,
            List.of(new InForce.Text("acls", text, Map.of())),
            List.of(),
            Map.of(),
            Map.of()));
  }

  private void audited(UUID network, List<String> inForceTexts, String... audited) {
    inForce.put(
        network,
        new InForce(network, 7, texts(inForceTexts), texts(List.of(audited)), Map.of(), Map.of()));
  }

  private static List<InForce.Text> texts(List<String> yaml) {
    return yaml.stream()
        .map(
            text ->
                new InForce.Text(
                    text.contains("Subnet") ? "acls" : "networkpolicies/default/closed",
                    text,
                    Map.of()))
        .toList();
  }

  private Set<String> update() {
    return update(book);
  }

  private Set<String> update(RulesetBook updated) {
    EnginePicture now = picture.get();
    LiveInventory inventory =
        LiveInventory.of(
            now, isolated, id -> Uplink.OPEN, new Labels.All(Map.of(), Map.of()), Map.of());
    return updated.update(
        RulesetInputs.of(now, inventory, inForce), RulesetInputs.look(now, Map.of()).hosts());
  }

  private JsonNode of(String host) {
    return json(book.of(host).orElseThrow().body().text());
  }

  private static JsonNode json(String text) {
    try {
      return new ObjectMapper().readTree(text);
    } catch (IOException e) {
      throw new AssertionError(text, e);
    }
  }

  @Test
  void aRulesetHasTheFieldsOfTheContractAndNoOthers() throws IOException {
    String contract = Files.readString(Path.of("../../docs/host-protocol.md"));
    int start = contract.indexOf("```json", contract.indexOf("## A ruleset")) + "```json".length();
    JsonNode example = json(contract.substring(start, contract.indexOf("```", start)));
    update();
    JsonNode own = of("h1");
    assertThat(own.fieldNames()).toIterable().containsExactlyElementsOf(example::fieldNames);
    for (String list : List.of("networks", "nics")) {
      assertThat(own.get(list).get(0).fieldNames())
          .toIterable()
          .as(list)
          .containsExactlyElementsOf(example.get(list).get(0)::fieldNames);
    }
    assertThat(own.get("nftables").get(0)).isEqualTo(example.get("nftables").get(0));
    assertThat(own.get("revision").asText()).matches("[0-9a-f]{16}");
    assertThat(own.get("version")).isEqualTo(example.get("version"));
    assertThat(own.get("nics").get(0).get("role").asText()).isEqualTo("community:web");
    assertThat(own.get("nics").get(0).get("device"))
        .isEqualTo(example.get("nics").get(0).get("device"));
  }

  @Test
  void aHostGetsTheNetworksAttachedToItAndNoMore() {
    update();
    assertThat(of("h1").get("networks")).hasSize(1);
    assertThat(of("h1").get("closed_bridges").get(0).asText()).isEqualTo("ruled");
    assertThat(of("h1").get("nics")).hasSize(2);
    assertThat(of("h1").toString()).doesNotContain("56:6f:1a:2b:00:03");
    assertThat(of("h3").get("networks")).isEmpty();
    assertThat(of("h3").get("closed_bridges")).isEmpty();
    assertThat(of("h3").get("nics")).isEmpty();
    assertThat(of("h3").get("nftables")).isEmpty();
    assertThat(book.of("h4")).isEmpty();
  }

  @Test
  void aPlainIsolatedNetworkNeedsNoTable() {
    picture.vm("one", "isolated", "56:6f:1a:2b:00:01");
    picture.host("h1", EVERYTHING, TENANTS);
    update();
    assertThat(of("h1").get("networks")).hasSize(1);
    assertThat(of("h1").get("nics")).hasSize(1);
    assertThat(of("h1").get("nftables")).isEmpty();
  }

  @Test
  void hostsShareWorkAndAnotherVnicRecompilesItsNetworkAlone() {
    assertThat(update()).containsExactlyInAnyOrder("h1", "h2", "h3");
    assertThat(book.compilations()).as("networks with something to enforce").isEqualTo(2);
    assertThat(update()).as("nothing changed").isEmpty();
    assertThat(book.compilations()).isEqualTo(2);
    picture.vm("four", "web", "56:6f:1a:2b:00:04");
    assertThat(update()).containsExactlyInAnyOrder("h1", "h2");
    assertThat(book.compilations()).isEqualTo(3);
    picture.host("h2", BASICS, TENANTS, RULED, PLAIN);
    update();
    assertThat(book.compilations()).as("other abilities").isEqualTo(5);
  }

  @Test
  void whereAVmRunsAndWhetherItDoesChangesNothing() {
    update();
    VmWithVnics vm = picture.vms.get(TestPicture.idOf("one"));
    picture.vms.put(
        vm.id(),
        new VmWithVnics(
            vm.id(), vm.name(), vm.clusterId(), vm.kind(), "down", Optional.of("h2"), vm.vnics()));
    assertThat(update()).isEmpty();
    assertThat(book.compilations()).isEqualTo(2);
  }

  @Test
  void equalContentsHaveEqualRevisionsAlsoAfterARestart() {
    update();
    RulesetBook restarted = new RulesetBook(Clock.systemUTC());
    update(restarted);
    assertThat(restarted.of("h1").orElseThrow().body().text())
        .isEqualTo(book.of("h1").orElseThrow().body().text());
    assertThat(of("h1").get("revision")).isNotEqualTo(of("h2").get("revision"));
    String before = of("h1").get("revision").asText();
    picture.vm("four", "web", "56:6f:1a:2b:00:04");
    update();
    assertThat(of("h1").get("revision").asText()).isNotEqualTo(before);
    picture.vms.remove(TestPicture.idOf("four"));
    update();
    assertThat(of("h1").get("revision").asText()).isEqualTo(before);
  }

  @Test
  void aDifferenceSaysWhatChanged() {
    for (int vm = 16; vm < 48; vm++) {
      picture.vm("more" + vm, "web", "56:6f:1a:2c:00:" + Integer.toHexString(vm));
    }
    update();
    HostRuleset base = book.of("h1").orElseThrow();
    picture.vm("four", "web", "56:6f:1a:2b:00:04");
    update();
    HostRuleset now = book.of("h1").orElseThrow();
    HostRuleset remembered = book.of("h1", base.revision()).orElseThrow();
    JsonNode difference = json(now.body(remembered).text());
    assertThat(difference.get("base").asText()).isEqualTo(base.revision());
    assertThat(difference.get("revision").asText()).isEqualTo(now.revision());
    assertThat(difference.get("nics")).isEqualTo(of("h1").get("nics"));
    assertThat(difference.get("nftables"))
        .isNotEmpty()
        .allMatch(command -> command.at("/add/element").isObject());
    assertThat(book.of("h1", "0000000000000000")).isEmpty();
    assertThat(book.of("h2", base.revision())).as("of another host").isEmpty();
  }

  @Test
  void whereThereWasNoTableAllOfItIsGiven() {
    picture.host("h1", EVERYTHING, PLAIN);
    update();
    HostRuleset without = book.of("h1").orElseThrow();
    picture.host("h1", EVERYTHING, TENANTS);
    update();
    assertThat(json(book.of("h1").orElseThrow().body(without).text()).has("base")).isFalse();
  }

  @Test
  void aHostThatCannotEnforceARuleKeepsWhatItHadAndItIsSaid() {
    picture.host("h2", BASICS, TENANTS, RULED, PLAIN);
    update();
    JsonNode before = of("h2");
    assertThat(book.problems()).isEmpty();
    inForce(RULED, TRACKED);
    assertThat(update()).containsExactly("h1");
    assertThat(of("h2")).isEqualTo(before);
    assertThat(book.problems())
        .singleElement()
        .satisfies(
            problem -> {
              assertThat(problem.hostId()).isEqualTo("h2");
              assertThat(problem.networkId()).isEqualTo(RULED.toString());
              assertThat(problem.text())
                  .startsWith("Host h2 cannot enforce the rules of network ruled: ");
            });
    inForce(RULED, STATELESS);
    update();
    assertThat(book.problems()).isEmpty();
  }

  @Test
  void aHostThatSaysNothingOfNftablesIsSaidNotToEnforceTheRules() {
    picture.host("h2", BASICS.replace("nft=yes", "nft=unknown"), TENANTS, RULED, PLAIN);
    picture.host("h3", "", PLAIN, RULED);
    update();
    assertThat(book.problems())
        .extracting(RulesetBook.Problem::text)
        .anyMatch(text -> text.startsWith("Host h2 cannot enforce the rules of network tenants: "))
        .anyMatch(text -> text.startsWith("Host h2 cannot enforce the rules of network ruled: "))
        .anyMatch(text -> text.startsWith("Host h3 has not said yet what its kernel can do"))
        .hasSize(3);
    assertThat(of("h2").get("nftables")).as("rules for when it can").isNotEmpty();
  }

  @Test
  void whoEnforcesANetworkIsToldByAttachmentAndWhereThatIsNotKnownByTheCluster() {
    picture.clusters.put(
        "cluster",
        new WatchedCluster(
            new Cluster(
                "cluster", "cluster", new CompatibilityLevel(4, 7), SwitchType.LINUX_BRIDGE),
            Map.of(RULED.toString(), Set.of())));
    picture.host("h3", "", PLAIN);
    EnginePicture now = picture.get();
    Map<String, HostAbilities> said =
        Map.of("h1", HostAbilities.said(false, HostCapabilities.BASIC));
    assertThat(RulesetInputs.hostsOf(now, said, RULED.toString()))
        .containsExactly(
            new EnforcingHosts.Host("h1", "h1", said.get("h1")),
            new EnforcingHosts.Host("h2", "h2", HostAbilities.said(true, HostCapabilities.ALL)));
    picture.hosts.put(
        "h3", new EnginePicture.HostPicture(now.hosts().get("h3").host(), Optional.empty()));
    assertThat(RulesetInputs.hostsOf(picture.get(), Map.of(), RULED.toString()))
        .as("a host of the cluster that was not read yet")
        .hasSize(3);
    assertThat(RulesetInputs.hostsOf(picture.get(), Map.of(), TENANTS.toString()))
        .as("of a network that the cluster does not have")
        .hasSize(2);
  }

  @Test
  void aNetworkThatCouldNeverBeCompiledIsShut() {
    picture.host("h2", BASICS, RULED);
    inForce(RULED, TRACKED);
    update();
    assertThat(book.problems()).hasSize(1);
    assertThat(of("h2").get("closed_bridges").get(0).asText()).isEqualTo("ruled");
    assertThat(of("h2").get("nics")).isEmpty();
  }

  @Test
  void aPolicyThatCannotBeReadAnyMoreOpensNothing() {
    update();
    JsonNode before = of("h1");
    inForce(RULED, STATELESS.replace("tcp.dst == 22", "ip4.src == $gone"));
    assertThat(update()).isEmpty();
    assertThat(of("h1")).isEqualTo(before);
    assertThat(book.problems()).hasSize(2).allMatch(each -> each.text().contains("ruled"));
  }

  @Test
  void whatIsInAuditIsCountedAndDropsAndClosesNothing() {
    audited(PLAIN, List.of(), STATELESS);
    audited(RULED, List.of(STATELESS), TRACKED);
    update();
    JsonNode all = of("h3");
    assertThat(all.get("closed_bridges")).isEmpty();
    assertThat(all.get("nics").findValuesAsText("role")).containsExactly("open");
    assertThat(all.get("nftables").toString())
        .contains("\"audit_ports\"")
        .contains("nic566f1a2b0003")
        .doesNotContain("\"drop\"");
    Map<String, Counted> plain = book.counted(PLAIN.toString());
    assertThat(plain.values())
        .containsExactly(
            new Counted(Counted.Kind.ACL, "to-lport", List.of(new Counted.Rule(0, 6)), List.of()));
    assertThat(all.get("nftables").findValuesAsText("name")).containsAll(plain.keySet());
    assertThat(of("h1").get("closed_bridges")).hasSize(1);
    assertThat(of("h1").get("nftables").toString()).contains("\"drop\"");
    assertThat(book.counted(RULED.toString()).values())
        .containsExactly(
            new Counted(
                Counted.Kind.NETWORK_POLICY,
                "ingress",
                List.of(),
                List.of(new Counted.Policy("default", "closed"))));
    assertThat(book.counted(TENANTS.toString())).isEmpty();
    assertThat(book.problems()).isEmpty();
    assertThat(book.uncounted()).isEmpty();
  }

  /** The isolated network's ports stay isolated by their flag, and no table closes any. */
  @Test
  void anIsolatedNetworkOfAuditedPoliciesAloneHasATableThatDropsNothing() {
    picture.vm("one", "isolated", "56:6f:1a:2b:00:01");
    picture.host("h1", EVERYTHING, TENANTS);
    audited(TENANTS, List.of(), STATELESS, TRACKED);
    update();
    assertThat(of("h1").get("networks")).hasSize(1);
    assertThat(of("h1").get("nics").findValuesAsText("role")).containsExactly("isolated");
    assertThat(of("h1").get("nftables").toString())
        .contains("\"audit_ports\"")
        .doesNotContain("\"drop\"");
    assertThat(book.counted(TENANTS.toString())).hasSize(2);
  }

  @Test
  void whatIsInAuditStandsInNobodysWay() {
    picture.host("h2", BASICS, TENANTS, RULED, PLAIN);
    picture.host("h3", BASICS.replace("nft=yes", "nft=no"), PLAIN);
    update();
    String before = of("h2").get("nftables").toString();
    audited(PLAIN, List.of(), STATELESS);
    audited(RULED, List.of(STATELESS), TRACKED);
    update();
    assertThat(book.problems()).isEmpty();
    assertThat(of("h3").get("nftables")).as("of a host that takes no table").isEmpty();
    assertThat(book.uncounted())
        .extracting(RulesetBook.Problem::text)
        .anyMatch(text -> text.startsWith("Host h2 counts nothing") && text.contains("ruled"))
        .anyMatch(text -> text.startsWith("Host h3 counts nothing"))
        .hasSize(2);
    audited(RULED, List.of(STATELESS), STATELESS.replace("tcp.dst == 22", "ip4.src == $gone"));
    audited(PLAIN, List.of());
    update();
    assertThat(of("h2").get("nftables").toString())
        .as("what is in force, though what is in audit cannot be read")
        .isEqualTo(before);
    assertThat(book.problems()).isEmpty();
    assertThat(book.uncounted()).hasSize(2).allMatch(each -> each.text().contains("gone"));
  }

  @Test
  void whereThereIsNoRoomForAllCountersWhatIsInForceIs() {
    StringBuilder many =
        new StringBuilder(STATELESS.replace("metadata: {name: acls}", "metadata: {name: many}"));
    for (int port = 1; port < 300; port++) {
      many.append("  - {direction: to-lport, priority: 1, action: drop, match: \"tcp.dst == ")
          .append(port)
          .append("\"}\n");
    }
    UUID[] networks = new UUID[22];
    for (int i = 0; i < networks.length; i++) {
      networks[i] = new UUID(1, i);
      picture.network(networks[i], "many" + i);
      audited(networks[i], List.of(), many.toString());
    }
    picture.host("h1", EVERYTHING, networks);
    picture.host("h3", EVERYTHING, networks[0]);
    update();
    for (int again = 0; again < 2; again++) {
      assertThat(of("h1").get("nftables").toString()).doesNotContain("audit_");
      assertThat(book.problems()).isEmpty();
      assertThat(book.uncounted())
          .singleElement()
          .satisfies(
              problem ->
                  assertThat(problem.text()).contains("at most 4096").doesNotContain("\u0001"));
      assertThat(update()).isEmpty();
    }
    assertThat(of("h3").get("nftables").toString()).as("where they have room").contains("audit_");
    assertThat(book.counted(networks[0].toString()).values())
        .as("200, and one for the rest")
        .hasSize(201)
        .filteredOn(each -> each.kind() == Counted.Kind.OTHERS)
        .hasSize(1);
  }

  @Test
  void whereTheHostsOwnTrafficGoesNothingIsClosed() {
    picture.clusters.put(
        "c",
        new WatchedCluster(
            new Cluster("c", "c", new CompatibilityLevel(4, 7), SwitchType.LINUX_BRIDGE),
            Map.of(RULED.toString(), Set.of(NetworkRole.MIGRATION))));
    update();
    assertThat(of("h1").get("closed_bridges")).isEmpty();
    assertThat(of("h1").get("nftables").toString()).doesNotContain("nic566f1a2b0002");
    assertThat(book.problems())
        .as("policies that are stored and not enforced")
        .isNotEmpty()
        .allMatch(each -> each.text().contains("does not enforce the rules of network ruled"));
  }
}
