// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.inventory;

/**
 * A host without what takes requests of their own to learn.
 *
 * @param id the engine's id
 * @param name its name
 * @param address the name or IP address by which the engine reaches it; empty text where the engine
 *     names none
 * @param clusterId id of its cluster; empty text where the engine names none
 * @param status the engine's word for its state, such as {@code up}; {@code unknown} where it says
 *     none
 * @param libvirt {@code libvirt_version.full_version}; empty text where the host gives none
 * @param osType {@code os.type}; empty text where the host gives none
 * @param osVersion {@code os.version.full_version}; empty text where the host gives none
 */
public record WatchedHost(
    String id,
    String name,
    String address,
    String clusterId,
    String status,
    String libvirt,
    String osType,
    String osVersion) {}
