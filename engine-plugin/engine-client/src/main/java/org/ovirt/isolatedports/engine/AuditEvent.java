// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.engine;

import java.time.Instant;
import java.util.Optional;

/**
 * A line of the engine's event log, as far as it says where to look again. No event names a network
 * or a vNIC profile by its id.
 *
 * @param id its number; numbers go up, and are given before the event can be seen
 * @param code what happened, such as 942 for a network that was added (engine class {@code
 *     AuditLogType})
 * @param time when it happened, by the engine's clock
 * @param vmId the VM it links to
 * @param hostId the host it links to
 * @param clusterId the cluster it links to
 */
public record AuditEvent(
    long id,
    int code,
    Instant time,
    Optional<String> vmId,
    Optional<String> hostId,
    Optional<String> clusterId) {}
