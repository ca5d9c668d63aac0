// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.resolve;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.ovirt.isolatedports.policy.networkpolicy.LabelSelector;

/** Finds the items a selector selects without looking at all of them, where it names a label. */
final class LabelIndex {

  private final List<Integer> items = new ArrayList<>();
  private final Map<Integer, Map<String, String>> labelsOf = new HashMap<>();
  private final Map<Map.Entry<String, String>, List<Integer>> byLabel = new HashMap<>();

  void add(int item, Map<String, String> labels) {
    items.add(item);
    labelsOf.put(item, labels);
    for (Map.Entry<String, String> label : labels.entrySet()) {
      byLabel
          .computeIfAbsent(Map.entry(label.getKey(), label.getValue()), l -> new ArrayList<>())
          .add(item);
    }
  }

  /** The items selected, in the order in which they were added. */
  List<Integer> select(LabelSelector selector) {
    if (selector.selectsEverything()) {
      return items;
    }
    List<Integer> candidates = items;
    for (Map.Entry<String, String> label : selector.matchLabels().entrySet()) {
      List<Integer> bearers =
          byLabel.getOrDefault(Map.entry(label.getKey(), label.getValue()), List.of());
      if (bearers.size() < candidates.size()) {
        candidates = bearers;
      }
    }
    return candidates.stream().filter(item -> selector.matches(labelsOf.get(item))).toList();
  }
}
