// SPDX-License-Identifier: Apache-2.0
/**
 * What {@code isolated-ports-setup} does to an engine: repeatable, recorded before it is done, and
 * undone to the letter.
 *
 * <p>See {@code docs/design/scheduling.md}.
 */
package org.ovirt.isolatedports.setup;
