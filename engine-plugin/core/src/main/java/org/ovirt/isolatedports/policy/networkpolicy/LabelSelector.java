// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.networkpolicy;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

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

  /**
   * The same selector, looking at another label for one of these.
   *
   * @param key the label it shall no longer look at
   * @param newKey the label it looks at instead
   * @param newValue what to expect there for an old value
   */
  LabelSelector exchanged(String key, String newKey, UnaryOperator<String> newValue) {
    Map<String, String> labels = new HashMap<>();
    matchLabels.forEach(
        (label, value) -> {
          boolean meant = label.equals(key);
          labels.put(meant ? newKey : label, meant ? newValue.apply(value) : value);
        });
    List<Requirement> requirements =
        matchExpressions.stream()
            .map(
                r ->
                    r.key().equals(key)
                        ? new Requirement(
                            newKey, r.operator(), r.values().stream().map(newValue).toList())
                        : r)
            .toList();
    return new LabelSelector(labels, requirements);
  }

  /** Whether it looks at a label. */
  public boolean uses(String key) {
    return matchLabels.containsKey(key)
        || matchExpressions.stream().anyMatch(requirement -> requirement.key().equals(key));
  }
}
