// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.inventory;

/** What connects the VMs of a cluster; REST API v4 calls a Linux bridge {@code legacy}. */
public enum SwitchType {
  LINUX_BRIDGE,
  OVS
}
