// SPDX-License-Identifier: Apache-2.0
/**
 * Which hosts can hold an isolated port for certain, and which of the hosts the engine offers for a
 * VM are kept. Plain values in, plain values out; nothing here waits or talks to anyone.
 *
 * <p>See {@code docs/design/scheduling.md}.
 */
package org.ovirt.isolatedports.scheduling;
