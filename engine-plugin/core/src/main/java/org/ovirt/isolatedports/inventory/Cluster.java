// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.inventory;

/**
 * What our rules need to know of a cluster.
 *
 * @param id the engine's id
 * @param name the name an administrator knows it by
 * @param level its compatibility level
 * @param switchType what connects its VMs
 */
public record Cluster(String id, String name, CompatibilityLevel level, SwitchType switchType) {}
