// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.hosts;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.ovirt.isolatedports.server.rulesets.Counted;

/**
 * What the hosts of a network counted for its policies in audit, all together.
 *
 * @param since nothing of it was counted before; empty where nothing is known
 * @param hosts how many hosts count
 * @param sums what they counted, by the names of the counters; 0 where no host said anything yet
 */
record NetworkCounters(Optional<Instant> since, int hosts, Map<String, Sum> sums) {

  /** What a counter has on all hosts. */
  record Sum(Counted counted, long packets, long bytes) {

    private Sum plus(PortReport.Counter more) {
      return new Sum(counted, plus(packets, more.packets()), plus(bytes, more.bytes()));
    }

    /** Hosts may say what they like, and no sum gets less for it. */
    private static long plus(long one, long other) {
      return one > Long.MAX_VALUE - other ? Long.MAX_VALUE : one + other;
    }
  }

  /**
   * Sums up.
   *
   * @param counted what the network's counters count, by their names
   * @param reports what hosts said last
   */
  static NetworkCounters of(Map<String, Counted> counted, Collection<PortReport> reports) {
    Map<String, Sum> sums = new HashMap<>();
    counted.forEach((name, what) -> sums.put(name, new Sum(what, 0, 0)));
    Optional<Instant> since = Optional.empty();
    int hosts = 0;
    for (PortReport report : reports) {
      List<PortReport.Counter> ours =
          report.counters().stream().filter(each -> counted.containsKey(each.name())).toList();
      if (ours.isEmpty()) {
        continue;
      }
      hosts++;
      ours.forEach(each -> sums.computeIfPresent(each.name(), (name, sum) -> sum.plus(each)));
      Instant from = report.countedSince().orElse(Instant.EPOCH);
      since = Optional.of(since.filter(before -> before.isBefore(from)).orElse(from));
    }
    return new NetworkCounters(since, hosts, new TreeMap<>(sums));
  }

  /** As it is shown. */
  Map<String, Object> tree() {
    Map<String, Object> tree = new LinkedHashMap<>();
    since.ifPresent(at -> tree.put("since", at.toString()));
    tree.put("hosts", String.valueOf(hosts));
    List<Map<String, Object>> counters = new ArrayList<>();
    sums.forEach((name, sum) -> counters.add(tree(name, sum)));
    tree.put("counter", counters);
    return tree;
  }

  private static Map<String, Object> tree(String name, Sum sum) {
    Map<String, Object> tree = new LinkedHashMap<>();
    tree.put("name", name);
    tree.put("kind", sum.counted().kind().name().toLowerCase(Locale.ROOT));
    if (!sum.counted().direction().isEmpty()) {
      tree.put("direction", sum.counted().direction());
    }
    if (!sum.counted().acls().isEmpty()) {
      tree.put(
          "acls", Map.of("acl", sum.counted().acls().stream().map(each -> tree(each)).toList()));
    }
    if (!sum.counted().policies().isEmpty()) {
      tree.put(
          "policies",
          Map.of("policy", sum.counted().policies().stream().map(each -> tree(each)).toList()));
    }
    tree.put("packets", String.valueOf(sum.packets()));
    tree.put("bytes", String.valueOf(sum.bytes()));
    return tree;
  }

  private static Map<String, Object> tree(Counted.Rule rule) {
    Map<String, Object> tree = new LinkedHashMap<>();
    tree.put("index", String.valueOf(rule.index()));
    tree.put("line", String.valueOf(rule.line()));
    return tree;
  }

  private static Map<String, Object> tree(Counted.Policy policy) {
    Map<String, Object> tree = new LinkedHashMap<>();
    tree.put("namespace", policy.namespace());
    tree.put("name", policy.name());
    return tree;
  }
}
