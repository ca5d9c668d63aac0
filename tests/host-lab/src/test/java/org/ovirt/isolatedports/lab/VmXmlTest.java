// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;

class VmXmlTest {

  private final VmXml vm = VmXml.parse(Recorded.document("start.xml"));

  @Test
  void readsTheVmAndItsVnics() {
    assertThat(vm.id()).isEqualTo("105ca784-7d7b-46c9-ba49-59c2f4cf8e18");
    assertThat(vm.name()).isEqualTo("vm1");
    assertThat(vm.vnics()).hasSize(9);
    assertThat(vm.vnics().get(0).bridge()).contains("iso1");
    assertThat(vm.vnics().get(0).isolated()).isTrue();
    assertThat(vm.vnics().get(2).bridge()).contains("plain1");
    assertThat(vm.vnics().get(2).isolated()).isFalse();
    assertThat(vm.custom()).isEmpty();
  }

  @Test
  void findsCustomPropertiesByMac() {
    assertThat(vm.custom(vm.vnicByAlias("ua-0776328e-d2ee-413a-a9cf-4fcf36ef2871")))
        .contains(Map.of("port_isolation", "true", "demo_prop", "on"));
  }

  @Test
  void tellsEmptyPropertiesFromNone() {
    VmXml.Vnic vnic = vm.vnicByAlias("ua-32b3e569-2c91-482e-b8c0-fd4fe84f8655");
    assertThat(vm.custom(vnic)).contains(Map.of());

    vm.metadata()
        .ifPresent(
            metadata -> VmXml.deviceMetadata(vm.root(), vnic).ifPresent(metadata::removeChild));

    assertThat(vm.custom(vnic)).isEmpty();
  }

  @Test
  void readsTheVnicAndThePropertiesOfAHotplug() {
    Document hotplug = Xml.parse(Recorded.document("hotplug.xml"));
    VmXml.Vnic vnic = VmXml.Vnic.ofHotplug(hotplug);

    assertThat(vnic.mac()).isEqualTo("56:6f:11:22:00:07");
    assertThat(VmXml.custom(hotplug.getDocumentElement(), vnic))
        .contains(Map.of("port_isolation", "community:blue"));
  }

  @Test
  void theFirstOfTwoPortElementsCountsAsInLibvirt() {
    VmXml.Vnic vnic =
        VmXml.Vnic.parse("<interface><port isolated='no'/><port isolated='yes'/></interface>");

    assertThat(vnic.isolated()).isFalse();
  }

  @Test
  void namesTheVmWhenAnAliasIsUnknown() {
    assertThatThrownBy(() -> vm.vnicByAlias("ua-x"))
        .hasMessage("The VM 'vm1' has no vNIC with the alias 'ua-x'.");
  }

  @Test
  void refusesDocumentTypes() {
    assertThatThrownBy(() -> VmXml.parse("<!DOCTYPE d [<!ENTITY e 'x'>]><domain>&e;</domain>"))
        .isInstanceOf(LabException.class)
        .hasMessageContaining("DOCTYPE");
  }
}
