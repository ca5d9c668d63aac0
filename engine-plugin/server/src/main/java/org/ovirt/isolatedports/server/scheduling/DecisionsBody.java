// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.scheduling;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.ovirt.isolatedports.scheduling.SchedulingDecision.DroppedHost;
import org.ovirt.isolatedports.server.scheduling.decision.Decision;

/**
 * Decisions as a tree of maps, lists and texts, in the manner of API v4: an id is an attribute in
 * XML, scalars are texts in JSON.
 */
final class DecisionsBody {

  private DecisionsBody() {}

  static List<Map<String, Object>> of(List<Decision> decisions) {
    return decisions.stream().map(DecisionsBody::decision).toList();
  }

  private static Map<String, Object> decision(Decision decision) {
    Map<String, Object> vm = new LinkedHashMap<>();
    vm.put("id", decision.vmId());
    vm.put("name", decision.vmName());
    Map<String, Object> tree = new LinkedHashMap<>();
    tree.put("time", decision.at().toString());
    tree.put("vm", vm);
    tree.put("basis", decision.basis().name().toLowerCase(Locale.ROOT));
    tree.put("millis", String.format(Locale.ROOT, "%.3f", decision.micros() / 1000.0));
    if (!decision.note().isEmpty()) {
      tree.put("note", decision.note());
    }
    tree.put(
        "networks",
        Map.of("network", decision.networks().stream().map(name -> Map.of("name", name)).toList()));
    tree.put("hosts_in", Map.of("host", decision.kept().stream().map(DecisionsBody::id).toList()));
    tree.put(
        "hosts_out", Map.of("host", decision.dropped().stream().map(DecisionsBody::host).toList()));
    return tree;
  }

  private static Map<String, Object> id(String id) {
    return Map.of("id", id);
  }

  private static Map<String, Object> host(DroppedHost host) {
    Map<String, Object> tree = new LinkedHashMap<>();
    tree.put("id", host.id());
    tree.put("name", host.name());
    tree.put("reasons", Map.of("reason", host.reasons()));
    return tree;
  }
}
