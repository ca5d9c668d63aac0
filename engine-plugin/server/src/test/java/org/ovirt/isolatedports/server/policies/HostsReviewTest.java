// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.policies;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.ovirt.isolatedports.policy.compile.HostCapabilities;
import org.ovirt.isolatedports.policy.finding.Finding;
import org.ovirt.isolatedports.policy.finding.PolicyException;
import org.ovirt.isolatedports.policy.inventory.Inventory;
import org.ovirt.isolatedports.policy.inventory.InventoryReader;

/** What is refused because a host could not enforce it. */
class HostsReviewTest {

  private static final UUID NETWORK = UUID.fromString("00000000-0000-4000-8000-000000000001");
  private static final Document ACLS = Document.acls(NETWORK);
  private static final Document SET = new Document(NETWORK, DocumentKind.ADDRESS_SET, "admins");
  private static final StoredPolicies NOTHING = new StoredPolicies(NETWORK, 0, Map.of());
  private static final HostAbilities ALL = HostAbilities.said(true, HostCapabilities.ALL);
  private static final HostAbilities BASIC = HostAbilities.said(true, HostCapabilities.BASIC);

  private final List<EnforcingHosts.Host> hosts = new ArrayList<>();
  private Set<String> shown = Set.of("rich", "poor");

  private static Inventory inventory() {
    try {
      return InventoryReader.read(
              "inventory",
              """
              networks: [{name: net, id: %s}]
              vms:
              - {name: web, id: one, nics: [{network: net, mac: "52:54:00:00:00:01"}]}
              """
                  .formatted(NETWORK))
          .inventory();
    } catch (PolicyException e) {
      throw new AssertionError(e);
    }
  }

  private static Revision acls(String action, Mode mode) {
    return revision(
        "apiVersion: kubeovn.io/v1\nkind: Subnet\nmetadata: {name: net}\nspec:\n  acls:\n"
            + "  - {action: "
            + action
            + ", direction: from-lport, priority: 1, match: 'ip4.src == $admins'}\n",
        mode);
  }

  private static Revision revision(String content, Mode mode) {
    return new Revision(
        1,
        Optional.of(content).filter(text -> !text.isEmpty()),
        mode,
        Map.of(),
        "admin",
        Instant.EPOCH,
        "",
        Optional.empty());
  }

  private static StoredPolicies withSet(StoredPolicies stored) {
    return stored.with(SET, revision("10.0.0.1\n", Mode.ENFORCE));
  }

  private void host(String name, HostAbilities abilities) {
    hosts.add(new EnforcingHosts.Host(name, name, abilities));
  }

  private List<Finding> review(StoredPolicies before, Document changed, Revision revision) {
    return new HostsReview(inventory(), before, changed, revision, hosts).findings(() -> shown);
  }

  private static String errors(List<Finding> findings) {
    return findings.stream()
        .filter(Finding::isError)
        .map(Finding::message)
        .collect(Collectors.joining("\n"));
  }

  @Test
  void whatOneHostCannotEnforceIsRefusedWithItsNameAndTheReason() {
    host("rich", ALL);
    host("poor", BASIC);
    List<Finding> tracked = review(withSet(NOTHING), ACLS, acls("allow-related", Mode.ENFORCE));
    assertThat(tracked).hasSize(1);
    assertThat(errors(tracked))
        .startsWith("Host poor cannot enforce the rules of network net: ")
        .contains("connection tracking")
        .contains("mode: audit");
    assertThat(errors(review(withSet(NOTHING), ACLS, acls("reject", Mode.ENFORCE))))
        .contains("Host poor cannot answer")
        .contains("nft_reject_bridge");
    assertThat(review(withSet(NOTHING), ACLS, acls("drop", Mode.ENFORCE))).isEmpty();
  }

  @Test
  void aHostThatSaidNothingCountsAsOneThatCanDoNothing() {
    host("poor", HostAbilities.UNKNOWN);
    assertThat(errors(review(withSet(NOTHING), ACLS, acls("drop", Mode.ENFORCE))))
        .startsWith("Host poor has not said yet what its kernel can do")
        .contains("isolated-ports-host");
    hosts.clear();
    host("poor", HostAbilities.said(false, HostCapabilities.BASIC));
    assertThat(errors(review(withSet(NOTHING), ACLS, acls("drop", Mode.ENFORCE))))
        .startsWith("Host poor cannot enforce the rules of network net: ")
        .contains("nftables");
  }

  @Test
  void inAuditItIsStoredWithAWarning() {
    host("poor", BASIC);
    List<Finding> findings = review(withSet(NOTHING), ACLS, acls("allow-related", Mode.AUDIT));
    assertThat(errors(findings)).isEmpty();
    assertThat(findings)
        .singleElement()
        .satisfies(
            f -> assertThat(f.message()).contains("could not be put in force now. Host poor"));
  }

  @Test
  void aRemovalIsNeverHeldUpAndAChangeOfASetOnlyWhereItBreaksSomething() {
    host("poor", HostAbilities.UNKNOWN);
    StoredPolicies broken = withSet(NOTHING).with(ACLS, acls("allow-related", Mode.ENFORCE));
    assertThat(review(broken, ACLS, revision("", Mode.ENFORCE))).isEmpty();
    List<Finding> findings = review(broken, SET, revision("10.0.0.2\n", Mode.ENFORCE));
    assertThat(errors(findings)).as("it was not enforced there before either").isEmpty();
    assertThat(findings).hasSize(1);
  }

  @Test
  void hostsThatTheAuthorDoesNotSeeAreNotNamedAndManyAreCounted() {
    host("poor", BASIC);
    host("secret", BASIC);
    for (int i = 0; i < 7; i++) {
      host("more" + i, BASIC);
    }
    String errors = errors(review(withSet(NOTHING), ACLS, acls("allow-related", Mode.ENFORCE)));
    assertThat(errors)
        .contains("Host poor cannot")
        .contains("Host (not shown to you) cannot")
        .contains("the same with 4 more hosts")
        .doesNotContain("secret");
  }
}
