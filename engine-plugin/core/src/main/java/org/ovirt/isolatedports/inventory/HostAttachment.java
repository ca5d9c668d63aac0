// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.inventory;

import java.util.Optional;

/**
 * A network attached to a host, as the host reports it, not as the engine wants it to be.
 *
 * @param networkId the engine's id of the network
 * @param bridged whether the host has a bridge for it
 * @param switchType the switch behind it; empty where the host reports none, as older ones do
 */
public record HostAttachment(String networkId, Stated bridged, Optional<SwitchType> switchType) {}
