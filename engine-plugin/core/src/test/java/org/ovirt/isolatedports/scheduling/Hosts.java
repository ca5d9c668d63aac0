// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.scheduling;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;

/** Hosts for tests: a fit one, and ways to spoil it. */
final class Hosts {

  static final Instant NOW = Instant.parse("2026-11-21T20:00:00Z");
  static final String REPORT =
      "version=1.0.0;kernel=5.14.0-427.el9.x86_64;filter=yes;watch=yes;list=ok;nft=yes;ct=yes";
  static final GuardedNetwork RED = new GuardedNetwork("n-red", "red", PortNeed.ISOLATION);

  private Hosts() {}

  static Host fit(String name) {
    return host(name, "libvirt-9.0.0-1.el9", REPORT);
  }

  static Host host(String name, String libvirt, String report) {
    return host(name, libvirt, hooks(report), List.of(new HostNetwork("n-red", true, true)));
  }

  static Host host(
      String name, String libvirt, List<ReportedHook> hooks, List<HostNetwork> networks) {
    return new Host(
        "id-" + name,
        name,
        "c1",
        "up",
        new HostFacts(libvirt, "RHEL", "9 - 2", hooks, networks),
        NOW);
  }

  static List<ReportedHook> hooks(String report) {
    List<ReportedHook> hooks = new ArrayList<>();
    for (String event : new TreeSet<>(FitnessRequirements.DEFAULT.hookEvents())) {
      hooks.add(new ReportedHook(event, "60_isolated_ports", "ab12"));
    }
    hooks.add(new ReportedHook(HostReport.EVENT, HostReport.NAME, report));
    hooks.add(new ReportedHook("after_vm_destroy", "50_other", "bb"));
    return hooks;
  }

  static Host withStatus(Host host, String status) {
    return new Host(host.id(), host.name(), host.clusterId(), status, host.facts(), host.seen());
  }
}
