// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.policies;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.ovirt.isolatedports.policy.evaluate.Flow;
import org.ovirt.isolatedports.policy.evaluate.Reachability;
import org.ovirt.isolatedports.policy.finding.Finding;
import org.ovirt.isolatedports.policy.finding.PolicyException;
import org.ovirt.isolatedports.policy.inventory.Inventory;
import org.ovirt.isolatedports.policy.inventory.InventoryReader;
import org.ovirt.isolatedports.policy.inventory.Network;
import org.ovirt.isolatedports.policy.inventory.Networks;

/** What is judged before it is stored, and what of it is in force. */
class ReviewTest {

  private static final UUID NETWORK = UUID.fromString("00000000-0000-4000-8000-000000000001");
  private static final Document ACLS = Document.acls(NETWORK);
  private static final Document GROUP = new Document(NETWORK, DocumentKind.PORT_GROUP, "fronts");
  private static final Document SET = new Document(NETWORK, DocumentKind.ADDRESS_SET, "admins");

  private static Inventory inventory(String nameOfOne, String nameOfTwo) {
    try {
      InventoryReader.Result read =
          InventoryReader.read(
              "inventory",
              """
              networks: [{name: net, id: %s}]
              vms:
              - {name: %s, id: one, nics: [{network: net, mac: "52:54:00:00:00:01", ips: [10.0.0.1]}]}
              - {name: %s, id: two, nics: [{network: net, mac: "52:54:00:00:00:02", ips: [10.0.0.2]}]}
              """
                  .formatted(NETWORK, nameOfOne, nameOfTwo));
      assertThat(read.findings()).isEmpty();
      return read.inventory();
    } catch (PolicyException e) {
      throw new AssertionError(e);
    }
  }

  private static String acls(String match) {
    return "apiVersion: kubeovn.io/v1\nkind: Subnet\nmetadata: {name: net}\nspec:\n  acls:\n"
        + "  - {action: drop, direction: to-lport, priority: 1, match: '"
        + match
        + "'}\n";
  }

  private static Revision revision(String content, Mode mode, Map<String, String> pins) {
    return new Revision(
        1,
        Optional.of(content).filter(text -> !text.equals("removed")),
        mode,
        pins,
        "admin",
        Instant.EPOCH,
        "",
        Optional.empty());
  }

  private static StoredPolicies stored(Map<Document, Revision> documents) {
    return new StoredPolicies(NETWORK, 1, documents);
  }

  private static StoredPolicies stored(Document document, String content) {
    return stored(Map.of(document, revision(content, Mode.ENFORCE, Map.of())));
  }

  private static Review review(StoredPolicies stored, Document changed) {
    return review(inventory("web", "db"), stored, changed);
  }

  private static Review review(Inventory inventory, StoredPolicies stored, Document changed) {
    return Review.of(inventory, stored, changed, Optional.empty(), revision -> true);
  }

  private static Set<String> errors(Review review) {
    return review.findings().stream()
        .filter(Finding::isError)
        .map(finding -> finding.location().fileAndLine())
        .collect(Collectors.toSet());
  }

  private static boolean reaches(
      Inventory inventory, StoredPolicies stored, String from, String to) {
    InForce inForce = stored.inForce();
    assertThat(inForce.read(inventory).findings()).noneMatch(Finding::isError);
    return Preview.matrix(inventory, inForce, Flow.ping()).stream()
        .filter(pair -> pair.from().equals(from) && pair.to().equals(to))
        .allMatch(Reachability.Pair::forward);
  }

  @Test
  void aNameIsPinnedWhereverItStands() {
    Review review = review(stored(ACLS, acls("outport == \"db\" && ip4")), ACLS);
    assertThat(review.hasErrors()).isFalse();
    assertThat(review.pins()).containsExactly(Map.entry("db", "two"));
    StoredPolicies stored =
        stored(
            Map.of(
                ACLS,
                revision(acls("outport == @fronts && ip4"), Mode.ENFORCE, Map.of()),
                GROUP,
                revision("db\n", Mode.ENFORCE, Map.of("db", "two"))));
    assertThat(reaches(inventory("web", "db"), stored, "web", "db")).isFalse();
    // The two change names: the VM that was meant stays the one that is closed.
    assertThat(reaches(inventory("db", "web"), stored, "db", "web")).isFalse();
    assertThat(reaches(inventory("db", "web"), stored, "web", "db")).isTrue();
  }

  @Test
  void namesThatNobodyBearsAreRefused() {
    assertThat(errors(review(stored(ACLS, acls("outport == \"x\" && ip4")), ACLS)))
        .containsExactly("acls:6");
    assertThat(errors(review(stored(GROUP, "web\nx/nic1\nuplink\n"), GROUP)))
        .containsExactly("portgroups/fronts:2");
  }

  @Test
  void goingBackKeepsTheNamesAsTheyWerePinned() {
    Review review =
        Review.of(
            inventory("other", "db"),
            stored(ACLS, acls("outport == \"web\" && ip4")),
            ACLS,
            Optional.of(Map.of("web", "one")),
            revision -> true);
    assertThat(review.hasErrors()).isFalse();
    assertThat(review.pins()).containsExactly(Map.entry("web", "one"));
  }

  @Test
  void whatASetIsNamedByIsJudgedWithIt() {
    StoredPolicies both =
        stored(ACLS, acls("ip4.src == $admins"))
            .with(SET, revision("10.0.0.1\n", Mode.ENFORCE, Map.of()));
    assertThat(review(both, SET).hasErrors()).isFalse();
    assertThat(errors(review(both.with(SET, revision("removed", Mode.ENFORCE, Map.of())), SET)))
        .containsExactly("acls:6");
    assertThat(
            errors(review(both.with(SET, revision("10.0.0.1/8\n", Mode.ENFORCE, Map.of())), SET)))
        .contains("addresssets/admins:1");
    // A policy in audit is held to it as well, or it could not be put in force.
    StoredPolicies audited =
        both.with(ACLS, revision(acls("ip4.src == $admins"), Mode.AUDIT, Map.of()));
    assertThat(errors(review(audited.with(SET, revision("removed", Mode.ENFORCE, Map.of())), SET)))
        .containsExactly("acls:6");
  }

  @Test
  void whatIsInAuditIsNotInForce() {
    StoredPolicies stored = stored(Map.of(ACLS, revision(acls("ip4"), Mode.AUDIT, Map.of())));
    assertThat(stored.inForce().texts()).isEmpty();
    assertThat(stored.everything().texts()).hasSize(1);
    assertThat(reaches(inventory("web", "db"), stored, "web", "db")).isTrue();
  }

  /** One policy allows what another one stops, so all of them are counted where one is. */
  @Test
  void whatIsCountedIsWhatWouldBeInForce() {
    Document policy = Document.networkPolicy(NETWORK, "default", "one");
    Document other = Document.networkPolicy(NETWORK, "default", "two");
    Map<Document, Revision> documents =
        Map.of(
            ACLS, revision(acls("ip4"), Mode.ENFORCE, Map.of()),
            policy, revision("first", Mode.ENFORCE, Map.of()),
            other, revision("second", Mode.AUDIT, Map.of("web", "one")));
    assertThat(stored(documents).isAudited()).isTrue();
    InForce inForce = stored(documents).inForce();
    assertThat(inForce.texts()).extracting(InForce.Text::yaml).contains("first").hasSize(2);
    assertThat(inForce.audited()).extracting(InForce.Text::yaml).containsExactly("first", "second");
    assertThat(inForce.audited().get(1).pins()).isEqualTo(Map.of("web", "one"));
    assertThat(stored(documents).everything().audited()).isEmpty();
    StoredPolicies acls = stored(Map.of(ACLS, revision(acls("ip4"), Mode.AUDIT, Map.of())));
    assertThat(acls.inForce().audited()).hasSize(1);
    assertThat(acls.inForce().isEmpty()).isTrue();
    StoredPolicies enforced = stored(Map.of(ACLS, revision(acls("ip4"), Mode.ENFORCE, Map.of())));
    assertThat(enforced.inForce().audited()).isEmpty();
    assertThat(enforced.isAudited()).isFalse();
  }

  @Test
  void reachabilitySaysWhatPoliciesInAuditWouldDrop() {
    Inventory seen = inventory("web", "db");
    StoredPolicies stored =
        stored(
            Map.of(
                ACLS, revision(acls("outport == \"db\" && ip4"), Mode.AUDIT, Map.of("db", "two"))));
    List<Map<String, Object>> pairs = Preview.shown(seen, stored, Flow.ping());
    assertThat(pairs)
        .filteredOn(pair -> pair.get("from").equals("web") && pair.get("to").equals("db"))
        .singleElement()
        .satisfies(
            pair ->
                assertThat(pair)
                    .containsEntry("forward", "true")
                    .containsEntry("would_drop", "true")
                    .containsEntry("audit_rule", "acls:6"));
    assertThat(pairs)
        .filteredOn(pair -> pair.get("to").equals("web"))
        .isNotEmpty()
        .allSatisfy(pair -> assertThat(pair).containsEntry("would_drop", "false"));
    assertThat(Preview.shown(seen, stored(Map.of()), Flow.ping()))
        .isNotEmpty()
        .allSatisfy(pair -> assertThat(pair).doesNotContainKey("would_drop"));
  }

  @Test
  void theNetworkOfTheRequestCountsAndNoOther() {
    String other = acls("ip4").replace("{name: net}", "{name: whatever}");
    assertThat(review(stored(ACLS, other), ACLS).hasErrors()).isFalse();
    String contradicting =
        acls("ip4")
            .replace(
                "{name: net}", "{name: net, annotations: {isolated-ports.ovirt.org/network: x}}");
    assertThat(review(stored(ACLS, contradicting), ACLS).hasErrors()).isTrue();
  }

  @Test
  void hiddenVmsHaveNoNamesAndDecideAllTheSame() {
    Inventory seen = SeenNetworks.of(inventory("web", "db"), Set.of("one"));
    StoredPolicies stored =
        stored(
            Map.of(
                ACLS,
                revision(acls("outport == \"db\" && ip4"), Mode.ENFORCE, Map.of("db", "two"))));
    List<Reachability.Pair> pairs = Preview.matrix(seen, stored.inForce(), Flow.ping());
    assertThat(pairs).extracting(Reachability.Pair::from).containsOnly("web", "gateway");
    assertThat(seen.toString()).doesNotContain("db");
    assertThat(
            Preview.networks(seen, stored.inForce())
                .values()
                .iterator()
                .next()
                .portNames()
                .of(seen.nics().get(1)))
        .contains("id:two");
    assertThat(errors(review(seen, stored(ACLS, acls("outport == \"db\" && ip4")), ACLS)))
        .as("who does not see a VM cannot find out that it is there")
        .containsExactly("acls:6");
    assertThat(errors(review(seen, stored(ACLS, acls("outport == \"hidden VM 2\" && ip4")), ACLS)))
        .as("what stands for a hidden VM is no name of it")
        .containsExactly("acls:6");
  }

  @Test
  void findingsOfDocumentsThatNameHiddenVmsAreToldWithoutNames() {
    Inventory seen = SeenNetworks.of(inventory("web", "secret"), Set.of("one"));
    Document other = Document.networkPolicy(NETWORK, "default", "shown");
    String selectsNothing =
        """
        apiVersion: networking.k8s.io/v1
        kind: NetworkPolicy
        metadata: {name: shown}
        spec: {podSelector: {matchLabels: {a: b}}}
        """;
    StoredPolicies stored =
        stored(
            Map.of(
                ACLS,
                revision(
                    acls("outport == \"secret\" && ip4.src == $admins"),
                    Mode.ENFORCE,
                    Map.of("secret", "two")),
                other,
                revision(selectsNothing, Mode.ENFORCE, Map.of()),
                SET,
                revision("10.0.0.1\n", Mode.ENFORCE, Map.of())));
    Predicate<Revision> namesNoSecret = revision -> !revision.pins().containsValue("two");
    Review kept = Review.of(seen, stored, SET, Optional.empty(), namesNoSecret);
    assertThat(kept.hasErrors()).isFalse();
    assertThat(kept.findings().toString()).doesNotContain("secret").doesNotContain("acls");
    assertThat(kept.findings())
        .extracting(finding -> finding.location().file())
        .containsExactlyInAnyOrder(other.file(), SET.file());
    assertThat(kept.findings()).anyMatch(f -> f.message().contains("VMs that you may not see"));
    StoredPolicies without = stored.with(SET, revision("removed", Mode.ENFORCE, Map.of()));
    Review broken = Review.of(seen, without, SET, Optional.empty(), namesNoSecret);
    assertThat(errors(broken)).containsExactly("addresssets/admins:1");
    assertThat(broken.findings().toString()).doesNotContain("secret").doesNotContain("acls");
    assertThat(errors(Review.of(seen, without, SET, Optional.empty(), revision -> true)))
        .as("who sees the VMs is told which policy it is")
        .containsExactly("acls:6");
  }

  @Test
  void anAddressOfAHiddenVmIsNotTold() {
    String block =
        acls("ip4").replace("spec:\n", "spec:\n  cidrBlock: 192.0.2.0/24\n  gateway: 192.0.2.1\n");
    Inventory seen = SeenNetworks.of(inventory("web", "secret"), Set.of("one"));
    Review review = review(seen, stored(ACLS, block), ACLS);
    assertThat(review.findings())
        .filteredOn(finding -> finding.kind().equals("vnic-outside-block"))
        .hasSize(2)
        .anyMatch(finding -> finding.message().contains("10.0.0.1"))
        .anyMatch(finding -> finding.message().contains("a VM that you may not see"));
    assertThat(review.findings().toString()).doesNotContain("10.0.0.2").doesNotContain("secret");
  }

  @Test
  void rulesThatDoNotCompileAreRefused() {
    Inventory odd = inventory("web", "db");
    Network network = odd.networks().all().get(0);
    Inventory unusable =
        new Inventory(
            Networks.of(
                List.of(
                    new Network(
                        network.id(),
                        network.name(),
                        network.dataCenter(),
                        "nic0123456789ab",
                        network.cidrs(),
                        network.gateways(),
                        network.gatewayMacs(),
                        network.portIsolation(),
                        network.uplink()))),
            odd.namespaces(),
            odd.vms(),
            odd.nics(),
            odd.sets());
    Review review = review(unusable, stored(ACLS, acls("ip4")), ACLS);
    assertThat(errors(review)).containsExactly("acls:1");
    assertThat(review.findings()).anyMatch(f -> f.message().contains("nic0123456789ab"));
  }
}
