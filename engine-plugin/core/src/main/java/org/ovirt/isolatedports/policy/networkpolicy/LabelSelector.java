// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.networkpolicy;

import java.util.List;
import java.util.Map;

/**
 * Selects by labels; an empty one selects everything (Kubernetes, LabelSelector).
 *
 * @param matchLabels labels that must be there with that value
 * @param matchExpressions further requirements, all of which must hold
 */
public record LabelSelector(Map<String, String> matchLabels, List<Requirement> matchExpressions) {

  public static final LabelSelector EVERYTHING = new LabelSelector(Map.of(), List.of());

  public LabelSelector {
    matchLabels = Map.copyOf(matchLabels);
    matchExpressions = List.copyOf(matchExpressions);
  }

  /** How a requirement looks at a label. */
  public enum Operator {
    IN("In"),
    NOT_IN("NotIn"),
    EXISTS("Exists"),
    DOES_NOT_EXIST("DoesNotExist");

    private final String kubernetesName;

    Operator(String kubernetesName) {
      this.kubernetesName = kubernetesName;
    }

    public String kubernetesName() {
      return kubernetesName;
    }
  }

  /** One entry of {@code matchExpressions}. */
  public record Requirement(String key, Operator operator, List<String> values) {
    public Requirement {
      values = List.copyOf(values);
    }

    boolean holds(Map<String, String> labels) {
      String value = labels.get(key);
      return switch (operator) {
        case IN -> value != null && values.contains(value);
        // A label that is not there is not in the list (Kubernetes, labels.Requirement.Matches).
        case NOT_IN -> value == null || !values.contains(value);
        case EXISTS -> value != null;
        case DOES_NOT_EXIST -> value == null;
      };
    }
  }

  public boolean matches(Map<String, String> labels) {
    for (Map.Entry<String, String> label : matchLabels.entrySet()) {
      if (!label.getValue().equals(labels.get(label.getKey()))) {
        return false;
      }
    }
    return matchExpressions.stream().allMatch(requirement -> requirement.holds(labels));
  }

  public boolean selectsEverything() {
    return matchLabels.isEmpty() && matchExpressions.isEmpty();
  }

  /** Whether it looks at a label. */
  public boolean uses(String key) {
    return matchLabels.containsKey(key)
        || matchExpressions.stream().anyMatch(requirement -> requirement.key().equals(key));
  }
}
