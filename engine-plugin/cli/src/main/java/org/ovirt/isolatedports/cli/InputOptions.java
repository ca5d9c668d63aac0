// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import org.ovirt.isolatedports.policy.finding.Finding;
import org.ovirt.isolatedports.policy.finding.PolicyException;
import org.ovirt.isolatedports.policy.inventory.Inventory;
import org.ovirt.isolatedports.policy.inventory.InventoryReader;
import org.ovirt.isolatedports.policy.inventory.Network;
import org.ovirt.isolatedports.policy.inventory.Networks;
import org.ovirt.isolatedports.policy.match.NameSets;
import org.ovirt.isolatedports.policy.read.PolicyReader;
import org.ovirt.isolatedports.policy.read.PolicySet;
import org.ovirt.isolatedports.policy.resolve.ResolvedNetwork;
import org.ovirt.isolatedports.policy.yaml.YamlReader;
import picocli.CommandLine.Option;

/** What every command reads. */
final class InputOptions {

  @Option(
      names = "--inventory",
      required = true,
      paramLabel = "FILE",
      description = "YAML with networks, namespaces and VMs; - is the standard input.")
  private Path inventoryFile;

  @Option(
      names = "--policy",
      arity = "1..*",
      paramLabel = "FILE",
      description = "YAML with policies; may be given several times; - is the standard input.")
  private List<Path> policyFiles = new ArrayList<>();

  @Option(
      names = "--network",
      paramLabel = "NETWORK",
      description =
          "The network the policies are stored under, by name, DATA_CENTER/NAME or id; needed only where there are several and the"
              + " policies do not say (annotation isolated-ports.ovirt.org/network).")
  private String network;

  /** What was read, with what is wrong with it. */
  record Input(Inventory inventory, PolicySet policies, List<Finding> findings) {

    Map<String, ResolvedNetwork> networks() {
      return ResolvedNetwork.all(inventory, policies);
    }

    boolean isUnreadable() {
      return findings.stream().anyMatch(Finding::isFatal);
    }

    /** Errors of items that were read as what lets the least through. */
    List<Finding> readClosed() {
      return findings.stream().filter(finding -> finding.isError() && !finding.isFatal()).toList();
    }

    /** Stops here if nothing can be said about the input. */
    Input orRefuse() {
      return orRefuse(Finding::isFatal);
    }

    /** Stops here if something is wrong of which a ruleset must not be made. */
    Input orRefuseToCompile() {
      return orRefuse(
          finding -> finding.isError() && !finding.kind().equals(InventoryReader.RESERVED_NAME));
    }

    private Input orRefuse(Predicate<Finding> stops) {
      if (findings.stream().anyMatch(stops)) {
        throw new RefusedException(findings.stream().filter(Finding::isError).toList());
      }
      return this;
    }

    /**
     * Says what is wrong though there is an answer, and where there was nothing to answer about.
     */
    void remark(PrintWriter err) {
      findings.stream()
          .filter(f -> f.isError() || f.kind().equals(PolicyReader.NO_POLICIES))
          .forEach(finding -> err.println(Findings.line(finding)));
      if (!readClosed().isEmpty()) {
        err.println(
            "What is wrong above was read as what lets the least through; the answer is about the"
                + " rest.");
      }
    }
  }

  /** Reads the files; with a broken inventory the policies are not looked at. */
  Input read() {
    checkStandardInput();
    List<Finding> findings = new ArrayList<>();
    try {
      InventoryReader.Result result = InventoryReader.read(inventoryFile);
      findings.addAll(result.findings());
      Input unread = new Input(result.inventory(), PolicySet.NONE, findings);
      if (unread.isUnreadable()) {
        return unread;
      }
      checkNetwork(result.inventory());
      PolicyReader reader = new PolicyReader(result.inventory(), Optional.ofNullable(network));
      policyFiles.forEach(reader::read);
      findings.addAll(reader.findings());
      return new Input(result.inventory(), reader.policies(), findings);
    } catch (PolicyException e) {
      findings.add(e.finding());
      return new Input(
          new Inventory(Networks.NONE, Map.of(), List.of(), List.of(), NameSets.NONE),
          PolicySet.NONE,
          findings);
    }
  }

  private void checkStandardInput() {
    long uses =
        policyFiles.stream().filter(YamlReader.STANDARD_INPUT::equals).count()
            + (inventoryFile.equals(YamlReader.STANDARD_INPUT) ? 1 : 0);
    if (uses > 1) {
      throw new UsageException(
          "The standard input (-) can be read once only; give files for the rest.");
    }
  }

  private void checkNetwork(Inventory inventory) {
    List<Network> called = network == null ? List.of() : inventory.networks().called(network);
    if (called.size() > 1) {
      throw new UsageException(
          "Several networks of the inventory are named "
              + network
              + "; --network must be one of "
              + inventory.networks().namesOf(called)
              + ".");
    }
    if (network != null && called.isEmpty()) {
      throw new UsageException(
          "There is no network "
              + network
              + " in the inventory; --network must be one of "
              + inventory.networks().names()
              + ".");
    }
  }
}
