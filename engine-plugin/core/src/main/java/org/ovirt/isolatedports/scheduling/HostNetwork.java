// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.scheduling;

/**
 * A logical network on one host, as its network attachment reports it.
 *
 * @param networkId id of the logical network
 * @param bridged whether the host has a bridge for it
 * @param linuxBridge whether the switch behind it is the Linux bridge, not Open vSwitch
 */
public record HostNetwork(String networkId, boolean bridged, boolean linuxBridge) {}
