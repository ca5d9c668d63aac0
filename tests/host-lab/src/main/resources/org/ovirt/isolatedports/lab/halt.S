# SPDX-License-Identifier: Apache-2.0
# The kernel of guests that have nothing to do: it halts the processor for good. Multiboot 1, which
# QEMU's -kernel takes. Booting Linux on an emulated processor takes seconds of a real one.
        .text
        .align 4
        .long 0x1badb002, 0, -0x1badb002
        .globl _start
_start: cli
1:      hlt
        jmp 1b
