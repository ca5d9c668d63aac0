// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.standin.engine;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.ovirt.isolatedports.standin.engine.Model.Vm;

/**
 * The documents the engine hands to a host, in its own form: one line, no self-closing elements,
 * and for each NIC a {@code custom} element in the metadata even when it is empty (recordings
 * {@code nic-xml}). Devices that have nothing to do with NICs are few here.
 */
final class DomainXml {
  private static final String DECLARATION = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>";

  /**
   * A NIC as the host gets it.
   *
   * @param bridge the network's vdsm name; {@code ;vdsmdummy;} where the NIC is on no network
   * @param isolated whether the engine writes the port element
   * @param mtu of the network; 1500 where it has the default
   * @param filter libvirt's network filter, where the profile has one
   */
  record NicDevice(
      String model,
      boolean linked,
      String bridge,
      boolean isolated,
      String alias,
      String mac,
      long mtu,
      Optional<String> filter,
      Map<String, String> custom) {}

  private DomainXml() {}

  static String start(Vm vm, String clusterVersion, List<NicDevice> nics, boolean bootFromNetwork) {
    long kib = vm.memory() / 1024;
    long mib = vm.memory() / (1024 * 1024);
    StringBuilder xml = new StringBuilder(4096);
    xml.append(DECLARATION)
        .append("<domain type=\"kvm\" xmlns:ovirt-tune=\"http://ovirt.org/vm/tune/1.0\"")
        .append(" xmlns:ovirt-vm=\"http://ovirt.org/vm/1.0\"><name>")
        .append(escape(vm.name()))
        .append("</name><uuid>")
        .append(vm.id())
        .append("</uuid><memory>")
        .append(kib)
        .append("</memory><currentMemory>")
        .append(kib)
        .append("</currentMemory><iothreads>1</iothreads><maxMemory slots=\"16\">")
        .append(kib * 4)
        .append("</maxMemory><vcpu current=\"1\">16</vcpu><sysinfo type=\"smbios\"><system>")
        .append("<entry name=\"manufacturer\">oVirt</entry>")
        .append("<entry name=\"product\">OS-NAME:</entry>")
        .append("<entry name=\"version\">OS-VERSION:</entry>")
        .append("<entry name=\"family\">oVirt</entry>")
        .append("<entry name=\"serial\">HOST-SERIAL:</entry><entry name=\"uuid\">")
        .append(vm.id())
        .append("</entry></system></sysinfo><clock offset=\"variable\" adjustment=\"0\">")
        .append("<timer name=\"rtc\" tickpolicy=\"catchup\"></timer>")
        .append("<timer name=\"pit\" tickpolicy=\"delay\"></timer>")
        .append("<timer name=\"hpet\" present=\"no\"></timer></clock>")
        .append("<features><acpi></acpi></features><cpu match=\"exact\"><model>Nehalem</model>")
        .append("<topology cores=\"1\" threads=\"1\" sockets=\"16\"></topology><numa>")
        .append("<cell id=\"0\" cpus=\"0-15\" memory=\"")
        .append(kib)
        .append("\"></cell></numa></cpu><cputune></cputune><devices>");
    int order = 1;
    for (NicDevice nic : nics) {
      appendInterface(xml, nic, bootFromNetwork ? Optional.of(order++) : Optional.empty());
    }
    xml.append("</devices><pm><suspend-to-disk enabled=\"no\"></suspend-to-disk>")
        .append("<suspend-to-mem enabled=\"no\"></suspend-to-mem></pm>")
        .append("<os><type arch=\"x86_64\" machine=\"pc-q35-rhel7.6.0\">hvm</type>")
        .append("<smbios mode=\"sysinfo\"></smbios></os>")
        .append("<metadata><ovirt-tune:qos></ovirt-tune:qos><ovirt-vm:vm>")
        .append("<ovirt-vm:minGuaranteedMemoryMb type=\"int\">")
        .append(mib)
        .append("</ovirt-vm:minGuaranteedMemoryMb><ovirt-vm:clusterVersion>")
        .append(clusterVersion)
        .append("</ovirt-vm:clusterVersion><ovirt-vm:custom></ovirt-vm:custom>");
    nics.forEach(nic -> appendMetadata(xml, nic));
    return xml.append("<ovirt-vm:launchPaused>false</ovirt-vm:launchPaused>")
        .append("<ovirt-vm:resumeBehavior>auto_resume</ovirt-vm:resumeBehavior>")
        .append("<ovirt-vm:ballooningEnabled>true</ovirt-vm:ballooningEnabled>")
        .append("<ovirt-vm:cpuPolicy>none</ovirt-vm:cpuPolicy></ovirt-vm:vm></metadata></domain>")
        .toString();
  }

  /** The document of a plug and of every update. */
  static String hotplug(NicDevice nic) {
    StringBuilder xml = new StringBuilder(1024).append(DECLARATION).append("<hotplug><devices>");
    appendInterface(xml, nic, Optional.empty());
    xml.append("</devices><metadata xmlns:ovirt-vm=\"http://ovirt.org/vm/1.0\"><ovirt-vm:vm>");
    appendMetadata(xml, nic);
    return xml.append("</ovirt-vm:vm></metadata></hotplug>").toString();
  }

  /** The document of an unplug: the alias alone. */
  static String hotunplug(String alias) {
    return "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>"
        + "<hotunplug><devices><interface><alias name=\""
        + alias
        + "\"/></interface></devices></hotunplug>";
  }

  private static void appendInterface(
      StringBuilder xml, NicDevice nic, Optional<Integer> bootOrder) {
    xml.append("<interface type=\"bridge\"><model type=\"")
        .append(escape(nic.model()))
        .append("\"></model><link state=\"")
        .append(nic.linked() ? "up" : "down")
        .append("\"></link><source bridge=\"")
        .append(escape(nic.bridge()))
        .append("\"></source>");
    if (nic.isolated()) {
      xml.append("<port isolated=\"yes\"></port>");
    }
    xml.append("<alias name=\"").append(nic.alias()).append("\"></alias>");
    bootOrder.ifPresent(order -> xml.append("<boot order=\"").append(order).append("\"></boot>"));
    xml.append("<mac address=\"")
        .append(escape(nic.mac()))
        .append("\"></mac><mtu size=\"")
        .append(nic.mtu())
        .append("\"></mtu>");
    nic.filter()
        .ifPresent(
            filter ->
                xml.append("<filterref filter=\"")
                    .append(escape(filter))
                    .append("\"></filterref>"));
    xml.append("<bandwidth></bandwidth></interface>");
  }

  private static void appendMetadata(StringBuilder xml, NicDevice nic) {
    xml.append("<ovirt-vm:device alias=\"")
        .append(nic.alias())
        .append("\" mac_address=\"")
        .append(escape(nic.mac()))
        .append("\"><ovirt-vm:custom>");
    nic.custom()
        .forEach(
            (name, value) ->
                xml.append("<ovirt-vm:")
                    .append(name)
                    .append('>')
                    .append(escape(value))
                    .append("</ovirt-vm:")
                    .append(name)
                    .append('>'));
    xml.append("</ovirt-vm:custom></ovirt-vm:device>");
  }

  static String escape(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }
}
