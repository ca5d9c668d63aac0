// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.standin.engine;

import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import org.ovirt.isolatedports.standin.api.Tree;
import org.ovirt.isolatedports.standin.engine.Api.Request;
import org.ovirt.isolatedports.standin.engine.Model.Host;
import org.ovirt.isolatedports.standin.engine.Model.Vm;

/** Hosts, VMs and their NICs. */
final class MachineRoutes extends Routes {
  MachineRoutes(Engine engine) {
    super(engine);
    hosts();
    vms();
  }

  private void hosts() {
    getList(
        "hosts",
        "hosts",
        "host",
        r ->
            engine.hosts.all().stream()
                .filter(host -> engine.rights.sees(r.caller(), Hosts.target(host.id())))
                .map(engine.machineViews::host));
    getOne(
        "hosts/{host}",
        "host",
        r -> {
          Tree host = engine.machineViews.host(engine.hostCommands.find(r.caller(), r.id("host")));
          return allContent(r) ? host.put("network_operation_in_progress", false) : host;
        });
    post(
        "hosts",
        org.ovirt.engine.sdk4.types.Host.class,
        "host",
        r -> engine.machineViews.host(engine.hostCommands.add(r.caller(), r.body())));
    delete("hosts/{host}", false, r -> engine.hostCommands.remove(r.caller(), r.id("host")));
    getList(
        "hosts/{host}/hooks",
        "hooks",
        "hook",
        r -> engine.hostCommands.hooks(r.caller(), r.id("host")).stream());
    getOne(
        "hosts/{host}/hooks/{hook}",
        "hook",
        r -> byId(engine.hostCommands.hooks(r.caller(), r.id("host")), r.path().get("hook")));
    getList(
        "hosts/{host}/nics",
        "host_nics",
        "host_nic",
        r -> engine.hostCommands.nics(r.caller(), r.id("host")).stream());
    getOne(
        "hosts/{host}/nics/{nic}",
        "host_nic",
        r ->
            byId(engine.hostCommands.nics(r.caller(), r.id("host")), r.path().get("nic"))
                .remove("properties"));
    getList(
        "hosts/{host}/networkattachments",
        "network_attachments",
        "network_attachment",
        r -> engine.hostCommands.attachments(r.caller(), r.id("host")).stream());
    getList(
        "hosts/{host}/unmanagednetworks",
        "unmanaged_networks",
        "unmanaged_network",
        r -> engine.hostCommands.unmanaged(r.caller(), r.id("host")).stream());
    hostAction("activate", true, r -> engine.hostCommands.activate(r.caller(), r.id("host")));
    hostAction("deactivate", false, r -> engine.hostCommands.maintain(r.caller(), r.id("host")));
    hostAction("refresh", false, r -> engine.hostCommands.refresh(r.caller(), r.id("host")));
    permissions("hosts/{host}", r -> Hosts.target(existing(engine.hosts, r, "host")));
  }

  private void hostAction(String name, boolean job, Function<Request, Host> command) {
    action(
        "hosts/{host}/" + name,
        r -> done(job).put("host", engine.machineViews.hostInAction(command.apply(r))));
  }

  /** A search for a host names it, while a VM is shown with a link to it. */
  private boolean isOnHost(Model.Vm vm, Search search) {
    Optional<String> wanted = Optional.ofNullable(search.conditions().get("host"));
    return wanted.isEmpty()
        || vm.host()
            .flatMap(engine.hosts::get)
            .filter(host -> Search.like(host.name(), wanted.get()))
            .isPresent();
  }

  private void vms() {
    getList(
        "vms",
        "vms",
        "vm",
        r ->
            engine.vms.all().stream()
                .filter(vm -> engine.rights.sees(r.caller(), Vms.target(vm.id())))
                .filter(vm -> isOnHost(vm, Search.parse(r.parameter("search").orElse(""))))
                .map(vm -> engine.machineViews.vm(vm, allContent(r))));
    getOne(
        "vms/{vm}",
        "vm",
        r -> engine.machineViews.vm(engine.vmCommands.find(r.caller(), r.id("vm")), allContent(r)));
    Class<?> type = org.ovirt.engine.sdk4.types.Vm.class;
    post(
        "vms",
        type,
        "vm",
        r -> engine.machineViews.vm(engine.vmCommands.add(r.caller(), r.body()), true));
    put(
        "vms/{vm}",
        type,
        "vm",
        r ->
            engine.machineViews.vm(
                engine.vmCommands.update(r.caller(), r.id("vm"), r.body()), true));
    delete("vms/{vm}", true, r -> engine.vmCommands.remove(r.caller(), r.id("vm")));
    vmAction("start", r -> engine.vmLife.start(r.caller(), r.id("vm"), r.body()));
    vmAction("stop", r -> engine.vmLife.stop(r.caller(), r.id("vm")));
    vmAction("shutdown", r -> engine.vmLife.shutdown(r.caller(), r.id("vm")));
    vmAction("reboot", r -> engine.vmLife.reboot(r.caller(), r.id("vm")));
    vmAction("migrate", r -> engine.vmLife.migrate(r.caller(), r.id("vm"), r.body()));
    permissions("vms/{vm}", r -> Vms.target(existing(engine.vms, r, "vm")));

    Class<?> nic = org.ovirt.engine.sdk4.types.Nic.class;
    getList(
        "vms/{vm}/nics",
        "nics",
        "nic",
        r ->
            engine.nicsOf(engine.vmCommands.find(r.caller(), r.id("vm")).id()).stream()
                .map(engine.nicCommands::shown)
                .map(engine.machineViews::nic));
    getOne(
        "vms/{vm}/nics/{nic}",
        "nic",
        r -> {
          UUID vm = engine.vmCommands.find(r.caller(), r.id("vm")).id();
          return engine.machineViews.nic(
              engine.nicCommands.shown(engine.nicCommands.find(vm, r.id("nic"))));
        });
    post(
        "vms/{vm}/nics",
        nic,
        "nic",
        r -> engine.machineViews.nic(engine.nicCommands.add(r.caller(), r.id("vm"), r.body())));
    put(
        "vms/{vm}/nics/{nic}",
        nic,
        "nic",
        r ->
            engine.machineViews.nic(
                engine.nicCommands.update(r.caller(), r.id("vm"), r.id("nic"), r.body())));
    delete(
        "vms/{vm}/nics/{nic}",
        false,
        r -> engine.nicCommands.remove(r.caller(), r.id("vm"), r.id("nic")));
    plugAction("activate", true);
    plugAction("deactivate", false);
  }

  private void vmAction(String name, Function<Request, Vm> command) {
    action(
        "vms/{vm}/" + name,
        r -> done(true).put("vm", engine.machineViews.vmInAction(command.apply(r))));
  }

  private void plugAction(String name, boolean plugged) {
    action(
        "vms/{vm}/nics/{nic}/" + name,
        r -> {
          engine.nicCommands.update(
              r.caller(), r.id("vm"), r.id("nic"), new Tree().put("plugged", plugged));
          return done(false);
        });
  }
}
