// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.lab;

/** What stands for a virtual machine. */
public enum GuestKind {
  /** KVM where a trial boot shows that it works, emulation otherwise. */
  AUTO,
  /** Real guests on the processor's virtualisation. */
  KVM,
  /** Real guests, emulated by QEMU. */
  TCG,
  /**
   * No virtual machine and no libvirt: a network namespace per guest, on the same bridges. The lab
   * itself sets the kernel's flag where the domain XML asks for it.
   */
  NETNS
}
