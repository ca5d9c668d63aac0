// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.lab;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;

/**
 * Writes the documents an engine sends to a host, for tests that have no engine: a {@code <domain>}
 * with everything the lab has to take out again, and {@code <hotplug>} and {@code <hotunplug>} for
 * one vNIC. The form is that of an ovirt-engine 4.5.8.
 */
public final class DomainXml {

  private static final String NAMESPACES =
      "xmlns:ovirt-tune=\"http://ovirt.org/vm/tune/1.0\" xmlns:ovirt-vm=\"http://ovirt.org/vm/1.0\"";

  /**
   * A vNIC as the engine knows it.
   *
   * @param bridge name of the network's bridge on the host
   * @param mac its address
   * @param custom custom properties of its vNIC profile
   * @param nativelyIsolated whether the engine writes {@code <port>} itself
   * @param linkUp whether the link is up
   */
  public record Vnic(
      String alias,
      String bridge,
      String mac,
      Map<String, String> custom,
      boolean nativelyIsolated,
      boolean linkUp) {

    public Vnic {
      custom = new LinkedHashMap<>(custom);
    }

    /** A vNIC with its link up and a new alias. */
    public static Vnic on(String bridge, String mac) {
      return new Vnic("ua-" + UUID.randomUUID(), bridge, mac, Map.of(), false, true);
    }

    public Vnic withCustom(String name, String value) {
      Map<String, String> more = new LinkedHashMap<>(custom);
      more.put(name, value);
      return new Vnic(alias, bridge, mac, more, nativelyIsolated, linkUp);
    }

    public Vnic withNativeIsolation() {
      return new Vnic(alias, bridge, mac, custom, true, linkUp);
    }

    public Vnic withBridge(String other) {
      return new Vnic(alias, other, mac, custom, nativelyIsolated, linkUp);
    }

    public Vnic withLink(boolean up) {
      return new Vnic(alias, bridge, mac, custom, nativelyIsolated, up);
    }

    private String element() {
      return """
          <interface type="bridge"><model type="virtio"></model><link state="%s"></link>\
          <source bridge="%s"></source>%s<alias name="%s"></alias><mac address="%s"></mac>\
          <mtu size="1500"></mtu><filterref filter="vdsm-no-mac-spoofing"></filterref>\
          <bandwidth></bandwidth></interface>"""
          .formatted(
              linkUp ? "up" : "down",
              bridge,
              nativelyIsolated ? "<port isolated=\"yes\"></port>" : "",
              alias,
              mac);
    }

    private String metadata() {
      return "<ovirt-vm:device alias=\"%s\" mac_address=\"%s\">%s</ovirt-vm:device>"
          .formatted(alias, mac, properties(custom));
    }

    /** What the engine sends to plug or update this vNIC. */
    public String hotplug() {
      return """
          <?xml version="1.0" encoding="UTF-8"?><hotplug><devices>%s</devices>\
          <metadata xmlns:ovirt-vm="http://ovirt.org/vm/1.0"><ovirt-vm:vm>%s</ovirt-vm:vm></metadata>\
          </hotplug>"""
          .formatted(element(), metadata());
    }

    /** What the engine sends to unplug this vNIC. */
    public String hotunplug() {
      return """
          <?xml version="1.0" encoding="UTF-8" standalone="yes"?><hotunplug><devices><interface>\
          <alias name="%s"/></interface></devices></hotunplug>"""
          .formatted(alias);
    }
  }

  private static String properties(Map<String, String> custom) {
    return custom.entrySet().stream()
        .map(e -> "<ovirt-vm:%s>%s</ovirt-vm:%s>".formatted(e.getKey(), e.getValue(), e.getKey()))
        .collect(Collectors.joining("", "<ovirt-vm:custom>", "</ovirt-vm:custom>"));
  }

  private final String name;
  private final String vmId = UUID.randomUUID().toString();
  private final List<Vnic> vnics = new ArrayList<>();
  private final Map<String, String> custom = new LinkedHashMap<>();
  private String description = "";

  private DomainXml(String name) {
    this.name = name;
  }

  /** A VM of this name with a new id. */
  public static DomainXml vm(String name) {
    return new DomainXml(name);
  }

  public DomainXml vnic(Vnic vnic) {
    vnics.add(vnic);
    return this;
  }

  /** A VM-level custom property. */
  public DomainXml custom(String property, String value) {
    custom.put(property, value);
    return this;
  }

  /**
   * A VM whose guest halts at once, for those who look at its host alone. It can be asked nothing,
   * and lets no vNIC go.
   */
  public DomainXml idle() {
    description = "<description>" + LabDomain.IDLE + "</description>";
    return this;
  }

  public String vmId() {
    return vmId;
  }

  /** What the engine sends to start this VM. */
  public String domain() {
    String channel = "/var/lib/libvirt/qemu/channels/" + vmId;
    return """
        <?xml version="1.0" encoding="UTF-8"?><domain type="kvm" %s><name>%s</name><uuid>%s</uuid>%s\
        <memory>524288</memory><currentMemory>524288</currentMemory><iothreads>1</iothreads>\
        <maxMemory slots="16">2097152</maxMemory><vcpu current="1">16</vcpu>\
        <sysinfo type="smbios"><system><entry name="manufacturer">oVirt</entry></system></sysinfo>\
        <clock offset="variable" adjustment="0"><timer name="rtc" tickpolicy="catchup"></timer></clock>\
        <features><acpi></acpi></features><cpu match="exact"><model>Nehalem</model></cpu>\
        <cputune></cputune><devices><input type="tablet" bus="usb"></input>\
        <channel type="unix"><target type="virtio" name="ovirt-guest-agent.0"></target>\
        <source mode="bind" path="%s.ovirt-guest-agent.0"></source></channel>\
        <graphics type="vnc" port="-1" autoport="yes" passwd="*****"></graphics>\
        <controller type="pci" model="pcie-root"></controller>\
        <controller type="pci" model="pcie-root-port"></controller>\
        <controller type="scsi" model="virtio-scsi" index="0"></controller>%s\
        <disk type="file" device="cdrom" snapshot="no"><source file=""></source>\
        <target dev="sdc" bus="sata"></target><readonly></readonly></disk></devices>\
        <pm><suspend-to-disk enabled="no"></suspend-to-disk></pm><os><type arch="x86_64" \
        machine="pc-q35-rhel7.6.0">hvm</type><smbios mode="sysinfo"></smbios></os>\
        <metadata><ovirt-tune:qos></ovirt-tune:qos><ovirt-vm:vm>\
        <ovirt-vm:clusterVersion>4.8</ovirt-vm:clusterVersion>%s%s</ovirt-vm:vm></metadata></domain>"""
        .formatted(
            NAMESPACES,
            name,
            vmId,
            description,
            channel,
            vnics.stream().map(Vnic::element).collect(Collectors.joining()),
            properties(custom),
            vnics.stream().map(Vnic::metadata).collect(Collectors.joining()));
  }
}
