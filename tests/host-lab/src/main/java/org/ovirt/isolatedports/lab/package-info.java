// SPDX-License-Identifier: Apache-2.0
/**
 * Simulated oVirt hosts for tests and the demo: bridges and a switch in network namespaces, libvirt
 * with real guests, and VDSM's hook contract. Start at {@link org.ovirt.isolatedports.lab.Lab}; the
 * design is in docs/design/host-lab.md.
 */
package org.ovirt.isolatedports.lab;
