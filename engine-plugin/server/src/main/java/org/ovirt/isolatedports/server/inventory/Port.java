// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.inventory;

import org.ovirt.isolatedports.inventory.VmWithVnics;
import org.ovirt.isolatedports.policy.inventory.Nic;

/**
 * A vNIC of a network, as the engine knows it and as policies do.
 *
 * @param vm its VM
 * @param vnic the vNIC in the engine
 * @param nic the same for policies
 */
public record Port(VmWithVnics vm, VmWithVnics.Vnic vnic, Nic nic) {}
