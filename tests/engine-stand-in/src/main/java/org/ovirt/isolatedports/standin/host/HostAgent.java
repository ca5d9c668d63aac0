// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.standin.host;

import java.util.List;
import java.util.UUID;

/**
 * What the engine needs of a host: VDSM, seen from the engine. Implemented in memory by {@link
 * SimulatedHost}, and by adapters to hosts that start real guests.
 *
 * <p>XML documents are handed over as the engine sends them: a {@code <domain>} on start, a {@code
 * <hotplug>} with the NIC and its metadata on plug and update, a {@code <hotunplug>} with the alias
 * alone on unplug. The domain's texts {@code OS-NAME:}, {@code OS-VERSION:} and {@code
 * HOST-SERIAL:} are for the host to fill in, as VDSM does. Calls for one VM come one after the
 * other; calls for different VMs may come at once.
 */
public interface HostAgent {
  /** What the host reports of itself; asked when it joins, is activated or refreshed. */
  HostCapabilities capabilities();

  /**
   * Starts a VM and returns when it runs.
   *
   * @throws HostFailure if it does not start; the message ends up in the engine's event log
   */
  void create(UUID vmId, String domainXml) throws HostFailure;

  /**
   * Plugs a NIC into a running VM.
   *
   * @return the devices the VM has now, with at least the new one; the engine forgets a plugged NIC
   *     that the answer lacks
   * @throws HostFailure if the NIC is not plugged
   */
  List<PluggedDevice> hotplugNic(UUID vmId, String hotplugXml) throws HostFailure;

  /**
   * Takes a NIC out of a running VM.
   *
   * @throws HostFailure if it stays plugged
   */
  void hotunplugNic(UUID vmId, String hotunplugXml) throws HostFailure;

  /**
   * Changes a NIC of a running VM: link, network, profile, or nothing at all.
   *
   * @throws HostFailure if the NIC stays as it was
   */
  void updateNic(UUID vmId, String hotplugXml) throws HostFailure;

  /**
   * Moves a running VM to the other host and returns when it runs there.
   *
   * @throws HostFailure if it stays here
   */
  void migrate(UUID vmId, HostAgent destination) throws HostFailure;

  /**
   * Ends a VM at once.
   *
   * @throws HostFailure if there is no such VM, or it does not end
   */
  void destroy(UUID vmId) throws HostFailure;
}
