// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.labels;

import java.util.UUID;

/**
 * An event of the container, fired once the store has it: something else is said of a VM or of one
 * of its vNICs.
 *
 * @param vmId the engine's id of the VM
 */
public record LabelsChanged(UUID vmId) {}
