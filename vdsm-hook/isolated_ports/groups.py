# SPDX-License-Identifier: Apache-2.0
"""Device groups: by which of them a port carries, the tables below the flag know what it may.

Groups are numbers without a registry; 0 is everybody's, and what carries one of
another's is left alone.
"""

from typing import Dict, Set

from isolated_ports.floor import CLOSED, COMMUNITY, GROUP, PROMISCUOUS
from isolated_ports.floor_bridge import PASSING
from isolated_ports.netlink import Link, Ports

# Of VMs' ports that we look after.
KEPT = (GROUP, COMMUNITY, PROMISCUOUS, CLOSED)
_FREE = (0, PASSING) + KEPT


class Groups:
    """of: by index, the group that we put a device into. Guarded by the watch's lock."""

    def __init__(self) -> None:
        self.of = {}  # type: Dict[int, int]
        # Where the kernel has told of it.
        self.seen = set()  # type: Set[int]

    def forget(self, index: int) -> None:
        self.of.pop(index, None)
        self.seen.discard(index)

    def put(self, index: int, group: int, ports: Ports) -> None:
        """Whatever it carries now. Raises OSError."""
        ports.set_group(index, group)
        if self.of.get(index) != group:
            self.of[index] = group
            self.seen.discard(index)

    def keep(self, link: Link, ports: Ports) -> bool:
        """Somebody may take a port of ours out of its group, or put it into another one: it goes
        back. True where that was so, and is no news from before we put it there. Raises OSError."""
        group = self.of.get(link.index)
        if group is None:
            return False
        if link.group == group:
            self.seen.add(link.index)
            return False
        ports.set_group(link.index, group)
        told = link.index in self.seen
        self.seen.discard(link.index)
        return told

    def set(self, link: Link, group: int, ports: Ports) -> None:
        """group: 0 takes it out of ours. link: as the kernel has it. Raises OSError."""
        ours = link.index in self.of
        if group:
            if link.group == group:
                self.of[link.index] = group
            elif ours or link.group in _FREE or group == CLOSED:
                self.put(link.index, group, ports)
        elif ours or link.group in KEPT:
            ports.set_group(link.index, 0)
            self.forget(link.index)

    @staticmethod
    def let_pass(link: Link, ports: Ports) -> None:
        """Past the floor by bridge, as what is no VM's of ours to close. Raises OSError."""
        if link.group in (0,) + KEPT:
            ports.set_group(link.index, PASSING)
