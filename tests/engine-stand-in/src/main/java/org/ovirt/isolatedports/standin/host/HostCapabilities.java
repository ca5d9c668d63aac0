// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.standin.host;

import java.util.Map;

/**
 * What a host reports: the parts of VDSM's {@code getCapabilities} that the engine shows over REST.
 *
 * @param libvirt full version, such as {@code libvirt-9.0.0-1.el9}; empty if not reported
 * @param kernel kernel release, such as {@code 5.14.0-362.el9.x86_64}; the engine shows it as
 *     {@code os.reported_kernel_cmdline} only, so it is here for the host side
 * @param osType such as {@code RHEL}
 * @param osVersion full version, such as {@code 9 - 2}
 * @param vdsm full version, such as {@code vdsm-4.50.5-1.el9}
 * @param hooks event to script to checksum; the checksum is free text within the limits of the
 *     engine's parser: spaces are stripped, braces break the list
 * @param networks name of each network set up on the host, to the bridge that carries it
 */
public record HostCapabilities(
    String libvirt,
    String kernel,
    String osType,
    String osVersion,
    String vdsm,
    Map<String, Map<String, String>> hooks,
    Map<String, String> networks) {

  public HostCapabilities {
    hooks = Map.copyOf(hooks);
    networks = Map.copyOf(networks);
  }

  /** An EL 9 host without hooks and without networks. */
  public static HostCapabilities el9() {
    return new HostCapabilities(
        "libvirt-9.0.0-1.el9",
        "5.14.0-362.8.1.el9_3.x86_64",
        "RHEL",
        "9 - 2",
        "vdsm-4.50.5-1.el9",
        Map.of(),
        Map.of());
  }

  /** The same host with another libvirt. */
  public HostCapabilities withLibvirt(String version) {
    return new HostCapabilities(version, kernel, osType, osVersion, vdsm, hooks, networks);
  }

  /** The same host with other hooks. */
  public HostCapabilities withHooks(Map<String, Map<String, String>> reported) {
    return new HostCapabilities(libvirt, kernel, osType, osVersion, vdsm, reported, networks);
  }

  /** The same host with other networks (name to bridge). */
  public HostCapabilities withNetworks(Map<String, String> bridges) {
    return new HostCapabilities(libvirt, kernel, osType, osVersion, vdsm, hooks, bridges);
  }
}
