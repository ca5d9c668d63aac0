// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.inventory;

import java.util.Optional;

/**
 * An isolated network as the engine shows it.
 *
 * @param id the engine's id
 * @param name its name in the engine
 * @param dataCenterId id of its data center
 * @param enforcedByHook whether vNIC profiles carry the isolation to our hook; else the engine
 *     itself isolates
 * @param vmNetwork whether VMs may use it
 * @param external whether an external provider owns it
 * @param isolatedInEngine what the engine says of {@code port_isolation}; empty where the engine
 *     does not know the attribute
 * @param storageBond name of the iSCSI bond the network is in; empty if it is in none
 */
public record WatchedNetwork(
    String id,
    String name,
    String dataCenterId,
    boolean enforcedByHook,
    boolean vmNetwork,
    boolean external,
    Optional<Boolean> isolatedInEngine,
    Optional<String> storageBond) {}
