// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.inventory;

/**
 * What our rules need to know of a logical network, as it is or as it is asked for.
 *
 * @param name the name an administrator knows it by
 * @param vmNetwork whether VMs may use it
 * @param external whether an external provider owns it
 * @param portIsolation whether VMs on it are kept apart
 */
public record LogicalNetwork(
    String name, boolean vmNetwork, boolean external, boolean portIsolation) {}
