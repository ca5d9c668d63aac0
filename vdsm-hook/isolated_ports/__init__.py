# SPDX-License-Identifier: Apache-2.0
"""The host side of oVirt Isolated Ports: VDSM hooks, libvirt filter, root service.

The modules a VDSM hook loads (scan, host, domxml, decide, hook) import nothing
heavier than `os`, and the parts that do are imported only when a document can
concern us: a hook runs at every VM start, and its price is paid by VMs that
have nothing to do with isolation.
"""

VERSION = '1.0'
