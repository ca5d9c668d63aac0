// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.standin.host;

/**
 * A NIC as the host names it after a hot-plug.
 *
 * @param macAddress six octets, colons, lower case
 * @param alias {@code ua-} and the NIC's id
 */
public record PluggedDevice(String macAddress, String alias) {}
