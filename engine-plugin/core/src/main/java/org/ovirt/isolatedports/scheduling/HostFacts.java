// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.scheduling;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * What is known of a host beside its name, all of it read over the engine's REST API.
 *
 * @param libvirt {@code libvirt_version.full_version}, such as {@code libvirt-9.0.0-1.el9}; empty
 *     where the host gives none
 * @param osType {@code os.type}, such as {@code RHEL}
 * @param osVersion {@code os.version.full_version}, such as {@code 9 - 2}. It is the distribution's
 *     version: the REST API does not show the kernel's, which therefore comes from our own report
 * @param hooks what {@code /hosts/{id}/hooks} lists
 * @param networks the host's attached networks by network id
 */
public record HostFacts(
    String libvirt,
    String osType,
    String osVersion,
    List<ReportedHook> hooks,
    Map<String, HostNetwork> networks) {

  /** Nothing is known. */
  public static final HostFacts NONE = new HostFacts("", "", "", List.of(), List.of());

  public HostFacts {
    hooks = List.copyOf(hooks);
    networks = Map.copyOf(networks);
  }

  public HostFacts(
      String libvirt,
      String osType,
      String osVersion,
      List<ReportedHook> hooks,
      List<HostNetwork> networks) {
    this(
        libvirt,
        osType,
        osVersion,
        hooks,
        networks.stream()
            .collect(
                Collectors.toMap(
                    HostNetwork::networkId, Function.identity(), (first, second) -> first)));
  }

  /** The text of the host's report to us; empty where it published none. */
  public Optional<String> reportText() {
    return hooks.stream()
        .filter(hook -> hook.event().equals(HostReport.EVENT))
        .filter(hook -> hook.name().equals(HostReport.NAME))
        .map(ReportedHook::checksum)
        .findFirst();
  }

  /** The host's report to us; empty where it published none or none that can be read. */
  public Optional<HostReport> report() {
    return reportText().flatMap(HostReport::parse);
  }
}
