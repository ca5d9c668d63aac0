// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.lab;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;
import org.w3c.dom.Document;
import org.w3c.dom.Element;

/**
 * The part of VDSM between the engine's call and libvirt: which hook runs when, with which document
 * and which properties, whether its output is used, and what happens when it fails ({@code
 * vdsm.virt.vm.Vm}, VDSM 4.50). Calls for one VM run one after the other, calls for several side by
 * side.
 */
final class Vdsm {

  private final LabHost host;
  private final Hypervisor hypervisor;
  private final HookRunner hooks;
  private final Lab lab;
  private final Map<String, Object> locks = new ConcurrentHashMap<>();
  private final VnicObjects objects = new VnicObjects();

  Vdsm(LabHost host, Hypervisor hypervisor, HookRunner hooks, Lab lab) {
    this.host = host;
    this.hypervisor = hypervisor;
    this.hooks = hooks;
    this.lab = lab;
  }

  private Object lock(String vmId) {
    return locks.computeIfAbsent(vmId, id -> new Object());
  }

  private static HookRunner.Context context(VmXml vm) {
    return new HookRunner.Context(vm.id(), vm.custom());
  }

  String start(String domainXml) {
    VmXml vm = VmXml.parse(domainXml);
    HookRunner.Context context = context(vm);
    synchronized (lock(vm.id())) {
      createDevices(vm, context);
      String finalXml = hooks.run("before_vm_start", Xml.text(vm.document()), context, Map.of());
      hypervisor.start(VmXml.parse(finalXml));
      lab.started(vm.id(), vm.name(), host);
      VmXml live = hypervisor.live(vm.id());
      objects.adopt(live);
      hooks.runIgnoringErrors("after_vm_start", Xml.text(live.document()), context, Map.of());
      forCustomDevices(
          live,
          (vnic, custom) -> hooks.runIgnoringErrors("after_device_create", "", context, custom));
    }
    return vm.id();
  }

  /**
   * before_device_create for each vNIC with a metadata {@code custom} element, even an empty one;
   * what it leaves goes to the end of the devices ({@code
   * domxml_preprocess.replace_device_xml_with_hooks_xml}).
   */
  private void createDevices(VmXml vm, HookRunner.Context context) {
    Map<Element, String> replaced = new LinkedHashMap<>();
    for (VmXml.Vnic vnic : vm.vnics()) {
      vm.custom(vnic)
          .ifPresent(
              custom ->
                  replaced.put(
                      vnic.element(),
                      hooks.run(
                          "before_device_create", Xml.indented(vnic.element()), context, custom)));
    }
    replaced.forEach(
        (element, xml) -> {
          vm.devices().removeChild(element);
          vm.devices()
              .appendChild(vm.document().importNode(Xml.parse(xml).getDocumentElement(), true));
        });
  }

  /**
   * A document of the engine about one vNIC of a running VM, with what VDSM knows of that VM.
   *
   * @param vm the live domain
   * @param document the {@code <hotplug>} document
   * @param vnic the vNIC in it
   * @param custom the custom properties in it
   */
  private record VnicRequest(
      VmXml vm,
      HookRunner.Context context,
      Element document,
      VmXml.Vnic vnic,
      Map<String, String> custom) {

    static VnicRequest read(VmXml vm, String xml) {
      Document document = Xml.parse(xml);
      Element root = document.getDocumentElement();
      VmXml.Vnic vnic = VmXml.Vnic.ofHotplug(document);
      return new VnicRequest(
          vm, Vdsm.context(vm), root, vnic, VmXml.custom(root, vnic).orElse(Map.of()));
    }

    /** What the document says of the vNIC for VDSM's own object. */
    Optional<Element> device() {
      return VmXml.deviceMetadata(document, vnic);
    }
  }

  void hotplugNic(String vmId, String hotplugXml) {
    synchronized (lock(vmId)) {
      VnicRequest request = VnicRequest.read(hypervisor.live(vmId), hotplugXml);
      String xml =
          hooks.run(
              "before_nic_hotplug",
              Xml.text(request.vnic().element()),
              request.context(),
              request.custom());
      try {
        hypervisor.attach(vmId, xml);
      } catch (LabException e) {
        hooks.runIgnoringErrors("after_nic_hotplug_fail", xml, request.context(), request.custom());
        throw e;
      }
      request.device().ifPresent(device -> objects.take(vmId, request.vnic(), device));
      recordMetadata(request.vm(), request.vnic());
      hooks.runIgnoringErrors("after_nic_hotplug", xml, request.context(), request.custom());
    }
  }

  void updateNic(String vmId, String updateXml, boolean mirroringFails) {
    synchronized (lock(vmId)) {
      VnicRequest request = VnicRequest.read(hypervisor.live(vmId), updateXml);
      String withoutHooks = Xml.indented(merge(request.vm(), request.vnic()));
      try {
        updateDevice(vmId, withoutHooks, request.context(), request.custom());
        if (mirroringFails) {
          throw new LabException("Port mirroring could not be set.");
        }
      } catch (HookRefused | LabException e) {
        // "Rollback link and network": the new values, without what the hooks had added.
        hypervisor.update(vmId, withoutHooks);
        throw e;
      }
      // In this order: the metadata say what the update before this one said.
      recordMetadata(request.vm(), request.vnic());
      request.device().ifPresent(device -> objects.take(vmId, request.vnic(), device));
    }
  }

  private void updateDevice(
      String vmId, String xml, HookRunner.Context context, Map<String, String> custom) {
    String current = xml;
    try {
      current = hooks.run("before_update_device", xml, context, custom);
      hypervisor.update(vmId, current);
      hooks.runIgnoringErrors("after_update_device", current, context, custom);
    } catch (HookRefused | LabException e) {
      hooks.runIgnoringErrors("after_update_device_fail", current, context, custom);
      throw e;
    }
  }

  /**
   * VDSM's own document for the vNIC, with link, network, MTU, filter, bandwidth and {@code <port>}
   * as the engine wants them: without {@code <port>} unless the engine sent one ({@code
   * Vm.setLinkAndNetwork}).
   */
  private static Document merge(VmXml vm, VmXml.Vnic wanted) {
    VmXml.Vnic live =
        vm.vnicByAlias(
            wanted.alias().orElseThrow(() -> new LabException("The update names no alias.")));
    Document document = LabDomain.vdsmInterface(live);
    Element vnic = document.getDocumentElement();
    for (String name : List.of("source", "link", "mtu", "filterref", "bandwidth", "port")) {
      Xml.remove(vnic, name);
      Xml.child(wanted.element(), name)
          // The engine's empty <bandwidth> means none, and VDSM writes none.
          .filter(element -> !name.equals("bandwidth") || !Xml.elements(element).isEmpty())
          .ifPresent(element -> vnic.appendChild(document.importNode(element, true)));
    }
    return document;
  }

  void hotunplugNic(String vmId, String hotunplugXml) {
    synchronized (lock(vmId)) {
      VmXml vm = hypervisor.live(vmId);
      HookRunner.Context context = context(vm);
      String alias =
          VmXml.Vnic.ofHotplug(Xml.parse(hotunplugXml))
              .alias()
              .orElseThrow(() -> new LabException("The hot-unplug names no alias."));
      VmXml.Vnic vnic = vm.vnicByAlias(alias);
      Map<String, String> custom = objects.custom(vmId, vnic);
      String xml = Xml.indented(LabDomain.vdsmInterface(vnic));
      hooks.run("before_nic_hotunplug", xml, context, custom);
      try {
        hypervisor.detach(vmId, vnic);
      } catch (LabException e) {
        hooks.runIgnoringErrors("after_nic_hotunplug_fail", xml, context, custom);
        throw e;
      }
      objects.drop(vmId, vnic);
      recordMetadata(vm, vnic);
      hooks.runIgnoringErrors("after_nic_hotunplug", xml, context, custom);
    }
  }

  /**
   * Puts VDSM's own object of a vNIC into the domain's metadata, or takes out what they have of one
   * that is gone. What others have there in namespaces of their own is left alone.
   */
  private void recordMetadata(VmXml vm, VmXml.Vnic vnic) {
    vm.metadata()
        .ifPresent(
            metadata -> {
              VmXml.deviceMetadata(vm.root(), vnic).ifPresent(metadata::removeChild);
              objects
                  .metadata(vm.id(), vnic)
                  .ifPresent(
                      element -> metadata.appendChild(vm.document().importNode(element, true)));
              hypervisor.setMetadata(vm.id(), metadata);
            });
  }

  void migrate(String vmId, LabHost destination) {
    synchronized (lock(vmId)) {
      VmXml vm = hypervisor.live(vmId);
      HookRunner.Context context = context(vm);
      forOwnDevices(
          vm,
          (vnic, custom) ->
              hooks.run(
                  "before_device_migrate_source", Xml.indented(vnic.element()), context, custom));
      hooks.run("before_vm_migrate_source", Xml.text(vm.document()), context, Map.of());
      destination.vdsm().prepareIncoming(vm);
      hypervisor.migrate(vmId, destination);
      lab.moved(vmId, destination);
      destination.vdsm().completeIncoming(vmId);
      hooks.runIgnoringErrors(
          "after_vm_migrate_source", Xml.text(vm.document()), context, Map.of());
      forOwnDevices(
          vm,
          (vnic, custom) ->
              hooks.runIgnoringErrors(
                  "after_device_migrate_source", Xml.indented(vnic.element()), context, custom));
      objects.forget(vmId);
    }
  }

  /** The destination's hooks: they see the source's XML and can only refuse. */
  private void prepareIncoming(VmXml source) {
    HookRunner.Context context = context(source);
    forCustomDevices(
        source,
        (vnic, custom) ->
            hooks.run(
                "before_device_migrate_destination",
                Xml.indented(vnic.element()),
                context,
                custom));
    hooks.run("before_vm_migrate_destination", Xml.text(source.document()), context, Map.of());
  }

  private void completeIncoming(String vmId) {
    VmXml live = hypervisor.live(vmId);
    objects.adopt(live);
    HookRunner.Context context = context(live);
    hooks.runIgnoringErrors(
        "after_vm_migrate_destination", Xml.text(live.document()), context, Map.of());
    forOwnDevices(
        live,
        (vnic, custom) ->
            hooks.runIgnoringErrors(
                "after_device_migrate_destination", Xml.indented(vnic.element()), context, custom));
  }

  void hibernate(String vmId) {
    synchronized (lock(vmId)) {
      VmXml vm = hypervisor.live(vmId);
      HookRunner.Context context = context(vm);
      hooks.run("before_vm_hibernate", Xml.text(vm.document()), context, Map.of());
      lab.stopped(vmId);
      hypervisor.save(vmId);
      objects.forget(vmId);
      hooks.runIgnoringErrors("after_vm_hibernate", Xml.text(vm.document()), context, Map.of());
    }
  }

  /** The hooks' output is not used here; they can only refuse. */
  void resume(String vmId) {
    synchronized (lock(vmId)) {
      VmXml saved = hypervisor.saved(vmId);
      String xml = Xml.text(saved.document());
      HookRunner.Context context = context(saved);
      Map<String, String> fromSnapshot = Map.of("FROM_SNAPSHOT", "False");
      hooks.run("before_vm_start", xml, context, Map.of());
      hooks.run("before_vm_dehibernate", xml, context, fromSnapshot);
      hypervisor.restore(vmId);
      lab.started(vmId, saved.name(), host);
      VmXml live = hypervisor.live(vmId);
      objects.adopt(live);
      hooks.runIgnoringErrors(
          "after_vm_dehibernate", Xml.text(live.document()), context, fromSnapshot);
    }
  }

  void destroy(String vmId) {
    synchronized (lock(vmId)) {
      VmXml vm = hypervisor.live(vmId);
      HookRunner.Context context = context(vm);
      forOwnDevices(
          vm,
          (vnic, custom) ->
              hooks.run("before_device_destroy", Xml.indented(vnic.element()), context, custom));
      hooks.runIgnoringErrors("before_vm_destroy", "", context, Map.of());
      lab.stopped(vmId);
      hypervisor.destroy(vmId);
      hooks.runIgnoringErrors("after_vm_destroy", Xml.text(vm.document()), context, Map.of());
      forOwnDevices(
          vm,
          (vnic, custom) ->
              hooks.runIgnoringErrors(
                  "after_device_destroy", Xml.indented(vnic.element()), context, custom));
      objects.forget(vmId);
    }
  }

  void forgetAll() {
    hypervisor.running().forEach(lab::stopped);
  }

  /** As {@link #forCustomDevices}, with the properties of VDSM's own objects. */
  private void forOwnDevices(VmXml vm, BiConsumer<VmXml.Vnic, Map<String, String>> action) {
    for (VmXml.Vnic vnic : vm.vnics()) {
      Map<String, String> custom = objects.custom(vm.id(), vnic);
      if (!custom.isEmpty()) {
        action.accept(vnic, custom);
      }
    }
  }

  /** Device events after the start run only for devices with at least one custom property. */
  private static void forCustomDevices(
      VmXml vm, BiConsumer<VmXml.Vnic, Map<String, String>> action) {
    for (VmXml.Vnic vnic : vm.vnics()) {
      vm.custom(vnic)
          .filter(custom -> !custom.isEmpty())
          .ifPresent(custom -> action.accept(vnic, custom));
    }
  }
}
