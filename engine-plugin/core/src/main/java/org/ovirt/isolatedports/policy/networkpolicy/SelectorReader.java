// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.networkpolicy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.ovirt.isolatedports.policy.finding.ErrorWatch;
import org.ovirt.isolatedports.policy.finding.Finding;
import org.ovirt.isolatedports.policy.inventory.InventoryReader;
import org.ovirt.isolatedports.policy.kubernetes.KubernetesNames;
import org.ovirt.isolatedports.policy.yaml.YamlFields;
import org.ovirt.isolatedports.policy.yaml.YamlNode;

/** Reads a label selector as the Kubernetes API does (meta/v1, ValidateLabelSelector). */
final class SelectorReader {

  private final Consumer<Finding> findings;

  SelectorReader(Consumer<Finding> findings) {
    this.findings = findings;
  }

  /**
   * The selector under a key; an empty mapping selects everything. A key without a value is not
   * set, as a pointer that is null.
   *
   * @return none if it is not set, or if anything in it is wrong, which is reported: without a
   *     label that could not be read it would select more
   */
  Optional<LabelSelector> read(YamlFields parent, String key) {
    Optional<YamlFields> found = parent.fields(key);
    if (found.isEmpty()) {
      return Optional.empty();
    }
    ErrorWatch watch = new ErrorWatch(findings);
    YamlFields fields = found.get().reportingTo(watch);
    fields.allowOnly(Set.of("matchLabels", "matchExpressions"));
    fields.warnEmpty();
    List<LabelSelector.Requirement> requirements = new ArrayList<>();
    for (YamlNode node : fields.list("matchExpressions")) {
      YamlFields.of(node, "A requirement", watch)
          .flatMap(SelectorReader::readRequirement)
          .ifPresent(requirements::add);
    }
    Map<String, String> labels = fields.stringMap("matchLabels");
    labels.forEach((label, value) -> checkLabel(fields, label, value));
    LabelSelector selector = new LabelSelector(labels, requirements);
    if (selector.uses(InventoryReader.VM_NAME_LABEL)) {
      findings.accept(
          Finding.warning(
                  parent.locationOf(key),
                  "This selects by VM name, and tenants can rename their VMs. The name is pinned to"
                      + " the VM that bears it when the policy is stored; select by a label"
                      + " instead.")
              .ofKind("selects-by-vm-name"));
    }
    return watch.sawError() ? Optional.empty() : Optional.of(selector);
  }

  private static void checkLabel(YamlFields fields, String label, String value) {
    KubernetesNames.labelKey(label)
        .ifPresent(problem -> invalid(fields, "matchLabels", label, problem));
    KubernetesNames.labelValue(value)
        .ifPresent(problem -> invalid(fields, "matchLabels", value, problem));
  }

  private static void invalid(YamlFields fields, String key, String value, String problem) {
    fields.error(key, "\"" + key + "\" has an invalid value: \"" + value + "\": " + problem + ".");
  }

  private static Optional<LabelSelector.Requirement> readRequirement(YamlFields fields) {
    fields.allowOnly(Set.of("key", "operator", "values"));
    fields.warnEmpty();
    Optional<String> key = fields.requiredString("key");
    key.flatMap(KubernetesNames::labelKey)
        .ifPresent(problem -> invalid(fields, "key", key.get(), problem));
    Optional<String> text = fields.requiredString("operator");
    Optional<LabelSelector.Operator> operator =
        text.flatMap(
            t ->
                Arrays.stream(LabelSelector.Operator.values())
                    .filter(o -> o.kubernetesName().equals(t))
                    .findFirst());
    if (text.isPresent() && operator.isEmpty()) {
      fields.error(
          "operator",
          "\""
              + text.get()
              + "\" is not a valid selector operator: \"operator\" must be In, NotIn, Exists or"
              + " DoesNotExist.");
    }
    List<String> values = readValues(fields);
    if (key.isEmpty() || operator.isEmpty()) {
      return Optional.empty();
    }
    boolean needsValues =
        operator.get() == LabelSelector.Operator.IN
            || operator.get() == LabelSelector.Operator.NOT_IN;
    boolean givesNone = !fields.has("values") || fields.list("values").isEmpty();
    if (needsValues == givesNone) {
      fields.error(
          "values",
          needsValues
              ? "\"values\" must be specified when `operator` is 'In' or 'NotIn'; list at least"
                  + " one."
              : "\"values\" may not be specified when `operator` is 'Exists' or 'DoesNotExist';"
                  + " leave them out.");
    }
    return Optional.of(new LabelSelector.Requirement(key.get(), operator.get(), values));
  }

  private static List<String> readValues(YamlFields fields) {
    List<String> values = new ArrayList<>();
    for (YamlNode.Scalar value : fields.strings("values")) {
      KubernetesNames.labelValue(value.text())
          .ifPresent(
              problem ->
                  fields.errorAt(
                      value.location(),
                      "\"values\" has an invalid value: \""
                          + value.text()
                          + "\": "
                          + problem
                          + "."));
      values.add(value.text());
    }
    return values;
  }
}
