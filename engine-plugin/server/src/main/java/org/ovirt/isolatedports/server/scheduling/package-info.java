// SPDX-License-Identifier: Apache-2.0
/**
 * The external scheduler the engine asks before it starts or migrates a VM: its XML-RPC wire form,
 * its listener and the service behind it.
 *
 * <p>See {@code docs/design/scheduling.md}.
 */
package org.ovirt.isolatedports.server.scheduling;
