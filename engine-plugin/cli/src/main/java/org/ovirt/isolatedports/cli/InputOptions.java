// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.ovirt.isolatedports.policy.Finding;
import org.ovirt.isolatedports.policy.PolicyException;
import org.ovirt.isolatedports.policy.PolicyReader;
import org.ovirt.isolatedports.policy.PolicySet;
import org.ovirt.isolatedports.policy.inventory.Inventory;
import org.ovirt.isolatedports.policy.inventory.InventoryReader;
import org.ovirt.isolatedports.policy.match.NameSets;
import org.ovirt.isolatedports.policy.resolve.ResolvedNetwork;
import picocli.CommandLine.Option;

/** What every command reads. */
final class InputOptions {

  @Option(
      names = "--inventory",
      required = true,
      paramLabel = "FILE",
      description = "YAML with networks, namespaces and VMs.")
  private Path inventoryFile;

  @Option(
      names = "--policy",
      arity = "1..*",
      paramLabel = "FILE",
      description = "YAML with policies; may be given several times.")
  private List<Path> policyFiles = new ArrayList<>();

  @Option(
      names = "--network",
      paramLabel = "NAME",
      description =
          "The network the policies are stored under; needed only where there are several and the"
              + " policies do not say (annotation isolated-ports.ovirt.org/network).")
  private String network;

  /** What was read, with what is wrong with it. */
  record Input(Inventory inventory, PolicySet policies, List<Finding> findings) {

    Map<String, ResolvedNetwork> networks() {
      return ResolvedNetwork.all(inventory, policies);
    }

    boolean hasErrors() {
      return findings.stream().anyMatch(Finding::isError);
    }

    /** Stops here if something is wrong. */
    Input orRefuse() {
      if (hasErrors()) {
        throw new RefusedException(
            findings.stream()
                .filter(Finding::isError)
                .map(InputOptions::shown)
                .collect(Collectors.joining(System.lineSeparator())));
      }
      return this;
    }
  }

  static String shown(Finding finding) {
    return finding.location()
        + ": "
        + (finding.isError() ? "error: " : "warning: ")
        + finding.message();
  }

  /** Reads the files; with a broken inventory the policies are not looked at. */
  Input read() {
    List<Finding> findings = new ArrayList<>();
    try {
      InventoryReader.Result result = InventoryReader.read(inventoryFile);
      findings.addAll(result.findings());
      Input broken = new Input(result.inventory(), PolicySet.NONE, findings);
      if (broken.hasErrors()) {
        return broken;
      }
      PolicyReader reader = new PolicyReader(result.inventory(), Optional.ofNullable(network));
      policyFiles.forEach(reader::read);
      findings.addAll(reader.findings());
      return new Input(result.inventory(), reader.policies(), findings);
    } catch (PolicyException e) {
      findings.add(e.finding());
      return new Input(
          new Inventory(Map.of(), Map.of(), List.of(), List.of(), NameSets.NONE),
          PolicySet.NONE,
          findings);
    }
  }
}
