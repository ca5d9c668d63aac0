// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.scheduling;

import java.time.Duration;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * What a host must bring to enforce port isolation.
 *
 * @param libvirt oldest libvirt
 * @param kernel oldest kernel
 * @param hostPart oldest version of our package on the host; newer ones of the same major version
 *     will do, so that hosts may be upgraded before or after the server
 * @param hookName file name of our hook
 * @param hookEvents VDSM's events that must have it
 * @param hookChecksums checksums of the hook that are accepted; empty if any is, as long as all
 *     events have the same
 * @param factsAge how old what is known of a host may be
 */
public record FitnessRequirements(
    ReleaseVersion libvirt,
    ReleaseVersion kernel,
    ReleaseVersion hostPart,
    Pattern hookName,
    Set<String> hookEvents,
    Set<String> hookChecksums,
    Duration factsAge) {

  /**
   * libvirt 6.5 (6.1 knows {@code <port isolated>}, 6.5 our {@code qemu.d} filter), kernel 4.18
   * ({@code BR_ISOLATED}), the four events by which a vNIC can come up or change (VDSM's own
   * order), facts of the last ten minutes.
   */
  public static final FitnessRequirements DEFAULT =
      new FitnessRequirements(
          new ReleaseVersion(6, 5, 0),
          new ReleaseVersion(4, 18, 0),
          new ReleaseVersion(1, 0, 0),
          Pattern.compile("\\d\\d_isolated_ports"),
          Set.of(
              "before_vm_start",
              "before_device_create",
              "before_nic_hotplug",
              "before_update_device"),
          Set.of(),
          Duration.ofMinutes(10));

  public FitnessRequirements {
    hookEvents = Set.copyOf(hookEvents);
    hookChecksums = Set.copyOf(hookChecksums);
  }

  /** The same with a newer libvirt; an older one than is asked for already changes nothing. */
  public FitnessRequirements withLibvirtAtLeast(ReleaseVersion other) {
    if (!libvirt.isBefore(other)) {
      return this;
    }
    return new FitnessRequirements(
        other, kernel, hostPart, hookName, hookEvents, hookChecksums, factsAge);
  }
}
