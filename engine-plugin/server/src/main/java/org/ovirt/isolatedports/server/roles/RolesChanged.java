// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.roles;

/** An event of the container, fired once it can be read: a vNIC or a profile has another role. */
public record RolesChanged() {}
