// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.scheduling;

import java.time.Instant;

/**
 * A host of the engine.
 *
 * @param id the engine's id
 * @param name its name
 * @param clusterId id of its cluster
 * @param status the engine's word for its state, such as {@code up} or {@code maintenance}
 * @param facts what is known of it
 * @param seen when that was read from the engine
 */
public record Host(
    String id, String name, String clusterId, String status, HostFacts facts, Instant seen) {}
