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
    return adapted(VmXml.parse(Recorded.document("start.xml")), kvm);
  }

  private static VmXml adapted(VmXml vm, boolean kvm) {
    LabDomain.adapt(vm, kvm, Path.of("/image"), Path.of("/halt"));
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
    assertThat(Xml.elements(vm.root()))
        .extracting(Element::getLocalName)
        .containsExactlyInAnyOrder(
            "name", "uuid", "metadata", "memory", "vcpu", "os", "features", "devices");
    Element os = Xml.require(vm.root(), "os");
    assertThat(Xml.require(os, "kernel").getTextContent()).isEqualTo("/image/vmlinuz");
    assertThat(Xml.require(os, "initrd").getTextContent()).isEqualTo("/image/initramfs");
    assertThat(Xml.require(os, "cmdline").getTextContent()).contains("clocksource=hpet");
    assertThat(Xml.elements(vm.devices()))
        .extracting(Element::getLocalName)
        .containsOnly("interface", "emulator", "serial", "channel", "controller", "memballoon");
    assertThat(Xml.children(vm.devices(), "channel")).hasSize(1);
    assertThat(Xml.attribute(Xml.require(vm.devices(), "channel"), "target", "name"))
        .contains(LabDomain.CHANNEL);
    assertThat(Xml.attribute(Xml.require(vm.devices(), "channel"), "source", "path"))
        .contains(LabDomain.channelPath(vm.id()));
  }

  @Test
  void leavesRootPortsFreeForNicsThatArePluggedInLater() {
    VmXml vm = adapted(false);

    assertThat(Xml.children(vm.devices(), "controller"))
        .filteredOn(controller -> controller.getAttribute("model").equals("pcie-root-port"))
        .hasSize(vm.vnics().size() + 4);
  }

  @Test
  void keepsKvmWhereItWorks() {
    VmXml vm = adapted(true);

    assertThat(vm.root().getAttribute("type")).isEqualTo("kvm");
    assertThat(Xml.require(vm.root(), "cpu").getAttribute("mode")).isEqualTo("host-passthrough");
    assertThat(Xml.require(Xml.require(vm.root(), "os"), "cmdline").getTextContent())
        .isEqualTo(LabDomain.KERNEL_PARAMETERS);
  }

  @Test
  void aGuestThatHasNothingToDoBootsNoSystem() {
    VmXml vm = adapted(VmXml.parse(DomainXml.vm("vm").idle().domain()), false);

    Element os = Xml.require(vm.root(), "os");
    assertThat(Xml.require(os, "kernel").getTextContent()).isEqualTo("/halt");
    assertThat(Xml.child(os, "initrd")).isEmpty();
    VmXml other = adapted(VmXml.parse(DomainXml.vm("vm").domain()), false);
    assertThat(Xml.child(Xml.require(other.root(), "os"), "initrd")).isPresent();
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
    assertThat(Xml.elements(live.element())).as("the live document").hasSize(5);
  }
}
