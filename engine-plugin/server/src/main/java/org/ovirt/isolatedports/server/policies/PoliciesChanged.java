// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.policies;

import java.util.UUID;

/**
 * An event of the container, fired once the store has it: something else is stored under a network.
 *
 * @param networkId the engine's id of the network
 */
public record PoliciesChanged(UUID networkId) {}
