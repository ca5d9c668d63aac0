// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.standin.engine;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.ovirt.isolatedports.standin.api.Tree;
import org.ovirt.isolatedports.standin.engine.Model.Host;
import org.ovirt.isolatedports.standin.engine.Model.HostStatus;
import org.ovirt.isolatedports.standin.engine.Model.Nic;
import org.ovirt.isolatedports.standin.engine.Model.Vm;

/** Hosts, VMs and their NICs as the engine shows them. */
final class MachineViews {
  private static final Pattern VERSION =
      Pattern.compile("(\\d+)\\.(\\d+)(?:\\.(\\d+))?(?:\\.(\\d+))?");

  private final Engine engine;
  private final Tree hostShape = Shapes.load("host");
  private final Tree newHostShape = Shapes.load("host-new");
  private final Tree vmShape = Shapes.load("vm");
  private final Tree vmAllContentShape = Shapes.load("vm-all-content");

  MachineViews(Engine engine) {
    this.engine = engine;
  }

  // --- hosts ---

  Tree host(Host host) {
    String href = Views.API + "/hosts/" + host.id();
    Tree tree = Views.shaped(hostShape, href);
    if (host.status() == HostStatus.UNASSIGNED) {
      tree.remove("hardware_information").remove("os").remove("cpu").remove("se_linux");
      tree.putAll(newHostShape);
    } else {
      reported(tree, host);
    }
    return tree.put("address", host.address())
        .put(
            "certificate",
            new Tree().put("organization", "oVirt").put("subject", "O=oVirt,CN=" + host.address()))
        .put("status", host.status().name().toLowerCase(Locale.ROOT))
        .put("cluster", Views.ref("clusters", host.cluster()))
        .put("name", host.name())
        .put("comment", host.comment())
        .put("href", href)
        .put("id", host.id().toString());
  }

  private void reported(Tree tree, Host host) {
    long active = engine.runningOn(host.id());
    tree.put("summary", new Tree().put("active", active).put("migrating", 0).put("total", active));
    tree.put("iscsi", new Tree().put("initiator", "iqn.1994-05.org.example:" + host.name()));
    Tree os = tree.child("os").orElseThrow().copy();
    os.put("type", host.capabilities().osType())
        .put("reported_kernel_cmdline", "BOOT_IMAGE=/vmlinuz-" + host.capabilities().kernel())
        .put(
            "version",
            new Tree()
                .put("full_version", host.capabilities().osVersion())
                .put("major", host.capabilities().osVersion().replaceFirst("\\D.*", "")));
    tree.put("os", os);
    rpm(host.capabilities().libvirt()).ifPresent(version -> tree.put("libvirt_version", version));
    rpm(host.capabilities().vdsm()).ifPresent(version -> tree.put("version", version));
  }

  /** A package version as the engine takes it apart; nothing where there is none. */
  private static Optional<Tree> rpm(String fullVersion) {
    Matcher matcher = VERSION.matcher(fullVersion);
    if (!matcher.find()) {
      return Optional.empty();
    }
    return Optional.of(
        new Tree()
            .put("build", Optional.ofNullable(matcher.group(3)).orElse("0"))
            .put("full_version", fullVersion)
            .put("major", matcher.group(1))
            .put("minor", matcher.group(2))
            .put("revision", Optional.ofNullable(matcher.group(4)).orElse("0")));
  }

  /** The links alone, as an action's answer carries the host. */
  Tree hostInAction(Host host) {
    String href = Views.API + "/hosts/" + host.id();
    Tree shaped = Views.shaped(hostShape, href);
    return linksAlone(shaped, href, host.id());
  }

  private static Tree linksAlone(Tree shaped, String href, UUID id) {
    return new Tree()
        .put("actions", shaped.child("actions").orElseThrow())
        .put("link", shaped.children("link"))
        .put("href", href)
        .put("id", id.toString());
  }

  // --- VMs and NICs ---

  Tree vm(Vm vm, boolean allContent) {
    String href = Views.API + "/vms/" + vm.id();
    Tree tree = new Tree();
    if (vm.status().running()) {
      tree.put("run_once", false);
    }
    tree.putAll(Views.shaped(vmShape, href));
    if (allContent) {
      tree.putAll(vmAllContentShape)
          .put(
              "initialization",
              new Tree().put("configuration", new Tree().put("data", ovf(vm)).put("type", "ovf")));
    }
    vm.started().ifPresent(started -> tree.put("start_time", started));
    tree.put("status", vm.status().name().toLowerCase(Locale.ROOT)).put("stop_time", vm.stopped());
    if (!vm.status().running()) {
      tree.putIfPresent("stop_reason", vm.stopReason());
    }
    vm.host().ifPresent(host -> tree.put("host", Views.ref("hosts", host)));
    if (vm.status().running()) {
      tree.put("display", runningDisplay(tree.child("display").orElseThrow(), vm));
    }
    tree.put("memory", vm.memory())
        .put(
            "memory_policy",
            new Tree()
                .put("ballooning", true)
                .put("guaranteed", vm.memory())
                .put("max", vm.memory() * 4))
        .put("os", vm.os().orElseGet(() -> bootFrom("hd")))
        .put("creation_time", vm.created())
        .put("cluster", Views.ref("clusters", vm.cluster()))
        .put("name", vm.name())
        .put("description", vm.description())
        .put("comment", vm.comment());
    if (!vm.pinnedTo().isEmpty()) {
      List<Tree> hosts = vm.pinnedTo().stream().map(id -> Views.ref("hosts", id)).toList();
      tree.put(
          "placement_policy",
          new Tree().put("affinity", "user_migratable").putList("hosts", "host", hosts));
    }
    return tree.put("href", href).put("id", vm.id().toString());
  }

  static Tree bootFrom(String device) {
    Tree boot = new Tree().putList("devices", "device", List.of(device));
    return new Tree().put("boot", boot).put("type", "other");
  }

  private Tree runningDisplay(Tree display, Vm vm) {
    String address = vm.host().flatMap(engine.hosts::get).map(Host::address).orElse("0.0.0.0");
    return new Tree()
        .put("address", address)
        .put(
            "certificate",
            new Tree()
                .put("content", "")
                .put("organization", "oVirt")
                .put("subject", "O=oVirt,CN=" + address))
        .putAll(display)
        .put("port", "5900");
  }

  private static String ovf(Vm vm) {
    return "<?xml version=\"1.0\" encoding=\"UTF-8\"?><ovf:Envelope"
        + " xmlns:ovf=\"http://schemas.dmtf.org/ovf/envelope/1/\" ovf:version=\"4.4.0.0\"><Content"
        + " ovf:id=\"out\"><Name>"
        + DomainXml.escape(vm.name())
        + "</Name></Content></ovf:Envelope>";
  }

  /** The links alone, as an action's answer carries the VM. */
  Tree vmInAction(Vm vm) {
    String href = Views.API + "/vms/" + vm.id();
    Tree shaped = Views.shaped(vmShape, href);
    return linksAlone(shaped, href, vm.id());
  }

  Tree nic(Nic nic) {
    String vm = Views.API + "/vms/" + nic.vm();
    String href = vm + "/nics/" + nic.id();
    Tree tree =
        new Tree()
            .put("interface", nic.model())
            .put("linked", nic.linked())
            .put("mac", new Tree().put("address", nic.mac()))
            .put("plugged", nic.plugged())
            .put("synced", nic.synced());
    nic.profile()
        .ifPresent(profile -> tree.put("vnic_profile", Views.ref("vnicprofiles", profile)));
    return tree.put(
            "actions", new Tree().put("link", Views.links(href, List.of("activate", "deactivate"))))
        .put("name", nic.name())
        .put("vm", Tree.ref(vm, nic.vm().toString()))
        .put(
            "link",
            Views.links(href, List.of("reporteddevices", "networkfilterparameters", "statistics")))
        .put("href", href)
        .put("id", nic.id().toString());
  }
}
