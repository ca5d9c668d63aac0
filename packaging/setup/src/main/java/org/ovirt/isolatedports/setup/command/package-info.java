// SPDX-License-Identifier: Apache-2.0
/** The command {@code isolated-ports-setup}, around the set-up library of the server. */
package org.ovirt.isolatedports.setup.command;
