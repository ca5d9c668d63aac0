// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.lab;

import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import org.w3c.dom.Document;
import org.w3c.dom.Element;

/**
 * Makes the engine's domain XML one that can run in the lab: a small emulated machine with the
 * lab's kernel and a control channel. Interfaces and metadata stay exactly as the hooks left them.
 */
final class LabDomain {

  /** Kernel parameters of every guest. */
  static final String KERNEL_PARAMETERS =
      "console=ttyS0 quiet panic=-1 net.ifnames=0 random.trust_cpu=on nowatchdog";

  /**
   * An emulated CPU that waits for a busy machine measures its clocks wrongly when it boots, and
   * its timers may then run minutes late. The HPET needs no measuring: it tells its frequency. Nor
   * does the kernel see interrupts come in time then, and would go on without a timer.
   */
  private static final String EMULATED_CLOCK =
      " notsc clocksource=hpet nolapic_timer no_timer_check";

  /** The virtio-serial port that guest-init.sh looks for. */
  static final String CHANNEL = "isolated-ports.lab";

  /** What a VM's description says where its guest has nothing to do. */
  static final String IDLE = "isolated-ports.lab: no system";

  private static final int MEMORY_MIB = 96;

  /** Root ports beyond those in use, so that as many NICs can be hot-plugged. */
  private static final int SPARE_ROOT_PORTS = 4;

  private static final Set<String> REPLACED =
      Set.of(
          "memory",
          "currentMemory",
          "maxMemory",
          "memoryBacking",
          "iothreads",
          "vcpu",
          "sysinfo",
          "cpu",
          "cputune",
          "numatune",
          "clock",
          "os",
          "features",
          "pm");

  private LabDomain() {}

  /**
   * Where the control channel of a VM is, on its host. A path of its own, because libvirt's is too
   * long for a Unix socket that is reached through {@code /proc}.
   */
  static String channelPath(String vmId) {
    return "/run/lab/" + vmId;
  }

  /**
   * Adapts a domain.
   *
   * @param image directory of the guests' kernel and initramfs, on the host
   * @param halt the kernel of guests that have nothing to do, on the host
   */
  static void adapt(VmXml vm, boolean kvm, Path image, Path halt) {
    Element root = vm.root();
    root.setAttribute("type", kvm ? "kvm" : "qemu");
    for (Element element : Xml.elements(root)) {
      if (REPLACED.contains(element.getLocalName())) {
        root.removeChild(element);
      }
    }
    Xml.append(root, "memory", "unit", "MiB").setTextContent(Integer.toString(MEMORY_MIB));
    Xml.append(root, "vcpu").setTextContent("1");
    Element os = Xml.append(root, "os");
    Xml.append(os, "type", "arch", "x86_64", "machine", "q35").setTextContent("hvm");
    boolean idle =
        Xml.child(root, "description").map(Element::getTextContent).equals(Optional.of(IDLE));
    if (idle) {
      Xml.append(os, "kernel").setTextContent(halt.toString());
    } else {
      Xml.append(os, "kernel").setTextContent(image.resolve("vmlinuz").toString());
      Xml.append(os, "initrd").setTextContent(image.resolve("initramfs").toString());
      Xml.append(os, "cmdline").setTextContent(KERNEL_PARAMETERS + (kvm ? "" : EMULATED_CLOCK));
    }
    Xml.append(Xml.append(root, "features"), "acpi");
    if (kvm) {
      Xml.append(root, "cpu", "mode", "host-passthrough");
    }
    adaptDevices(vm);
  }

  private static void adaptDevices(VmXml vm) {
    Element devices = vm.devices();
    for (Element device : Xml.elements(devices)) {
      if (!device.getLocalName().equals("interface")) {
        devices.removeChild(device);
      }
    }
    Xml.append(devices, "emulator").setTextContent("/usr/bin/qemu-system-x86_64");
    Element serial = Xml.append(devices, "serial", "type", "file");
    Xml.append(serial, "source", "path", "/var/log/libvirt/qemu/" + vm.id() + ".console");
    Element channel = Xml.append(devices, "channel", "type", "unix");
    Xml.append(channel, "source", "mode", "bind", "path", channelPath(vm.id()));
    Xml.append(channel, "target", "type", "virtio", "name", CHANNEL);
    Xml.append(devices, "controller", "type", "usb", "model", "none");
    Xml.append(devices, "memballoon", "model", "none");
    Xml.append(devices, "controller", "type", "pci", "model", "pcie-root");
    for (int i = 0; i < vm.vnics().size() + SPARE_ROOT_PORTS; i++) {
      Xml.append(devices, "controller", "type", "pci", "model", "pcie-root-port");
    }
  }

  /**
   * The {@code <interface>} VDSM makes from its own record of a vNIC when it updates or unplugs it
   * ({@code vmdevices.network.Interface.getXML}): the live one without what it does not track,
   * among it {@code <port>}.
   */
  static Document vdsmInterface(VmXml.Vnic live) {
    Document document = Xml.copy(live.element());
    Element vnic = document.getDocumentElement();
    Set<String> tracked =
        Set.of(
            "address",
            "mac",
            "model",
            "source",
            "mtu",
            "filterref",
            "link",
            "boot",
            "driver",
            "tune",
            "alias",
            "teaming");
    for (Element element : Xml.elements(vnic)) {
      if (!tracked.contains(element.getLocalName())) {
        vnic.removeChild(element);
      }
    }
    Xml.child(vnic, "address")
        .ifPresent(address -> vnic.insertBefore(address, vnic.getFirstChild()));
    return document;
  }
}
