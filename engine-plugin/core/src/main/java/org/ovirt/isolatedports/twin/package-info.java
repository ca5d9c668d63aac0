// SPDX-License-Identifier: Apache-2.0
/**
 * Moving VMs from a network to an isolated twin of it: the twin's name, what stands against it, and
 * what is to be done with a vNIC.
 */
package org.ovirt.isolatedports.twin;
