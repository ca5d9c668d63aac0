// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.twin;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.ovirt.isolatedports.body.TreeWriter;
import org.ovirt.isolatedports.engine.Vnics;
import org.ovirt.isolatedports.server.http.Exchange;
import org.ovirt.isolatedports.server.twin.TwinSurroundings.Around;
import org.ovirt.isolatedports.server.twin.TwinSurroundings.Origin;
import org.ovirt.isolatedports.twin.Obstacle;

/** What is shown of a moving in: how far it is, what stands against it, and where the vNICs are. */
final class TwinView {

  private final MovingIns store;
  private final TwinSurroundings surroundings;

  TwinView(MovingIns store, TwinSurroundings surroundings) {
    this.store = store;
    this.surroundings = surroundings;
  }

  /** The moving in of a network. */
  Map<String, Object> of(Exchange exchange, Origin origin, Optional<MovingIn> row, Around around) {
    Map<String, Object> tree = new LinkedHashMap<>();
    tree.put("href", exchange.base() + "networks/" + origin.id() + "/isolate");
    tree.put("status", row.map(found -> found.status().text()).orElse("none"));
    Map<String, Object> twin = new LinkedHashMap<>();
    row.flatMap(MovingIn::twinId)
        .ifPresent(
            id -> {
              twin.put("href", exchange.base() + "networks/" + id);
              twin.put("id", id.toString());
            });
    twin.put("name", around.situation().twin());
    tree.put("twin", twin);
    row.ifPresent(
        found ->
            tree.put("started_time", TreeWriter.time(found.startedAt(), exchange.answerFormat())));
    tree.put(
        "obstacles",
        Map.of("obstacle", around.obstacles().stream().map(TwinView::obstacle).toList()));
    tree.put("vnics", Map.of("vnic", vnics(exchange, origin, around)));
    return tree;
  }

  private static Map<String, Object> obstacle(Obstacle obstacle) {
    Map<String, Object> shown = new LinkedHashMap<>();
    shown.put("code", obstacle.rule().name());
    shown.put("blocking", String.valueOf(obstacle.blocking()));
    shown.put("description", obstacle.text());
    return shown;
  }

  private List<Map<String, Object>> vnics(Exchange exchange, Origin origin, Around around) {
    Map<String, MovingIns.Chosen> chosen = new LinkedHashMap<>(store.chosen(origin.id()));
    Set<String> ofOrigin = new HashSet<>();
    around.situation().profiles().stream()
        .filter(profile -> profile.networkId().equals(origin.id().toString()))
        .forEach(profile -> ofOrigin.add(profile.id()));
    List<Map<String, Object>> shown = new ArrayList<>();
    List<Vnics.Vnic> all = surroundings.allVnics(exchange.token());
    for (Vnics.Vnic vnic : TwinSurroundings.vnics(all, around)) {
      boolean there = vnic.profile().filter(ofOrigin::contains).isEmpty();
      Optional<MovingIns.Chosen> row = Optional.ofNullable(chosen.remove(vnic.id()));
      Map<String, Object> tree = new LinkedHashMap<>();
      tree.put("href", exchange.base() + "vms/" + vnic.vmId() + "/nics/" + vnic.id());
      tree.put("id", vnic.id());
      tree.put("name", vnic.name());
      Map<String, Object> vm = new LinkedHashMap<>();
      vm.put("href", exchange.base() + "vms/" + vnic.vmId());
      vm.put("id", vnic.vmId());
      vm.put("name", vnic.vmName());
      tree.put("vm", vm);
      tree.put("status", status(there, row));
      row.map(MovingIns.Chosen::refusal)
          .filter(why -> !why.isEmpty())
          .ifPresent(why -> tree.put("reason", why));
      shown.add(tree);
    }
    // Of a vNIC whose VM the caller may not see nothing is told.
    chosen.keySet().retainAll(all.stream().map(Vnics.Vnic::id).collect(Collectors.toSet()));
    for (String gone : chosen.keySet()) {
      Map<String, Object> tree = new LinkedHashMap<>();
      tree.put("id", gone);
      tree.put("status", "elsewhere");
      tree.put("reason", "The vNIC is on neither network any more.");
      shown.add(tree);
    }
    return shown;
  }

  /** Where a vNIC is says the engine; what is to become of it, the row. */
  private static String status(boolean there, Optional<MovingIns.Chosen> row) {
    if (row.isEmpty()) {
      return there ? "moved" : "not_chosen";
    }
    if (there != row.get().back()) {
      return there ? "moved" : "not_chosen";
    }
    return row.get().refusal().isEmpty() ? "waiting" : "failed";
  }
}
