// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.lab;

/**
 * An entry of a host's list of isolated bridges.
 *
 * @param bridge name of the bridge
 * @param network id of the logical network
 * @param name name of the logical network
 */
public record IsolatedBridge(String bridge, String network, String name) {}
