// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.lab;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.w3c.dom.Document;
import org.w3c.dom.Element;

/**
 * A domain document as VDSM reads it: its vNICs, and oVirt's metadata about them ({@code
 * vdsm.virt.metadata}).
 */
record VmXml(Document document) {

  static final String NAMESPACE = "http://ovirt.org/vm/1.0";

  static VmXml parse(String text) {
    return new VmXml(Xml.parse(text));
  }

  Element root() {
    return document.getDocumentElement();
  }

  String id() {
    return Xml.require(root(), "uuid").getTextContent().strip();
  }

  String name() {
    return Xml.require(root(), "name").getTextContent().strip();
  }

  Element devices() {
    return Xml.require(root(), "devices");
  }

  List<Vnic> vnics() {
    return Xml.children(devices(), "interface").stream().map(Vnic::new).toList();
  }

  Vnic vnicByAlias(String alias) {
    return vnics().stream()
        .filter(vnic -> vnic.alias().equals(Optional.of(alias)))
        .findFirst()
        .orElseThrow(
            () ->
                new LabException(
                    "The VM '%s' has no vNIC with the alias '%s'.".formatted(name(), alias)));
  }

  /** VM-level custom properties. */
  Map<String, String> custom() {
    return metadata().flatMap(VmXml::customOf).orElse(Map.of());
  }

  /** oVirt's metadata element {@code ovirt-vm:vm}. */
  Optional<Element> metadata() {
    return metadata(root());
  }

  private static Optional<Element> metadata(Element parent) {
    return Xml.child(parent, "metadata").stream()
        .flatMap(metadata -> Xml.children(metadata, "vm").stream())
        .filter(element -> NAMESPACE.equals(element.getNamespaceURI()))
        .findFirst();
  }

  /** A vNIC's custom properties; empty when its metadata has no {@code custom} element at all. */
  Optional<Map<String, String>> custom(Vnic vnic) {
    return custom(root(), vnic);
  }

  /**
   * A vNIC's custom properties in a domain or {@code <hotplug>} document. VDSM finds the metadata
   * of a vNIC by its MAC, and by its alias too only for a failover pair ({@code
   * vmdevices.network.Interface.get_identifying_attrs}).
   */
  static Optional<Map<String, String>> custom(Element root, Vnic vnic) {
    return deviceMetadata(root, vnic).flatMap(VmXml::customOf);
  }

  static Optional<Element> deviceMetadata(Element root, Vnic vnic) {
    boolean teaming = vnic.teaming();
    return metadata(root).stream()
        .flatMap(vm -> Xml.children(vm, "device").stream())
        .filter(device -> device.getAttribute("mac_address").equals(vnic.mac()))
        .filter(
            device -> !teaming || vnic.alias().equals(Optional.of(device.getAttribute("alias"))))
        .findFirst();
  }

  static Optional<Map<String, String>> customOf(Element parent) {
    return Xml.child(parent, "custom")
        .map(
            custom -> {
              Map<String, String> properties = new LinkedHashMap<>();
              Xml.elements(custom)
                  .forEach(
                      property ->
                          properties.put(property.getLocalName(), property.getTextContent()));
              return properties;
            });
  }

  /** An {@code <interface>} element. */
  record Vnic(Element element) {

    static Vnic parse(String text) {
      return new Vnic(Xml.parse(text).getDocumentElement());
    }

    /** The one vNIC of a {@code <hotplug>} or {@code <hotunplug>} document. */
    static Vnic ofHotplug(Document document) {
      return Stream.of(Xml.require(document.getDocumentElement(), "devices"))
          .flatMap(devices -> Xml.children(devices, "interface").stream())
          .findFirst()
          .map(Vnic::new)
          .orElseThrow(() -> new LabException("The hot-plug document has no <interface>."));
    }

    String mac() {
      return Xml.attribute(element, "mac", "address")
          .orElseThrow(() -> new LabException("An <interface> has no MAC address."));
    }

    Optional<String> alias() {
      return Xml.attribute(element, "alias", "name");
    }

    /** Whether it is one of a failover pair, which shares one MAC. */
    boolean teaming() {
      return Xml.child(element, "teaming").isPresent();
    }

    Optional<String> bridge() {
      return Xml.attribute(element, "source", "bridge");
    }

    /** The tap device, in a live domain's XML. */
    Optional<String> tap() {
      return Xml.attribute(element, "target", "dev");
    }

    /** Whether libvirt would set the kernel's flag; the first of several elements counts. */
    boolean isolated() {
      return Xml.attribute(element, "port", "isolated").filter("yes"::equals).isPresent();
    }

    boolean linkUp() {
      return !Xml.attribute(element, "link", "state").equals(Optional.of("down"));
    }
  }
}
