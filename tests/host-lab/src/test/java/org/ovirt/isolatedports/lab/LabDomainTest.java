// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Element;

class LabDomainTest {

  private static List<String> interfacesAndMetadata(VmXml vm) {
    return Stream.concat(
            vm.vnics().stream().map(VmXml.Vnic::element),
            Xml.children(vm.root(), "metadata").stream())
        .map(Xml::text)
        .toList();
  }

  private static VmXml adapted(boolean kvm) {
    VmXml vm = VmXml.parse(Recorded.document("start.xml"));
    LabDomain.adapt(vm, kvm, Path.of("/image"));
    return vm;
  }

  @Test
  void leavesInterfacesAndMetadataAsTheyAre() {
    VmXml before = VmXml.parse(Recorded.document("start.xml"));

    assertThat(interfacesAndMetadata(adapted(false)))
        .isEqualTo(interfacesAndMetadata(before))
        .hasSize(10);
  }

  @Test
  void takesOutWhatCannotRunAndPutsInAKernelAndAControlChannel() {
    VmXml vm = adapted(false);

    assertThat(vm.root().getAttribute("type")).isEqualTo("qemu");
    assertThat(Xml.child(vm.root(), "cpu")).isEmpty();
    assertThat(Xml.require(Xml.require(vm.root(), "os"), "kernel").getTextContent())
        .isEqualTo("/image/vmlinuz");
    assertThat(Xml.elements(vm.devices()))
        .extracting(Element::getLocalName)
        .containsOnly("interface", "emulator", "serial", "channel", "controller", "memballoon");
    assertThat(Xml.children(vm.devices(), "channel")).hasSize(1);
    assertThat(Xml.attribute(Xml.require(vm.devices(), "channel"), "target", "name"))
        .contains(LabDomain.CHANNEL);
  }

  @Test
  void keepsKvmWhereItWorks() {
    assertThat(adapted(true).root().getAttribute("type")).isEqualTo("kvm");
  }

  @Test
  void vdsmsOwnDocumentOfAVnicHasNoPortAndNoTap() {
    VmXml.Vnic live =
        VmXml.Vnic.parse(
            """
            <interface type='bridge'><mac address='56:6f:00:00:00:01'/><source bridge='iso1'/>\
            <target dev='vnet0'/><port isolated='yes'/><alias name='ua-1'/></interface>""");

    Element vnic = LabDomain.vdsmInterface(live).getDocumentElement();

    assertThat(Xml.elements(vnic))
        .extracting(Element::getLocalName)
        .containsExactly("mac", "source", "alias");
    assertThat(vnic.getAttribute("type")).isEqualTo("bridge");
  }
}
