// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Element;

class DomainXmlTest {

  /** Names and attribute names of an element and all below it, in order. */
  private static List<String> shape(Element element) {
    List<String> shape = new ArrayList<>();
    StringBuilder name = new StringBuilder(element.getNodeName());
    for (int i = 0; i < element.getAttributes().getLength(); i++) {
      name.append(' ').append(element.getAttributes().item(i).getNodeName());
    }
    shape.add(name.toString());
    Xml.elements(element).forEach(child -> shape.addAll(shape(child)));
    return shape;
  }

  private static List<String> shape(String document) {
    return shape(Xml.parse(document).getDocumentElement());
  }

  private final DomainXml.Vnic vnic =
      DomainXml.Vnic.on("plain1", "56:6f:11:22:00:07").withCustom("port_isolation", "true");

  @Test
  void writesHotplugAndHotunplugAsTheEngineDoes() {
    assertThat(shape(vnic.hotplug())).isEqualTo(shape(Recorded.document("hotplug.xml")));
    assertThat(shape(vnic.hotunplug())).isEqualTo(shape(Recorded.document("hotunplug.xml")));
  }

  @Test
  void writesADomainOfTheEnginesElements() {
    VmXml recorded = VmXml.parse(Recorded.document("start.xml"));
    VmXml written = VmXml.parse(DomainXml.vm("vm1").vnic(vnic).domain());

    assertThat(Xml.elements(written.root()))
        .extracting(Element::getNodeName)
        .isEqualTo(Xml.elements(recorded.root()).stream().map(Element::getNodeName).toList());
    assertThat(shape(written.metadata().orElseThrow()))
        .isSubsetOf(shape(recorded.metadata().orElseThrow()));
  }

  @Test
  void carriesPropertiesWhereVdsmLooksForThem() {
    VmXml vm = VmXml.parse(DomainXml.vm("vm1").custom("of_vm", "1").vnic(vnic).domain());

    assertThat(vm.custom()).isEqualTo(Map.of("of_vm", "1"));
    assertThat(vm.custom(vm.vnics().get(0))).contains(Map.of("port_isolation", "true"));
  }

  @Test
  void writesNativeIsolationAndLinkState() {
    VmXml vm =
        VmXml.parse(DomainXml.vm("vm1").vnic(vnic.withNativeIsolation().withLink(false)).domain());

    assertThat(vm.vnics().get(0).isolated()).isTrue();
    assertThat(vm.vnics().get(0).linkUp()).isFalse();
  }
}
