// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.scheduling.decision;

/**
 * A filter we offer to the engine's scheduling policies.
 *
 * @param name the name by which the engine calls it
 * @param description what the engine shows of it
 * @param properties its parameters as the engine takes them: {@code name=regex} with {@code ;}
 *     between them; empty for none
 */
public record PolicyUnit(String name, String description, String properties) {}
