// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.lab;

import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.w3c.dom.Document;
import org.w3c.dom.Element;

/**
 * VDSM's own objects of the vNICs of running VMs ({@code vmdevices.network.Interface}), made from
 * the metadata when a VM starts or arrives, and from then on apart from them: an update writes the
 * object into the metadata first and takes the new values over afterwards, so that libvirt's
 * metadata always say what the update before said.
 */
final class VnicObjects {

  /**
   * One vNIC.
   *
   * @param network its bridge, as {@code ovirt-vm:network} names it
   * @param device its {@code ovirt-vm:device}, with the custom properties
   */
  private record VnicObject(Optional<String> network, Element device) {

    static VnicObject of(VmXml.Vnic vnic, Element device) {
      return new VnicObject(vnic.bridge(), device);
    }

    Map<String, String> custom() {
      return VmXml.customOf(device).orElse(Map.of());
    }

    /** As VDSM writes it: found by MAC, and by alias too only in a failover pair. */
    Element metadata(VmXml.Vnic vnic) {
      Document document = Xml.copy(device);
      Element written = document.getDocumentElement();
      if (!vnic.teaming()) {
        written.removeAttribute("alias");
      }
      Xml.remove(written, "network");
      network.ifPresent(
          name ->
              written
                  .appendChild(document.createElementNS(VmXml.NAMESPACE, "ovirt-vm:network"))
                  .setTextContent(name));
      return written;
    }
  }

  /** By VM, then by MAC and alias. */
  private final Map<String, Map<String, VnicObject>> objects = new ConcurrentHashMap<>();

  private static String key(VmXml.Vnic vnic) {
    return vnic.mac() + (vnic.teaming() ? vnic.alias().orElse("") : "");
  }

  /** A VM starts, resumes or arrives: all that is known of it are its metadata. */
  void adopt(VmXml vm) {
    Map<String, VnicObject> found = new ConcurrentHashMap<>();
    for (VmXml.Vnic vnic : vm.vnics()) {
      VmXml.deviceMetadata(vm.root(), vnic)
          .ifPresent(device -> found.put(key(vnic), VnicObject.of(vnic, device)));
    }
    objects.put(vm.id(), found);
  }

  void forget(String vmId) {
    objects.remove(vmId);
  }

  private Optional<VnicObject> object(String vmId, VmXml.Vnic vnic) {
    return Optional.ofNullable(objects.getOrDefault(vmId, Map.of()).get(key(vnic)));
  }

  /** The custom properties VDSM runs this vNIC's hooks with, other than those of an update. */
  Map<String, String> custom(String vmId, VmXml.Vnic vnic) {
    return object(vmId, vnic).map(VnicObject::custom).orElse(Map.of());
  }

  /** The metadata VDSM writes of this vNIC now; empty for one it has no object of. */
  Optional<Element> metadata(String vmId, VmXml.Vnic vnic) {
    return object(vmId, vnic).map(found -> found.metadata(vnic));
  }

  /** Takes over what the engine sent. */
  void take(String vmId, VmXml.Vnic vnic, Element device) {
    objects
        .computeIfAbsent(vmId, id -> new ConcurrentHashMap<>())
        .put(key(vnic), VnicObject.of(vnic, device));
  }

  void drop(String vmId, VmXml.Vnic vnic) {
    Optional.ofNullable(objects.get(vmId)).ifPresent(vnics -> vnics.remove(key(vnic)));
  }
}
