// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.standin.engine;

import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
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
import org.ovirt.isolatedports.standin.engine.Model.Host;
import org.ovirt.isolatedports.standin.engine.Model.Network;
import org.ovirt.isolatedports.standin.engine.Model.Nic;
import org.ovirt.isolatedports.standin.engine.Model.Target;
import org.ovirt.isolatedports.standin.engine.Model.Vm;
import org.ovirt.isolatedports.standin.engine.Model.VmStatus;
import org.ovirt.isolatedports.standin.engine.Rights.Permit;
import org.ovirt.isolatedports.standin.host.HostFailure;

/**
 * VMs and their life (RunVmCommand, MigrateVmCommand).
 *
 * <p>A start is scheduled while the client waits and carried out after it has its answer. A host
 * that fails to start the VM is left out and the VM scheduled again, until one starts it or none is
 * left; then it is down with the last host's reason.
 */
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

  private static Optional<Set<UUID>> pinned(Tree body) {
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

  // --- start ---

  Vm start(Caller caller, UUID id, Tree action) {
    engine.rights.require(caller, Permit.VM_BASIC_OPERATIONS, target(id));
    // Once before the lock as well: a launch that takes its time holds it.
    mustBeDown(find(caller, id));
    synchronized (lockOf(id)) {
      Vm vm = find(caller, id);
      mustBeDown(vm);
      Set<UUID> pinned = action.child("vm").flatMap(Vms::pinned).orElse(vm.pinnedTo());
      Host host;
      try {
        host = engine.scheduling.choose(vm, candidates(vm, pinned, Set.of(), "run"));
      } catch (ApiException e) {
        failedToRun(caller, vm);
        throw e;
      }
      Vm starting = vm.on(VmStatus.WAIT_FOR_LAUNCH, Optional.of(host.id()));
      engine.vms.put(id, starting);
      engine.events.write(
          Kind.USER_STARTED_VM,
          "VM " + vm.name() + " was started by " + caller.name() + " (Host: " + host.name() + ").",
          caller.correlation(),
          engine.linksOf(starting, Optional.of(caller), true));
      engine.inBackground(() -> launch(caller, id, host, pinned));
      return starting;
    }
  }

  private static void mustBeDown(Vm vm) {
    if (vm.status().running()) {
      throw ApiException.refused(
          409, "Cannot run VM because the VM is in " + title(vm.status()) + " status.");
    }
  }

  private void failedToRun(Caller caller, Vm vm) {
    engine.events.write(
        Kind.USER_FAILED_RUN_VM,
        "Failed to run VM " + vm.name() + "  (User: " + caller.name() + ").",
        caller.correlation(),
        engine.linksOf(vm, Optional.of(caller), true));
  }

  private void launch(Caller caller, UUID id, Host first, Set<UUID> pinned) {
    synchronized (lockOf(id)) {
      Set<UUID> failed = new HashSet<>();
      Host host = first;
      while (true) {
        Vm vm =
            engine.vms.get(id).orElseThrow().on(VmStatus.WAIT_FOR_LAUNCH, Optional.of(host.id()));
        engine.vms.put(id, vm);
        try {
          host.agent().create(id, domain(vm));
          Vm up = vm.up(host.id(), Instant.now());
          engine.vms.put(id, up);
          engine.events.write(
              Kind.USER_RUN_VM,
              "VM " + vm.name() + " started on Host " + host.name(),
              caller.correlation(),
              engine.linksOf(up, Optional.of(caller), true));
          return;
        } catch (HostFailure e) {
          failed.add(host.id());
          engine.events.write(
              Kind.VM_DOWN_ERROR,
              "VM " + vm.name() + " is down with error. Exit message: " + e.getMessage() + ".",
              Optional.empty(),
              engine.linksOf(vm, Optional.empty(), false));
          Vm down = vm.down(Instant.now(), e.getMessage());
          engine.vms.put(id, down);
          Optional<Host> next = another(down, pinned, failed);
          if (next.isEmpty()) {
            failedToRun(caller, down);
            return;
          }
          host = next.get();
          engine.events.write(
              Kind.VDS_INITIATED_RUN_VM,
              "Trying to restart VM " + vm.name() + " on Host " + host.name(),
              caller.correlation(),
              engine.linksOf(
                  vm.on(VmStatus.WAIT_FOR_LAUNCH, next.map(Host::id)), Optional.of(caller), true));
        }
      }
    }
  }

  private Optional<Host> another(Vm vm, Set<UUID> pinned, Set<UUID> failed) {
    try {
      return Optional.of(engine.scheduling.choose(vm, candidates(vm, pinned, failed, "run")));
    } catch (ApiException e) {
      return Optional.empty();
    }
  }

  private String domain(Vm vm) {
    boolean fromNetwork =
        vm.os().map(os -> os.toString().contains("device=[network")).orElse(false);
    return DomainXml.start(
        vm,
        engine.clusterOf(vm).version().toString(),
        engine.nicCommands.devicesAtStart(vm.id()),
        fromNetwork);
  }

  /** The hosts left after the engine's own filters that matter here: status, pinning, networks. */
  private List<Host> candidates(Vm vm, Set<UUID> pinned, Set<UUID> without, String action) {
    List<Host> up =
        engine.hosts.where(
            host ->
                host.cluster().equals(vm.cluster())
                    && host.up()
                    && !without.contains(host.id())
                    && (pinned.isEmpty() || pinned.contains(host.id())));
    Set<String> bridges =
        engine.nicsOf(vm.id()).stream()
            .filter(Nic::plugged)
            .flatMap(nic -> nic.profile().flatMap(engine.profiles::get).stream())
            .flatMap(profile -> engine.networks.get(profile.network()).stream())
            .map(Network::vdsmName)
            .collect(Collectors.toSet());
    StringBuilder details = new StringBuilder();
    List<Host> fit =
        up.stream()
            .filter(
                host -> {
                  Set<String> missing = new java.util.TreeSet<>(bridges);
                  missing.removeAll(host.capabilities().networks().keySet());
                  if (!missing.isEmpty()) {
                    details
                        .append(", The host ")
                        .append(host.name())
                        .append(" did not satisfy internal filter Network because network(s) ")
                        .append(String.join(",", missing))
                        .append(" are missing.");
                  }
                  return missing.isEmpty();
                })
            .toList();
    if (fit.isEmpty()) {
      throw ApiException.refused(
          409,
          "Cannot "
              + action
              + " VM. There is no host that satisfies current scheduling constraints. See below"
              + " for details:"
              + details);
    }
    return fit;
  }

  private static String title(VmStatus status) {
    return switch (status) {
      case DOWN -> "Down";
      case WAIT_FOR_LAUNCH -> "Wait for Launch";
      case UP -> "Up";
      case MIGRATING -> "Migrating From";
      case POWERING_DOWN -> "Powering Down";
    };
  }

  // --- stop, shut down, reboot, migrate ---

  Vm stop(Caller caller, UUID id) {
    synchronized (lockOf(id)) {
      Vm vm = running(caller, id, "stop");
      Host host = hostOf(vm);
      try {
        host.agent().destroy(id);
      } catch (HostFailure e) {
        logBrokerFailure(host, "DestroyVDS", e);
        engine.events.write(
            Kind.USER_FAILED_STOP_VM,
            "Failed to power off VM "
                + vm.name()
                + " (Host: "
                + host.name()
                + ", User: "
                + caller.name()
                + ").",
            caller.correlation(),
            engine.linksOf(vm, Optional.of(caller), true));
        throw ApiException.refused(400, "Desktop does not exist");
      }
      engine.events.write(
          Kind.USER_STOP_VM,
          "VM " + vm.name() + " powered off by " + caller.name() + " (Host: " + host.name() + ").",
          caller.correlation(),
          engine.linksOf(vm, Optional.of(caller), true));
      wentDown(vm, "", " ");
      return vm;
    }
  }

  private void wentDown(Vm vm, String reason, String message) {
    engine.events.write(
        Kind.VM_DOWN,
        "VM " + vm.name() + " is down. " + message,
        Optional.empty(),
        engine.linksOf(vm, Optional.empty(), false));
    engine.vms.put(vm.id(), vm.down(Instant.now(), reason));
  }

  Vm shutdown(Caller caller, UUID id) {
    synchronized (lockOf(id)) {
      Vm vm = running(caller, id, "shutdown");
      engine.events.write(
          Kind.USER_INITIATED_SHUTDOWN_VM,
          "VM shutdown initiated by "
              + caller.name()
              + " on VM "
              + vm.name()
              + " (Host: "
              + hostOf(vm).name()
              + ").",
          caller.correlation(),
          engine.linksOf(vm, Optional.of(caller), true));
      engine.vms.put(id, vm.on(VmStatus.POWERING_DOWN, vm.host()));
      engine.inBackground(() -> finishShutdown(id));
      return vm;
    }
  }

  private void finishShutdown(UUID id) {
    synchronized (lockOf(id)) {
      Vm vm = engine.vms.get(id).orElseThrow();
      try {
        hostOf(vm).agent().destroy(id);
        wentDown(vm, "", "Exit message: User shut down from within the guest");
      } catch (HostFailure e) {
        logBrokerFailure(hostOf(vm), "DestroyVDS", e);
        engine.vms.put(id, vm.on(VmStatus.UP, vm.host()));
      }
    }
  }

  Vm reboot(Caller caller, UUID id) {
    Vm vm = running(caller, id, "reboot");
    engine.events.write(
        Kind.USER_REBOOT_VM,
        "VM " + vm.name() + " is rebooting. Rebooted by: " + caller.name(),
        caller.correlation(),
        engine.linksOf(vm, Optional.of(caller), true));
    return vm;
  }

  Vm migrate(Caller caller, UUID id, Tree action) {
    synchronized (lockOf(id)) {
      Vm vm = find(caller, id);
      engine.rights.require(caller, Permit.MIGRATE_VM, target(id));
      if (vm.status() != VmStatus.UP) {
        throw ApiException.refused(409, "Cannot migrate VM. VM is not running.");
      }
      Host source = hostOf(vm);
      Set<UUID> pinned =
          action
              .idOf("host")
              .map(each -> Set.of(Engine.uuid(Optional.of(each))))
              .orElse(vm.pinnedTo());
      Host destination =
          engine.scheduling.choose(vm, candidates(vm, pinned, Set.of(source.id()), "migrate"));
      engine.events.write(
          Kind.VM_MIGRATION_START,
          "Migration started (VM: "
              + vm.name()
              + ", Source: "
              + source.name()
              + ", Destination: "
              + destination.name()
              + ", User: "
              + caller.name()
              + "). ",
          caller.correlation(),
          engine.linksOf(vm, Optional.of(caller), true));
      engine.vms.put(id, vm.on(VmStatus.MIGRATING, vm.host()));
      engine.inBackground(() -> move(caller, id, source, destination, pinned));
      return vm;
    }
  }

  private void move(Caller caller, UUID id, Host source, Host first, Set<UUID> pinned) {
    synchronized (lockOf(id)) {
      Vm vm = engine.vms.get(id).orElseThrow();
      Set<UUID> without = new HashSet<>(List.of(source.id()));
      Host destination = first;
      while (true) {
        Instant begun = Instant.now();
        try {
          source.agent().migrate(id, destination.agent());
          long seconds = Math.max(1, Duration.between(begun, Instant.now()).toSeconds());
          engine.events.write(
              Kind.VM_MIGRATION_DONE,
              "Migration completed (VM: "
                  + vm.name()
                  + ", Source: "
                  + source.name()
                  + ", Destination: "
                  + destination.name()
                  + ", Duration: "
                  + seconds
                  + " seconds, Total: "
                  + seconds
                  + " seconds, Actual downtime: (N/A))",
              caller.correlation(),
              engine.linksOf(vm, Optional.of(caller), true));
          engine.vms.put(id, vm.on(VmStatus.UP, Optional.of(destination.id())));
          return;
        } catch (HostFailure e) {
          without.add(destination.id());
          Optional<Host> next = anotherFor(vm, pinned, without);
          if (next.isEmpty()) {
            engine.events.write(
                Kind.VM_MIGRATION_FAILED,
                "Migration failed due to an Error: "
                    + e.getMessage()
                    + " (VM: "
                    + vm.name()
                    + ", Source: "
                    + source.name()
                    + ", Destination: "
                    + destination.name()
                    + ").",
                caller.correlation(),
                engine.linksOf(vm, Optional.of(caller), true));
            engine.vms.put(id, vm.on(VmStatus.UP, Optional.of(source.id())));
            return;
          }
          engine.events.write(
              Kind.VM_MIGRATION_TRYING_RERUN,
              "Failed to migrate VM "
                  + vm.name()
                  + " to Host "
                  + destination.name()
                  + " due to an Error: "
                  + e.getMessage()
                  + ". Trying to migrate to another Host.",
              caller.correlation(),
              engine.linksOf(vm, Optional.of(caller), true));
          destination = next.get();
        }
      }
    }
  }

  private Optional<Host> anotherFor(Vm vm, Set<UUID> pinned, Set<UUID> without) {
    try {
      return Optional.of(engine.scheduling.choose(vm, candidates(vm, pinned, without, "migrate")));
    } catch (ApiException e) {
      return Optional.empty();
    }
  }

  private Vm running(Caller caller, UUID id, String action) {
    Vm vm = find(caller, id);
    engine.rights.require(caller, Permit.VM_BASIC_OPERATIONS, target(id));
    if (!vm.status().running()) {
      throw ApiException.refused(409, "Cannot " + action + " VM. VM is not running.");
    }
    return vm;
  }

  private Host hostOf(Vm vm) {
    return vm.host().flatMap(engine.hosts::get).orElseThrow();
  }

  void logBrokerFailure(Host host, String command, HostFailure failure) {
    engine.events.write(
        Kind.VDS_BROKER_COMMAND_FAILURE,
        "VDSM " + host.name() + " command " + command + " failed: " + failure.getMessage(),
        Optional.empty(),
        List.of(Engine.link(host)));
  }
}
