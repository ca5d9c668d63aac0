// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.inventory;

import java.util.Optional;
import java.util.UUID;

/**
 * A logical network as the engine has it.
 *
 * @param id the engine's id
 * @param dataCenterId its data center, where the engine names one
 * @param name the name an administrator knows it by
 * @param vmNetwork whether VMs may use it
 * @param external whether an external provider owns it
 * @param portIsolation what the engine itself says of the attribute; empty where it does not know
 *     the attribute, or says something that is neither true nor false
 * @param bridge the name of its bridge on the hosts ({@code vdsm_name}); empty where the engine
 *     does not say it
 */
public record Network(
    UUID id,
    Optional<UUID> dataCenterId,
    String name,
    boolean vmNetwork,
    boolean external,
    Optional<Boolean> portIsolation,
    Optional<String> bridge) {}
