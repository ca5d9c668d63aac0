// SPDX-License-Identifier: Apache-2.0

/**
 * The guard: notices what is changed in the engine around us, mends what it may, and tells of the
 * rest. See docs/design/guard.md.
 */
package org.ovirt.isolatedports.server.violations;
