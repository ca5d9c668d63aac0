// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.standin.engine;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.ovirt.isolatedports.standin.api.ApiException;
import org.ovirt.isolatedports.standin.api.Tree;
import org.ovirt.isolatedports.standin.engine.EventLog.Kind;
import org.ovirt.isolatedports.standin.engine.Model.Cluster;
import org.ovirt.isolatedports.standin.engine.Model.EventLink;
import org.ovirt.isolatedports.standin.engine.Model.Network;
import org.ovirt.isolatedports.standin.engine.Model.Target;
import org.ovirt.isolatedports.standin.engine.Model.Vm;
import org.ovirt.isolatedports.standin.engine.Model.VmStatus;
import org.ovirt.isolatedports.standin.engine.Rights.Permit;

/** VMs as they are defined (AddVmCommand, UpdateVmCommand). What runs is in {@link VmLife}. */
final class Vms {
  private final Engine engine;
  private final ConcurrentHashMap<UUID, Object> locks = new ConcurrentHashMap<>();

  Vms(Engine engine) {
    this.engine = engine;
  }

  static Target target(UUID id) {
    return new Target("vm", id);
  }

  Vm find(Caller caller, UUID id) {
    return engine
        .vms
        .get(id)
        .filter(vm -> engine.rights.sees(caller, target(vm.id())))
        .orElseThrow(ApiException::notFound);
  }

  /** One VM at a time per VM: what hosts are told must come in order. */
  Object lockOf(UUID vm) {
    return locks.computeIfAbsent(vm, id -> new Object());
  }

  Vm add(Caller caller, Tree body) {
    String name = body.text("name").orElseThrow(() -> ApiException.missing("vm.name"));
    Tree ref = body.child("cluster").orElseThrow(() -> ApiException.missing("vm.cluster.id|name"));
    if (!body.has("template")) {
      throw ApiException.missing("vm.template.id|name");
    }
    synchronized (engine.commands) {
      Cluster cluster =
          cluster(ref).orElseThrow(() -> ApiException.refused(400, "Cluster doesn't exist."));
      engine.rights.require(caller, Permit.CREATE_VM, Clusters.target(cluster.id()));
      nameIsFree(name, Optional.empty(), "add");
      Instant now = Instant.now();
      Vm vm =
          new Vm(
              UUID.randomUUID(),
              name,
              body.text("description").orElse(""),
              body.text("comment").orElse(""),
              cluster.id(),
              body.number("memory").orElse(1073741824L),
              VmStatus.DOWN,
              Optional.empty(),
              pinned(body).orElse(Set.of()),
              os(body),
              now,
              Optional.empty(),
              now,
              Optional.empty());
      engine.vms.put(vm.id(), vm);
      engine.events.write(
          Kind.USER_ADD_VM,
          "VM " + name + " was created by " + caller.name() + ".",
          caller.correlation(),
          engine.linksOf(vm, Optional.of(caller), true));
      return vm;
    }
  }

  private Optional<Cluster> cluster(Tree ref) {
    return ref.text("id").isPresent()
        ? engine.clusters.get(Engine.uuid(ref.text("id")))
        : engine.clusters.first(each -> Optional.of(each.name()).equals(ref.text("name")));
  }

  private static Optional<Tree> os(Tree body) {
    return body.child("os")
        .map(
            os -> {
              Tree whole = os.copy();
              return whole.has("type") ? whole : whole.put("type", "other");
            });
  }

  static Optional<Set<UUID>> pinned(Tree body) {
    return body.child("placement_policy")
        .flatMap(policy -> policy.child("hosts"))
        .map(
            hosts ->
                hosts.children("host").stream()
                    .map(host -> Engine.uuid(host.text("id")))
                    .collect(Collectors.toSet()));
  }

  private void nameIsFree(String name, Optional<UUID> self, String action) {
    if (engine
        .vms
        .first(vm -> vm.name().equals(name) && !Optional.of(vm.id()).equals(self))
        .isPresent()) {
      throw ApiException.refused(
          409,
          "Cannot "
              + action
              + " VM. The VM name is already in use, please choose a unique"
              + " name and try again.");
    }
  }

  Vm update(Caller caller, UUID id, Tree body) {
    synchronized (lockOf(id)) {
      Vm before = find(caller, id);
      engine.rights.require(caller, Permit.EDIT_VM_PROPERTIES, target(id));
      String name = body.text("name").orElse(before.name());
      nameIsFree(name, Optional.of(id), "edit");
      Cluster cluster =
          body.child("cluster")
              .map(
                  ref ->
                      cluster(ref)
                          .orElseThrow(() -> ApiException.refused(400, "Cluster doesn't exist.")))
              .orElseGet(() -> engine.clusterOf(before));
      boolean moved = !cluster.id().equals(before.cluster());
      if (moved) {
        mayMove(before, cluster);
      }
      Vm after =
          new Vm(
              id,
              name,
              body.text("description").orElse(before.description()),
              body.text("comment").orElse(before.comment()),
              cluster.id(),
              body.number("memory").orElse(before.memory()),
              before.status(),
              before.host(),
              pinned(body).orElse(before.pinnedTo()),
              os(body).or(before::os),
              before.created(),
              before.started(),
              before.stopped(),
              before.stopReason());
      engine.vms.put(id, after);
      if (!name.equals(before.name())) {
        engine.renamed(
            "VM", before.name(), name, caller, List.of(new EventLink("vm", Optional.empty(), id)));
      }
      // The engine tells of the update under the name it had before, and of a move twice.
      for (int i = 0; i < (moved ? 2 : 1); i++) {
        engine.events.write(
            Kind.USER_UPDATE_VM,
            "VM " + before.name() + " configuration was updated by " + caller.name() + ".",
            caller.correlation(),
            engine.linksOf(after.named(before.name()), Optional.of(caller), true));
      }
      return after;
    }
  }

  private void mayMove(Vm vm, Cluster cluster) {
    if (vm.status().running()) {
      throw ApiException.refused(
          409, "Cannot update a VM in this status. Try stopping the VM first.");
    }
    List<String> missing =
        networksOf(vm).stream()
            .filter(network -> engine.attachment(cluster.id(), network.id()).isEmpty())
            .map(Network::name)
            .toList();
    if (!missing.isEmpty()) {
      throw ApiException.refused(
          409,
          "Cannot edit VM Cluster. Selected Cluster is missing one or more networks "
              + String.join(", ", missing)
              + " that is used by VM.");
    }
  }

  private List<Network> networksOf(Vm vm) {
    return engine.nicsOf(vm.id()).stream()
        .flatMap(nic -> nic.profile().flatMap(engine.profiles::get).stream())
        .flatMap(profile -> engine.networks.get(profile.network()).stream())
        .toList();
  }

  void remove(Caller caller, UUID id) {
    Vm vm = find(caller, id);
    engine.rights.require(caller, Permit.DELETE_VM, target(id));
    if (vm.status().running()) {
      throw ApiException.refused(409, "Cannot remove VM. VM is running.");
    }
    engine.nicsOf(id).forEach(engine::removeNic);
    engine.vms.remove(id);
    engine.rights.forget(id);
    locks.remove(id);
  }
}
