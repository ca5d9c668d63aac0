# SPDX-License-Identifier: Apache-2.0
"""Bridges that the host itself is reached through, which no ruleset closes to its VMs.

The server closes no network that has a role for hosts (management, display,
migration, storage). Should it say so all the same, by a fault or because it is
not the one it should be, the bridge of the host's default route is known here.
"""

from typing import FrozenSet, Set

from isolated_ports.host import Host

_ROUTES, _ROUTES6 = 'proc/net/route', 'proc/net/ipv6_route'


def bridges(host: Host) -> FrozenSet[str]:
    """Devices of default routes, by proc(5) and net/ipv6/route.c."""
    found = set()  # type: Set[str]
    for path, destination, mask, none in ((_ROUTES, 1, 7, '0' * 8), (_ROUTES6, 0, 1, '0' * 32)):
        try:
            with open(host.path(path)) as stream:
                lines = [line.split() for line in stream]
        except OSError:
            continue
        for fields in lines:
            # IPv6 has its prefix in two digits, and ends with the device.
            if (len(fields) > mask and fields[destination] == none
                    and fields[mask] == none[:len(fields[mask])]):
                found.add(fields[0] if path == _ROUTES else fields[-1])
    return frozenset(found - {'lo'})
