// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.standin.engine;

import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.ovirt.isolatedports.standin.api.ApiException;
import org.ovirt.isolatedports.standin.api.Tree;
import org.ovirt.isolatedports.standin.engine.EventLog.Kind;
import org.ovirt.isolatedports.standin.engine.Model.Host;
import org.ovirt.isolatedports.standin.engine.Model.Network;
import org.ovirt.isolatedports.standin.engine.Model.Nic;
import org.ovirt.isolatedports.standin.engine.Model.Vm;
import org.ovirt.isolatedports.standin.engine.Model.VmStatus;
import org.ovirt.isolatedports.standin.engine.Rights.Permit;
import org.ovirt.isolatedports.standin.host.HostFailure;

/**
 * What happens to VMs that run (RunVmCommand, MigrateVmCommand).
 *
 * <p>A start is scheduled while the client waits and carried out after it has its answer. A host
 * that fails to start the VM is left out and the VM scheduled again, until one starts it or none is
 * left; then it is down with the last host's reason.
 */
final class VmLife {
  private final Engine engine;

  VmLife(Engine engine) {
    this.engine = engine;
  }

  // --- start ---

  Vm start(Caller caller, UUID id, Tree action) {
    engine.rights.require(caller, Permit.VM_BASIC_OPERATIONS, Vms.target(id));
    // Once before the lock as well: a launch that takes its time holds it.
    mustBeDown(engine.vmCommands.find(caller, id));
    synchronized (engine.vmCommands.lockOf(id)) {
      Vm vm = engine.vmCommands.find(caller, id);
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
    synchronized (engine.vmCommands.lockOf(id)) {
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
    synchronized (engine.vmCommands.lockOf(id)) {
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
    synchronized (engine.vmCommands.lockOf(id)) {
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
    synchronized (engine.vmCommands.lockOf(id)) {
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
    synchronized (engine.vmCommands.lockOf(id)) {
      Vm vm = engine.vmCommands.find(caller, id);
      engine.rights.require(caller, Permit.MIGRATE_VM, Vms.target(id));
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
    synchronized (engine.vmCommands.lockOf(id)) {
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
    Vm vm = engine.vmCommands.find(caller, id);
    engine.rights.require(caller, Permit.VM_BASIC_OPERATIONS, Vms.target(id));
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
