// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.lab;

import java.util.Optional;

/**
 * A port of a host's bridge, as it was in the kernel when asked; uplinks are not listed.
 *
 * @param device name of the tap
 * @param bridge name of the bridge it is on
 * @param isolated the kernel's flag, {@code /sys/class/net/DEVICE/brport/isolated}
 * @param mac the vNIC's address as libvirt's live XML has it; the tap's own where no VM has the tap
 * @param vmId the VM whose live XML names the tap
 */
public record Port(
    String device, String bridge, boolean isolated, String mac, Optional<String> vmId) {}
