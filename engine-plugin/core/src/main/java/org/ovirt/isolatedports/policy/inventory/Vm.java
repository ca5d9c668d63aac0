// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.inventory;

/**
 * A VM.
 *
 * @param id the engine's id; where an inventory gives none, its name
 * @param name the name people and policies know it by; VMs of two data centers may share one
 */
public record Vm(String id, String name) {}
