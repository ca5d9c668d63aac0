// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.labels;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Event;
import jakarta.inject.Inject;
import jakarta.ws.rs.core.Response;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import org.ovirt.isolatedports.body.ApiBody;
import org.ovirt.isolatedports.engine.Clusters;
import org.ovirt.isolatedports.engine.EntityParser;
import org.ovirt.isolatedports.engine.JsonEngine;
import org.ovirt.isolatedports.server.http.EntityRef;
import org.ovirt.isolatedports.server.http.Exchange;
import org.ovirt.isolatedports.server.http.Kind;
import org.ovirt.isolatedports.server.http.OwnEntities;
import org.ovirt.isolatedports.server.http.caller.EditRights;
import org.ovirt.isolatedports.server.labels.LabelStore.Subject;

/**
 * What administrators say of VMs and vNICs. Whoever sees the VM may read it. It decides which
 * policies rule the VM, so the right to change a VM is not enough to write it: that takes the right
 * to edit the networks of the VM's data center, or of a vNIC's the one it is on.
 */
@ApplicationScoped
public class VmLabels {

  private static final int OK = 200;

  private final LabelStore store;
  private final OwnEntities entities;
  private final EditRights rights;
  private final Clusters clusters;
  private final JsonEngine engine;
  private final Event<LabelsChanged> changed;

  @Inject
  VmLabels(
      LabelStore store,
      OwnEntities entities,
      EditRights rights,
      Clusters clusters,
      JsonEngine engine,
      Event<LabelsChanged> changed) {
    this.store = store;
    this.entities = entities;
    this.rights = rights;
    this.clusters = clusters;
    this.engine = engine;
    this.changed = changed;
  }

  /** What is said of a VM, or of one of its vNICs. */
  Response get(Exchange exchange, String vm, Optional<String> vnic) {
    exchange.onlyParameters(Set.of());
    return exchange.withReadable(
        path(vm, vnic), kind(vnic), shown -> answer(exchange, subject(vm, vnic)));
  }

  /** Says something else of a VM or vNIC; what the body leaves out is no longer said. */
  Response set(Exchange exchange, String vm, Optional<String> vnic, byte[] body) {
    exchange.onlyParameters(Set.of("dry_run"));
    ApiBody asked = exchange.asked(body, Kind.LABELS);
    return exchange.withReadable(
        path(vm, vnic),
        kind(vnic),
        shown -> {
          String title =
              (vnic.isPresent() ? "vNIC " : "VM ") + shown.text("name").orElse(vnic.orElse(vm));
          requireRight(exchange.token(), vm, vnic.map(id -> shown));
          Labels.Said said =
              AskedLabels.read(asked, vnic.isPresent(), "Cannot edit Labels of " + title);
          Subject subject = subject(vm, vnic);
          exchange.answerFormat();
          return entities.change(
              exchange,
              ref(subject),
              "Labels of " + title,
              () -> {
                if (exchange.isDryRun()) {
                  return answer(exchange, subject, said);
                }
                store.set(subject, said);
                entities.written(ref(subject));
                changed.fire(new LabelsChanged(subject.vm()));
                return answer(exchange, subject);
              });
        });
  }

  private static String path(String vm, Optional<String> vnic) {
    return "/vms/" + vm + vnic.map(id -> "/nics/" + id).orElse("");
  }

  private static Kind kind(Optional<String> vnic) {
    return vnic.isPresent() ? Kind.NIC : Kind.VM;
  }

  private static Subject subject(String vm, Optional<String> vnic) {
    return new Subject(UUID.fromString(vm), vnic.map(UUID::fromString));
  }

  private static EntityRef ref(Subject subject) {
    return EntityRef.of(
        Kind.LABELS,
        path(subject.vm().toString(), subject.vnic().map(UUID::toString)) + "/labels",
        subject.vnic().orElse(subject.vm()).toString());
  }

  /** Throws the engine's fault for a caller without the right. */
  private void requireRight(String token, String vm, Optional<ApiBody> vnic) {
    Optional<ApiBody> network = vnic.flatMap(nic -> networkOf(token, nic));
    Optional<UUID> dataCenter =
        network
            .flatMap(body -> body.child("data_center").map(EntityParser::uuid))
            .or(() -> dataCenterOf(token, vm));
    rights.checkedUser(token, network.map(EntityParser::uuid), dataCenter);
  }

  private Optional<ApiBody> networkOf(String token, ApiBody vnic) {
    return vnic.child("vnic_profile")
        .map(EntityParser::id)
        .flatMap(profile -> engine.find(token, "/vnicprofiles/" + profile))
        .flatMap(profile -> profile.child("network"))
        .map(EntityParser::id)
        .flatMap(network -> engine.find(token, "/networks/" + network));
  }

  private Optional<UUID> dataCenterOf(String token, String vm) {
    return engine
        .find(token, "/vms/" + vm)
        .flatMap(found -> found.child("cluster"))
        .map(EntityParser::id)
        .flatMap(cluster -> clusters.find(token, cluster))
        .flatMap(Clusters.Found::dataCenterId);
  }

  private Response answer(Exchange exchange, Subject subject) {
    return answer(exchange, subject, store.of(subject));
  }

  private Response answer(Exchange exchange, Subject subject, Labels.Said said) {
    Map<String, Object> tree = new LinkedHashMap<>();
    tree.put("href", exchange.base() + ref(subject).path().substring(1));
    said.namespace().ifPresent(namespace -> tree.put("namespace", namespace));
    List<Map<String, String>> labels =
        new TreeMap<>(said.labels())
            .entrySet().stream()
                .map(
                    label -> {
                      Map<String, String> each = new LinkedHashMap<>();
                      each.put("name", label.getKey());
                      each.put("value", label.getValue());
                      return each;
                    })
                .toList();
    tree.put("labels", Map.of("label", labels));
    if (subject.vnic().isPresent()) {
      tree.put("ips", Map.of("ip", said.addresses()));
    }
    return entities.answer(exchange, ref(subject), OK, tree);
  }
}
