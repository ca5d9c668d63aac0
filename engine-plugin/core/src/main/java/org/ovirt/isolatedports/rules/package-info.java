// SPDX-License-Identifier: Apache-2.0

/**
 * What must hold wherever a network is isolated, whoever changed the engine: rules from a snapshot
 * of the engine to violations, without any input or output.
 */
package org.ovirt.isolatedports.rules;
