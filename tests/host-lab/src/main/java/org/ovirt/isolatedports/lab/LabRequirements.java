// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.lab;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What a lab needs on this machine, and which Debian package brings it. */
final class LabRequirements {

  private static final List<String> SEARCHED =
      List.of("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin");

  private static final String DRIVER =
      "/usr/lib/x86_64-linux-gnu/libvirt/connection-driver/libvirt_driver_qemu.so";

  private LabRequirements() {}

  static void check(GuestKind kind) {
    List<String> problems = new ArrayList<>();
    if (!"root".equals(System.getProperty("user.name"))) {
      problems.add("it has to run as root, to make network namespaces");
    }
    List<String> packages =
        programs(kind).entrySet().stream()
            .filter(entry -> !installed(entry.getKey()))
            .map(Map.Entry::getValue)
            .distinct()
            .toList();
    if (!packages.isEmpty()) {
      problems.add(
          "it needs the Debian packages %s: run tests/host-lab/install-packages.sh as root"
              .formatted(String.join(", ", packages)));
    }
    if (!problems.isEmpty()) {
      throw new LabException("The host lab cannot start: " + String.join("; ", problems) + ".");
    }
  }

  private static Map<String, String> programs(GuestKind kind) {
    Map<String, String> programs = new LinkedHashMap<>();
    programs.put("ip", "iproute2");
    programs.put("nft", "nftables");
    programs.put("busybox", "busybox-static");
    programs.put("dnsmasq", "dnsmasq-base");
    programs.put("gcc", "gcc");
    programs.put("/usr/lib/x86_64-linux-gnu/libc.a", "libc6-dev");
    if (kind != GuestKind.NETNS) {
      programs.put("libvirtd", "libvirt-daemon");
      programs.put(DRIVER, "libvirt-daemon-driver-qemu");
      programs.put("/etc/libvirt/nwfilter/no-mac-spoofing.xml", "libvirt-daemon-config-nwfilter");
      programs.put("virsh", "libvirt-clients");
      programs.put("ebtables", "iptables");
      programs.put("qemu-system-x86_64", "qemu-system-x86");
      programs.put("cpio", "cpio");
      programs.put("modprobe", "kmod");
    }
    return programs;
  }

  private static boolean installed(String program) {
    return program.startsWith("/")
        ? Files.exists(Path.of(program))
        : SEARCHED.stream().anyMatch(directory -> Files.isExecutable(Path.of(directory, program)));
  }
}
