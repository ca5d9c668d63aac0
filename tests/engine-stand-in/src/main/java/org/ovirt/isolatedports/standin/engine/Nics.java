// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.standin.engine;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import org.ovirt.isolatedports.standin.api.ApiException;
import org.ovirt.isolatedports.standin.api.Tree;
import org.ovirt.isolatedports.standin.engine.DomainXml.NicDevice;
import org.ovirt.isolatedports.standin.engine.EventLog.Kind;
import org.ovirt.isolatedports.standin.engine.Model.Cluster;
import org.ovirt.isolatedports.standin.engine.Model.Host;
import org.ovirt.isolatedports.standin.engine.Model.Network;
import org.ovirt.isolatedports.standin.engine.Model.Nic;
import org.ovirt.isolatedports.standin.engine.Model.Vm;
import org.ovirt.isolatedports.standin.engine.Model.VmStatus;
import org.ovirt.isolatedports.standin.engine.Model.VnicProfile;
import org.ovirt.isolatedports.standin.engine.Rights.Permit;
import org.ovirt.isolatedports.standin.host.HostFailure;
import org.ovirt.isolatedports.standin.host.PluggedDevice;

/** NICs of VMs, and what is sent to the host when one of a running VM changes. */
final class Nics {
  private final Engine engine;
  private final AtomicLong nextMac = new AtomicLong(0x566f_1a00_0000L);

  Nics(Engine engine) {
    this.engine = engine;
  }

  Nic find(UUID vm, UUID id) {
    return engine
        .nics
        .get(id)
        .filter(nic -> nic.vm().equals(vm))
        .orElseThrow(ApiException::notFound);
  }

  /** The NIC as shown: one that is not in a running VM is always in step. */
  Nic shown(Nic nic) {
    return nic.inStep(nic.synced() || !live(nic));
  }

  /** Marks live NICs of these profiles: what their hosts have is no longer what is set. */
  void fellOutOfStep(Predicate<Nic> which) {
    engine
        .nics
        .where(nic -> live(nic) && which.test(nic))
        .forEach(nic -> engine.nics.update(nic.id(), each -> each.inStep(false)));
  }

  /** Whether the NIC is plugged into a running VM. */
  boolean live(Nic nic) {
    return nic.plugged()
        && engine.vms.get(nic.vm()).filter(vm -> vm.status().running()).isPresent();
  }

  // --- what the host gets ---

  /** The NIC as the engine would describe it to a host now. */
  NicDevice device(Nic nic) {
    Optional<VnicProfile> profile = nic.profile().flatMap(engine.profiles::get);
    Optional<Network> network = profile.flatMap(each -> engine.networks.get(each.network()));
    return new NicDevice(
        nic.model().replace("_", "-"),
        nic.linked() && network.isPresent(),
        network.map(Network::vdsmName).orElse(";vdsmdummy;"),
        network.map(Network::portIsolation).orElse(false) && onLinuxBridge(nic),
        nic.alias(),
        nic.mac(),
        network.map(Network::mtu).filter(mtu -> mtu > 0).orElse(1500L),
        profile.flatMap(VnicProfile::networkFilter).map(filter -> "vdsm-no-mac-spoofing"),
        profile.map(VnicProfile::customProperties).orElse(Map.of()));
  }

  private boolean onLinuxBridge(Nic nic) {
    return engine.vms.get(nic.vm()).map(engine::clusterOf).filter(Cluster::linuxBridge).isPresent();
  }

  /** The devices of a domain that is about to start; all of them are in step then. */
  List<NicDevice> devicesAtStart(UUID vm) {
    return engine.nicsOf(vm).stream()
        .filter(Nic::plugged)
        .map(
            nic -> {
              engine.nics.update(nic.id(), each -> each.inStep(true));
              return device(nic);
            })
        .toList();
  }

  // --- commands ---

  Nic add(Caller caller, UUID vmId, Tree body) {
    synchronized (engine.vmCommands.lockOf(vmId)) {
      return addLocked(caller, vmId, body);
    }
  }

  private Nic addLocked(Caller caller, UUID vmId, Tree body) {
    Vm vm = engine.vmCommands.find(caller, vmId);
    engine.rights.require(caller, Permit.CONFIGURE_VM_NETWORK, Vms.target(vmId));
    String name = body.text("name").orElseThrow(() -> ApiException.missing("nic.name"));
    nameIsFree(vmId, name, Optional.empty(), "add");
    Optional<UUID> profile = profile(body, "add", vm);
    Nic nic =
        new Nic(
            UUID.randomUUID(),
            vmId,
            name,
            body.text("interface").orElse("virtio").toLowerCase(Locale.ROOT),
            body.child("mac").flatMap(mac -> mac.text("address")).orElseGet(this::newMac),
            profile,
            body.flag("linked").orElse(true),
            body.flag("plugged").orElse(true),
            true);
    macIsFree(nic, "add");
    if (nic.plugged()) {
      if (vm.status().running()) {
        try {
          plugAtHost(caller, vm, nic);
        } catch (ApiException e) {
          write(
              Kind.NETWORK_ADD_VM_INTERFACE_FAILED,
              "Failed to add " + title(nic) + " to VM " + vm.name() + "." + by(caller),
              vm,
              caller);
          throw e;
        }
      } else {
        plugged(caller, vm, nic);
      }
    }
    engine.addNic(nic);
    write(
        Kind.NETWORK_ADD_VM_INTERFACE,
        title(nic) + " was added to VM " + vm.name() + "." + by(caller),
        vm,
        caller);
    return shown(nic);
  }

  Nic update(Caller caller, UUID vmId, UUID id, Tree body) {
    synchronized (engine.vmCommands.lockOf(vmId)) {
      return updateLocked(caller, vmId, id, body);
    }
  }

  private Nic updateLocked(Caller caller, UUID vmId, UUID id, Tree body) {
    Vm vm = engine.vmCommands.find(caller, vmId);
    Nic before = find(vmId, id);
    engine.rights.require(caller, Permit.CONFIGURE_VM_NETWORK, Vms.target(vmId));
    String name = body.text("name").orElse(before.name());
    nameIsFree(vmId, name, Optional.of(id), "edit");
    Nic after =
        new Nic(
            id,
            vmId,
            name,
            body.text("interface")
                .map(each -> each.toLowerCase(Locale.ROOT))
                .orElse(before.model()),
            body.child("mac").flatMap(mac -> mac.text("address")).orElse(before.mac()),
            body.has("vnic_profile") ? profile(body, "edit", vm) : before.profile(),
            body.flag("linked").orElse(before.linked()),
            body.flag("plugged").orElse(before.plugged()),
            before.synced());
    boolean running = vm.status().running();
    if (running && before.plugged() && after.plugged() && !sameDevice(before, after)) {
      throw ApiException.refused(
          409,
          "Cannot edit Interface. Updating some of the properties is not supported while the"
              + " interface is plugged into a running virtual machine. Please un-plug the"
              + " interface, update the properties, and then plug it back.");
    }
    macIsFree(after, "edit");
    engine.nics.put(id, after);
    try {
      tellHost(caller, vm, before, after);
    } catch (ApiException e) {
      engine.nics.put(id, before);
      write(
          Kind.NETWORK_UPDATE_VM_INTERFACE_FAILED,
          "Failed to update " + title(after) + " for VM " + vm.name() + "." + by(caller),
          vm,
          caller);
      throw e;
    }
    String link =
        before.linked() == after.linked()
            ? " "
            : after.linked() ? "Link State is UP." : "Link State is DOWN.";
    write(
        Kind.NETWORK_UPDATE_VM_INTERFACE,
        title(after) + " was updated for VM " + vm.name() + ". " + link + by(caller),
        vm,
        caller);
    return shown(engine.nics.get(id).orElse(after));
  }

  private void tellHost(Caller caller, Vm vm, Nic before, Nic after) {
    if (before.plugged() != after.plugged()) {
      if (after.plugged()) {
        if (vm.status().running()) {
          plugAtHost(caller, vm, after);
        } else {
          plugged(caller, vm, after);
        }
      } else {
        unplug(caller, vm, after);
      }
    } else if (vm.status().running() && after.plugged()) {
      updateAtHost(vm, after);
    }
  }

  private static boolean sameDevice(Nic before, Nic after) {
    return before.mac().equalsIgnoreCase(after.mac()) && before.model().equals(after.model());
  }

  void remove(Caller caller, UUID vmId, UUID id) {
    Vm vm = engine.vmCommands.find(caller, vmId);
    Nic nic = find(vmId, id);
    engine.rights.require(caller, Permit.CONFIGURE_VM_NETWORK, Vms.target(vmId));
    if (live(nic)) {
      throw ApiException.refused(
          409, "Cannot remove Interface. The VM Network Interface is plugged to a running VM.");
    }
    engine.removeNic(nic);
    write(
        Kind.NETWORK_REMOVE_VM_INTERFACE,
        title(nic) + " was removed from VM " + vm.name() + "." + by(caller),
        vm,
        caller);
  }

  // --- at the host ---

  private void plugAtHost(Caller caller, Vm vm, Nic nic) {
    NicDevice device = device(nic);
    try {
      List<PluggedDevice> devices =
          hostOf(vm).agent().hotplugNic(vm.id(), DomainXml.hotplug(device));
      boolean listed =
          devices.stream()
              .anyMatch(
                  each ->
                      each.alias().equals(nic.alias())
                          && each.macAddress().equalsIgnoreCase(nic.mac()));
      if (!listed) {
        // The engine goes by the list alone: a NIC that it lacks is not plugged, whatever runs.
        throw new HostFailure("The device was not found in the host's answer");
      }
    } catch (HostFailure e) {
      write(
          Kind.NETWORK_ACTIVATE_VM_INTERFACE_FAILURE,
          "Failed to plug Network " + title(nic) + " to VM " + vm.name() + "." + by(caller),
          vm,
          caller);
      throw brokerFailure(vm, "HotPlugNicVDS", e);
    }
    engine.nics.update(nic.id(), each -> each.inStep(true));
    plugged(caller, vm, nic);
  }

  private void plugged(Caller caller, Vm vm, Nic nic) {
    write(
        Kind.NETWORK_ACTIVATE_VM_INTERFACE_SUCCESS,
        "Network " + title(nic) + " was plugged to VM " + vm.name() + "." + by(caller),
        vm,
        caller);
  }

  private void unplug(Caller caller, Vm vm, Nic nic) {
    if (vm.status().running()) {
      try {
        hostOf(vm).agent().hotunplugNic(vm.id(), DomainXml.hotunplug(nic.alias()));
      } catch (HostFailure e) {
        write(
            Kind.NETWORK_DEACTIVATE_VM_INTERFACE_FAILURE,
            "Failed to unplug Network " + title(nic) + " from VM " + vm.name() + "." + by(caller),
            vm,
            caller);
        throw brokerFailure(vm, "HotUnplugNicVDS", e);
      }
    }
    write(
        Kind.NETWORK_DEACTIVATE_VM_INTERFACE_SUCCESS,
        "Network " + title(nic) + " was unplugged from VM " + vm.name() + "." + by(caller),
        vm,
        caller);
  }

  private void updateAtHost(Vm vm, Nic nic) {
    NicDevice device = device(nic);
    try {
      hostOf(vm).agent().updateNic(vm.id(), DomainXml.hotplug(device));
    } catch (HostFailure e) {
      throw brokerFailure(vm, "UpdateVmInterfaceVDS", e);
    }
  }

  private ApiException brokerFailure(Vm vm, String command, HostFailure failure) {
    engine.vmLife.logBrokerFailure(hostOf(vm), command, failure);
    return ApiException.refused(400, failure.getMessage());
  }

  private Host hostOf(Vm vm) {
    return vm.host()
        .flatMap(engine.hosts::get)
        .orElseThrow(() -> ApiException.refused(409, "Desktop does not exist"));
  }

  // --- rules ---

  private Optional<UUID> profile(Tree body, String action, Vm vm) {
    if (body.idOf("vnic_profile").isEmpty()) {
      return Optional.empty();
    }
    UUID id = Engine.uuid(body.idOf("vnic_profile"));
    VnicProfile profile =
        engine
            .profiles
            .get(id)
            .orElseThrow(
                () ->
                    ApiException.refused(
                        400,
                        "Cannot "
                            + action
                            + " Interface. The specified VM network interface profile doesn't"
                            + " exist."));
    if (engine.attachment(vm.cluster(), profile.network()).isEmpty()) {
      throw ApiException.refused(
          409,
          "Cannot "
              + action
              + " Interface. Network "
              + engine.networks.get(profile.network()).map(Network::name).orElse("")
              + " does not exist in Cluster "
              + engine.clusterOf(vm).name()
              + ".");
    }
    return Optional.of(id);
  }

  private void nameIsFree(UUID vm, String name, Optional<UUID> self, String action) {
    boolean taken =
        engine.nicsOf(vm).stream()
            .anyMatch(nic -> nic.name().equals(name) && !Optional.of(nic.id()).equals(self));
    if (taken) {
      throw ApiException.refused(
          409, "Cannot " + action + " Interface. The network interface name is already in use.");
    }
  }

  private void macIsFree(Nic nic, String action) {
    boolean taken =
        engine
            .nics
            .first(other -> !other.id().equals(nic.id()) && other.mac().equalsIgnoreCase(nic.mac()))
            .isPresent();
    if (taken) {
      throw ApiException.refused(
          409, "Cannot " + action + " Interface. MAC Address " + nic.mac() + " is already in use.");
    }
  }

  String newMac() {
    String digits = String.format("%012x", nextMac.getAndIncrement());
    return digits.replaceAll("(..)(?!$)", "$1:");
  }

  // --- events ---

  private static String title(Nic nic) {
    String model =
        switch (nic.model()) {
          case "virtio" -> "VirtIO";
          default -> nic.model();
        };
    return "Interface " + nic.name() + " (" + model + ")";
  }

  private static String by(Caller caller) {
    return " (User: " + caller.name() + ")";
  }

  private void write(Kind kind, String text, Vm vm, Caller caller) {
    Vm now = engine.vms.get(vm.id()).orElse(vm);
    Vm shown = now.status().running() ? now : now.on(VmStatus.DOWN, Optional.empty());
    engine.events.write(
        kind, text, caller.correlation(), engine.linksOf(shown, Optional.of(caller), true));
  }
}
