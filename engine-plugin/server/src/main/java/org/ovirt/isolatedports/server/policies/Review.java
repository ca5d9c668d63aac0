// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.policies;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.ovirt.isolatedports.policy.acl.Subnet;
import org.ovirt.isolatedports.policy.compile.CompileException;
import org.ovirt.isolatedports.policy.compile.HostCapabilities;
import org.ovirt.isolatedports.policy.compile.NetworkRules;
import org.ovirt.isolatedports.policy.finding.Finding;
import org.ovirt.isolatedports.policy.finding.PolicyException;
import org.ovirt.isolatedports.policy.finding.SourceLocation;
import org.ovirt.isolatedports.policy.inventory.Inventory;
import org.ovirt.isolatedports.policy.inventory.Nic;
import org.ovirt.isolatedports.policy.lint.Linter;
import org.ovirt.isolatedports.policy.match.MatchLanguage;
import org.ovirt.isolatedports.policy.networkpolicy.NamePins;
import org.ovirt.isolatedports.policy.networkpolicy.NetworkPolicy;
import org.ovirt.isolatedports.policy.read.PolicyReader;
import org.ovirt.isolatedports.policy.read.PolicySet;
import org.ovirt.isolatedports.policy.resolve.ResolvedNetwork;

/**
 * Judges what would be stored under a network: everything is read anew with the change, so that
 * none of what is stored is left without a set that it names.
 *
 * @param findings what is wrong or odd about the change; errors of other documents that it would
 *     break are among them
 * @param pins ids of the VMs that the changed document names
 */
record Review(List<Finding> findings, Map<String, String> pins) {

  /** What messages of the compiler call a host. */
  private static final String ANY_HOST = "(whichever)";

  private static final String OUTSIDE_BLOCK = "vnic-outside-block";

  private static final String HIDDEN_OUTSIDE_BLOCK =
      "The address of a vNIC of a VM that you may not see lies outside the cidrBlock of the Subnet,"
          + " so what the subnet opens for its own traffic (private, allowEWTraffic) is closed to"
          + " it; correct the block, or ask whoever sees that VM.";

  private static final String UNSEEN =
      "Another policy of the network, which names VMs that you may not see, ";

  Review {
    findings = List.copyOf(findings);
    pins = Map.copyOf(pins);
  }

  boolean hasErrors() {
    return findings.stream().anyMatch(Finding::isError);
  }

  /**
   * Judges a change.
   *
   * @param inventory the network and what the author may see of it
   * @param after what would be stored, the pins of the changed document not yet right
   * @param changed which document is another
   * @param given pins that the changed document keeps, as it equals an old one; empty to pin its
   *     names now
   * @param isSeen whether the author may see all VMs that a document names; of one of which that is
   *     not so, nothing is told but that it would break
   */
  static Review of(
      Inventory inventory,
      StoredPolicies after,
      Document changed,
      Optional<Map<String, String>> given,
      Predicate<Revision> isSeen) {
    List<Finding> findings = new ArrayList<>();
    NamePins pins = new NamePins(given.orElseGet(() -> idsByName(inventory)));
    checkSet(after, changed, pins, findings);
    InForce all = after.everything();
    Reading reading = new Reading(inventory, after, changed);
    for (InForce.Text text : all.texts()) {
      reading.read(text, pins, findings);
    }
    if (findings.stream().noneMatch(Finding::isError)) {
      Map<String, ResolvedNetwork> networks =
          ResolvedNetwork.all(reading.inventory, new PolicySet(reading.subnets, reading.policies));
      checkCompiled(networks.get(after.networkId().toString()), changed, findings);
      boolean isPolicy = changed.kind().isPolicy();
      new Linter(reading.inventory, networks)
          .lint().stream()
              .filter(each -> !isPolicy || each.location().file().equals(changed.file()))
              .map(Review::withoutHidden)
              .distinct()
              .forEach(findings::add);
    }
    return new Review(told(findings, after, changed, isSeen), given.orElseGet(pins::used));
  }

  /** An address that only the labels of a hidden VM tell is not for the author. */
  private static Finding withoutHidden(Finding finding) {
    return finding.kind().equals(OUTSIDE_BLOCK) && SeenNetworks.isNamedIn(finding.message())
        ? Finding.warning(finding.location(), HIDDEN_OUTSIDE_BLOCK).ofKind(OUTSIDE_BLOCK)
        : finding;
  }

  /**
   * The findings that the author may be told: all of the changed document and of others whose VMs
   * it may see, and one sentence for the rest.
   */
  private static List<Finding> told(
      List<Finding> findings, StoredPolicies after, Document changed, Predicate<Revision> isSeen) {
    Map<String, Boolean> seen = new HashMap<>();
    seen.put(changed.file(), true);
    findings.forEach(
        finding ->
            seen.computeIfAbsent(
                finding.location().file(),
                file ->
                    after.documents().entrySet().stream()
                        .filter(each -> each.getKey().file().equals(file))
                        .anyMatch(each -> isSeen.test(each.getValue()))));
    Map<Boolean, List<Finding>> bySight =
        findings.stream()
            .collect(Collectors.partitioningBy(each -> seen.get(each.location().file())));
    List<Finding> told = new ArrayList<>(bySight.get(true));
    List<Finding> untold = bySight.get(false);
    SourceLocation top = new SourceLocation(changed.file(), 1, 1);
    if (untold.stream().anyMatch(Finding::isError)) {
      told.add(
          Finding.error(
              top,
              UNSEEN
                  + "would no longer work with this change. Leave what it needs, or ask somebody who"
                  + " sees those VMs to change that policy first."));
    } else if (!untold.isEmpty()) {
      told.add(
          Finding.warning(
              top,
              UNSEEN + "has warnings with this change; whoever sees those VMs can read them."));
    }
    return told;
  }

  /** What not even a host whose kernel has everything could enforce is not stored. */
  private static void checkCompiled(
      ResolvedNetwork network, Document changed, List<Finding> findings) {
    try {
      NetworkRules.compile(ANY_HOST, HostCapabilities.ALL, network);
    } catch (CompileException e) {
      findings.add(Finding.error(new SourceLocation(changed.file(), 1, 1), e.getMessage()));
    }
  }

  /**
   * The namespace and name that a text gives its policy.
   *
   * @return empty if it is none, or one that cannot be read; {@link #of} says why
   */
  static Optional<Document> identify(Inventory inventory, java.util.UUID networkId, String yaml) {
    PolicyReader reader = new PolicyReader(inventory, Optional.of(networkId.toString()));
    reader.read("policy", yaml);
    List<NetworkPolicy> read = reader.policies().networkPolicies();
    return read.size() == 1
        ? Optional.of(
            Document.networkPolicy(networkId, read.get(0).namespace(), read.get(0).name()))
        : Optional.empty();
  }

  /** VMs with a vNIC on the network that the author sees; a name that two bear pins nothing. */
  private static Map<String, String> idsByName(Inventory inventory) {
    Map<String, String> ids = new HashMap<>();
    Map<String, Integer> bearers = new HashMap<>();
    inventory.nics().stream()
        .map(Nic::vm)
        .filter(vm -> !SeenNetworks.isHidden(vm.name()))
        .distinct()
        .forEach(
            vm -> {
              ids.put(vm.name(), vm.id());
              bearers.merge(vm.name(), 1, Integer::sum);
            });
    ids.keySet().removeIf(name -> bearers.get(name) > 1);
    return ids;
  }

  private static void checkSet(
      StoredPolicies after, Document changed, NamePins pins, List<Finding> findings) {
    Optional<String> content = after.current(changed).flatMap(Revision::content);
    if (changed.kind().isPolicy() || content.isEmpty()) {
      return;
    }
    SourceLocation top = new SourceLocation(changed.file(), 1, 1);
    if (!changed.name().matches("[A-Za-z_.][A-Za-z0-9_.]*")) {
      findings.add(
          Finding.error(
              top,
              "No match can name \""
                  + changed.name()
                  + "\": the name of a set has letters, digits, _ and . only, and does not begin"
                  + " with a digit. Give it another name."));
    }
    int line = 0;
    for (String entry : StoredPolicies.entries(content.get())) {
      line++;
      SourceLocation place = new SourceLocation(changed.file(), line, 1);
      if (changed.kind() == DocumentKind.ADDRESS_SET) {
        MatchLanguage.addressProblem(entry)
            .ifPresent(
                problem ->
                    findings.add(
                        Finding.error(place, "The entry \"" + entry + "\" " + problem + ".")));
      } else {
        pin(pins, entry, place, findings);
      }
    }
  }

  private static void pin(
      NamePins pins, String entry, SourceLocation place, List<Finding> findings) {
    try {
      pins.pinPort(entry, place);
    } catch (PolicyException e) {
      findings.add(e.finding());
    }
  }

  /** Reads the texts of a network one after the other. */
  private static final class Reading {
    private final Inventory inventory;
    private final Document changed;
    private final PolicyReader reader;
    private final List<Subnet> subnets = new ArrayList<>();
    private final List<NetworkPolicy> policies = new ArrayList<>();

    Reading(Inventory inventory, StoredPolicies after, Document changed) {
      this.inventory =
          new Inventory(
              inventory.networks(),
              inventory.namespaces(),
              inventory.vms(),
              inventory.nics(),
              after.everything().sets());
      this.changed = changed;
      this.reader = new PolicyReader(this.inventory, Optional.of(after.networkId().toString()));
    }

    void read(InForce.Text text, NamePins pins, List<Finding> findings) {
      boolean isChanged = text.name().equals(changed.file());
      int subnetsBefore = reader.policies().subnets().size();
      int policiesBefore = reader.policies().networkPolicies().size();
      int findingsBefore = reader.findings().size();
      reader.read(text.name(), text.yaml());
      List<Finding> found =
          reader.findings().subList(findingsBefore, reader.findings().size()).stream()
              .filter(finding -> isChanged || finding.isError())
              .toList();
      findings.addAll(found);
      PolicySet read = reader.policies();
      List<Subnet> newSubnets = read.subnets().subList(subnetsBefore, read.subnets().size());
      List<NetworkPolicy> newPolicies =
          read.networkPolicies().subList(policiesBefore, read.networkPolicies().size());
      subnets.addAll(newSubnets);
      policies.addAll(newPolicies);
      boolean readable = found.stream().noneMatch(Finding::isError);
      if (isChanged && readable) {
        checkKind(newSubnets, newPolicies, findings);
        checkPins(newSubnets, newPolicies, pins, findings);
      }
    }

    private void checkKind(
        List<Subnet> newSubnets, List<NetworkPolicy> newPolicies, List<Finding> findings) {
      SourceLocation top = new SourceLocation(changed.file(), 1, 1);
      boolean acls = changed.kind() == DocumentKind.ACLS;
      if (newSubnets.size() != (acls ? 1 : 0) || newPolicies.size() != (acls ? 0 : 1)) {
        findings.add(
            Finding.error(
                top,
                acls
                    ? "The ACLs of a network are one Subnet (kubeovn.io/v1) and nothing else; put"
                        + " each NetworkPolicy under networkpolicies."
                    : "This must be one NetworkPolicy (networking.k8s.io/v1) and nothing else; put"
                        + " each into a request of its own, and a Subnet under acls."));
        return;
      }
      newPolicies.stream()
          .filter(policy -> !(policy.namespace() + "/" + policy.name()).equals(changed.name()))
          .forEach(
              policy ->
                  findings.add(
                      Finding.error(
                          policy.location(),
                          "The policy is named "
                              + policy.name()
                              + " in namespace "
                              + policy.namespace()
                              + ", and the request is about "
                              + changed.plainName()
                              + " in namespace "
                              + changed.namespace()
                              + ". Make metadata and path agree.")));
    }

    private static void checkPins(
        List<Subnet> newSubnets,
        List<NetworkPolicy> newPolicies,
        NamePins pins,
        List<Finding> findings) {
      try {
        for (Subnet subnet : newSubnets) {
          pins.pin(subnet);
        }
        for (NetworkPolicy policy : newPolicies) {
          pins.pin(policy);
        }
      } catch (PolicyException e) {
        findings.add(e.finding());
      }
    }
  }
}
