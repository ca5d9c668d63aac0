// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.inventory;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.ovirt.isolatedports.policy.finding.ErrorWatch;
import org.ovirt.isolatedports.policy.finding.Finding;
import org.ovirt.isolatedports.policy.finding.PolicyException;
import org.ovirt.isolatedports.policy.finding.SourceLocation;
import org.ovirt.isolatedports.policy.kubernetes.KubernetesNames;
import org.ovirt.isolatedports.policy.match.MatchLanguage;
import org.ovirt.isolatedports.policy.match.NameSets;
import org.ovirt.isolatedports.policy.yaml.YamlFields;
import org.ovirt.isolatedports.policy.yaml.YamlNode;
import org.ovirt.isolatedports.policy.yaml.YamlReader;

/**
 * Reads an inventory file: networks, namespaces, VMs and their vNICs. A key without a value is
 * refused everywhere: taken as missing it would fall back to a default that may be the open one.
 */
public final class InventoryReader {

  /** The label every namespace carries with its name (Kubernetes, NamespaceDefaultLabelName). */
  public static final String NAME_LABEL = "kubernetes.io/metadata.name";

  /** The label by which a policy selects a VM by its name (KubeVirt). */
  public static final String VM_NAME_LABEL = "vm.kubevirt.io/name";

  /** The label by which a policy selects a VM whose name was pinned. */
  public static final String VM_ID_LABEL = "isolated-ports.ovirt.org/vm-id";

  /**
   * The kind of the finding that a VM bears a reserved name. It is refused by lint, and stops
   * nothing else: a tenant who renames a VM must not keep everyone's rules from being compiled.
   */
  public static final String RESERVED_NAME = "reserved-name";

  private static final Set<String> TOP =
      Set.of("networks", "namespaces", "vms", "address_sets", "port_groups");

  private final List<Finding> findings = new ArrayList<>();
  private final NetworkReader networks = new NetworkReader(findings::add);
  private final Map<String, Map<String, String>> namespaces = new TreeMap<>();
  private final Set<String> incomplete = new TreeSet<>();
  private VmReader vms = new VmReader(Networks.NONE, findings::add);
  private NameSets sets = NameSets.NONE;

  private InventoryReader() {}

  /**
   * What was read.
   *
   * @param inventory what could be read; of use only without fatal findings
   * @param findings what is wrong
   */
  public record Result(Inventory inventory, List<Finding> findings) {}

  public static Result read(Path file) throws PolicyException {
    String name = file.equals(YamlReader.STANDARD_INPUT) ? "standard input" : file.toString();
    return read(name, YamlReader.read(file));
  }

  /** Reads an inventory from text that messages call {@code name}. */
  public static Result read(String name, String text) throws PolicyException {
    return read(name, YamlReader.read(name, text));
  }

  private static Result read(String name, List<YamlNode> documents) throws PolicyException {
    if (documents.size() != 1) {
      throw new PolicyException(
          new SourceLocation(name, 1, 1),
          "An inventory is one YAML document with networks and vms; this file has "
              + documents.size()
              + ".");
    }
    InventoryReader reader = new InventoryReader();
    YamlFields.of(documents.get(0), "The inventory", reader.findings::add)
        .ifPresent(reader::readAll);
    return new Result(
        new Inventory(
            reader.networks.networks(),
            reader.namespaces,
            reader.vms.vms(),
            reader.vms.nics(),
            reader.sets),
        List.copyOf(reader.findings));
  }

  private void readAll(YamlFields top) {
    top.allowOnly(TOP);
    top.refuseEmpty();
    if (!top.names("networks")) {
      top.error("networks", "The inventory needs \"networks\"; list at least one with its name.");
    }
    for (YamlNode node : top.list("networks")) {
      YamlFields.of(node, "A network", findings::add).ifPresent(networks::read);
    }
    for (YamlNode node : top.list("namespaces")) {
      YamlFields.of(node, "A namespace", findings::add).ifPresent(this::readNamespace);
    }
    vms = new VmReader(networks.networks(), findings::add);
    for (YamlNode node : top.list("vms")) {
      YamlFields.of(node, "A VM", findings::add).ifPresent(vms::read);
    }
    vms.checkNames();
    sets = new NameSets(readAddressSets(top), readPortGroups(top), incomplete);
  }

  /** Each entry is read to its end, whether a match names its set or not. */
  private Map<String, List<String>> readAddressSets(YamlFields top) {
    Map<String, List<String>> result = new TreeMap<>();
    for (YamlFields set : top.fields("address_sets").stream().toList()) {
      set.refuseEmpty();
      for (String name : set.others(Set.of()).keySet()) {
        checkSetName(set, name, "$");
        ErrorWatch watch = new ErrorWatch(finding -> findings.add(finding.readClosed()));
        result.put(name, readAddressSet(set.reportingTo(watch), name));
        if (watch.sawError()) {
          incomplete.add(name);
        }
      }
    }
    return result;
  }

  private static List<String> readAddressSet(YamlFields set, String name) {
    List<String> addresses = new ArrayList<>();
    for (YamlNode.Scalar entry : set.scalars(name)) {
      Optional<String> problem = MatchLanguage.addressProblem(entry.text());
      if (problem.isEmpty()) {
        addresses.add(entry.text());
      } else {
        set.errorAt(
            entry.location(),
            "The entry \""
                + entry.text()
                + "\" of the address set "
                + name
                + " "
                + problem.get()
                + ".");
      }
    }
    return addresses;
  }

  private Map<String, List<String>> readPortGroups(YamlFields top) {
    Map<String, List<String>> result = new TreeMap<>();
    for (YamlFields group : top.fields("port_groups").stream().toList()) {
      group.refuseEmpty();
      for (String name : group.others(Set.of()).keySet()) {
        checkSetName(group, name, "@");
        List<String> ports = new ArrayList<>();
        for (YamlNode.Scalar entry : group.scalars(name)) {
          if (entry.text().isEmpty()) {
            group.errorAt(
                entry.location(),
                "An entry of the port group " + name + " is empty; write the name of a port.");
          }
          ports.add(entry.text());
        }
        result.put(name, ports);
      }
    }
    return result;
  }

  private static void checkSetName(YamlFields sets, String name, String sign) {
    if (!name.matches("[A-Za-z_.][A-Za-z0-9_.]*")) {
      sets.error(
          name,
          "No match can name "
              + sign
              + name
              + ": the name of a set has letters, digits, _ and . only, and does not begin with a"
              + " digit. Rename it.");
    }
  }

  private void readNamespace(YamlFields fields) {
    fields.allowOnly(Set.of("name", "labels"));
    fields.refuseEmpty();
    Optional<String> name = fields.requiredText("name");
    Map<String, String> labels = new TreeMap<>(readLabels(fields));
    name.ifPresent(
        n -> {
          checkNamespace(fields, "name", n);
          labels.put(NAME_LABEL, n);
          if (namespaces.put(n, labels) != null) {
            fields.error("name", "There are two namespaces named " + n + "; keep one.");
          }
        });
  }

  /** A namespace that no policy could name would be one that no policy limits. */
  static void checkNamespace(YamlFields fields, String key, String name) {
    KubernetesNames.dnsLabel(name)
        .ifPresent(
            problem ->
                fields.error(
                    key, "The namespace \"" + name + "\" has an invalid name: " + problem + "."));
  }

  /** Labels that a selector of a policy can name. */
  static Map<String, String> readLabels(YamlFields fields) {
    Map<String, String> labels = fields.textMap("labels");
    labels.forEach(
        (key, value) -> {
          KubernetesNames.labelKey(key).ifPresent(problem -> invalidLabel(fields, key, problem));
          KubernetesNames.labelValue(value)
              .ifPresent(problem -> invalidLabel(fields, value, problem));
        });
    return labels;
  }

  private static void invalidLabel(YamlFields fields, String value, String problem) {
    fields.error("labels", "\"labels\" has an invalid value: \"" + value + "\": " + problem + ".");
  }
}
