// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.scheduling;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.ovirt.isolatedports.scheduling.SchedulingDecision.DroppedHost;
import org.ovirt.isolatedports.server.http.Sight;
import org.ovirt.isolatedports.server.scheduling.decision.Decision;

/**
 * Decisions as a tree of maps, lists and texts, in the manner of API v4: an id is an attribute in
 * XML, scalars are texts in JSON.
 */
final class DecisionsBody {

  private DecisionsBody() {}

  static List<Map<String, Object>> of(List<Decision> decisions) {
    return decisions.stream().map(decision -> of(decision, Optional.empty())).toList();
  }

  /**
   * A decision as a caller may see it.
   *
   * @param sight what a caller sees who does not see all; texts that may name what is not seen are
   *     left out then
   */
  static Map<String, Object> of(Decision decision, Optional<Sight> sight) {
    Map<String, Object> vm = new LinkedHashMap<>();
    vm.put("id", decision.vmId());
    vm.put("name", decision.vmName());
    Map<String, Object> tree = new LinkedHashMap<>();
    tree.put("time", decision.at().toString());
    tree.put("vm", vm);
    tree.put("basis", decision.basis().name().toLowerCase(Locale.ROOT));
    tree.put("millis", String.format(Locale.ROOT, "%.3f", decision.micros() / 1000.0));
    if (!decision.note().isEmpty() && sight.isEmpty()) {
      tree.put("note", decision.note());
    }
    tree.put(
        "networks",
        Map.of(
            "network",
            decision.networks().stream()
                .filter(name -> sight.isEmpty() || sight.get().networks().containsValue(name))
                .map(name -> Map.of("name", name))
                .toList()));
    tree.put(
        "hosts_in",
        Map.of(
            "host",
            decision.kept().stream()
                .filter(host -> sees(sight, host))
                .map(DecisionsBody::id)
                .toList()));
    tree.put(
        "hosts_out",
        Map.of(
            "host",
            decision.dropped().stream()
                .filter(host -> sees(sight, host.id()))
                .map(host -> host(host, sight.isEmpty()))
                .toList()));
    return tree;
  }

  private static boolean sees(Optional<Sight> sight, String host) {
    return sight.isEmpty() || sight.get().hosts().containsKey(host);
  }

  private static Map<String, Object> id(String id) {
    return Map.of("id", id);
  }

  private static Map<String, Object> host(DroppedHost host, boolean withReasons) {
    Map<String, Object> tree = new LinkedHashMap<>();
    tree.put("id", host.id());
    tree.put("name", host.name());
    if (withReasons) {
      tree.put("reasons", Map.of("reason", host.reasons()));
    }
    return tree;
  }
}
