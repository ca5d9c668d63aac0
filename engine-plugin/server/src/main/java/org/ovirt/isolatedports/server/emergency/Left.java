// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.emergency;

import java.util.Optional;

/**
 * What may be open still of a network that is being closed.
 *
 * @param vmId the VM it names; empty if it names none
 * @param text what it is and what would close it, in sentences
 */
record Left(Optional<String> vmId, String text) {}
