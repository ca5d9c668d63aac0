# SPDX-License-Identifier: Apache-2.0
"""Keeps bridges from learning where a MAC is from frames that no rule ever sees.

A bridge learns a frame's source after prerouting, where another's MAC is
dropped; but what is sent to its own protocols' addresses (01:80:c2:00:00:0x)
takes another way. Of LLDP, and of STP where that is on, it learns without
asking netfilter (br_handle_frame, __br_handle_local_finish): with one such
frame a guest draws what is for another VM, or for the gateway, to itself. The
bridge's option no_linklocal_learn (kernel 4.20) ends that.
"""

import contextlib
import socket
from typing import Callable, Iterable, Set

from isolated_ports.host import Host
from isolated_ports.journal import log
from isolated_ports.netlink import Ports

_OPTION = 'sys/class/net/%s/bridge/no_linklocal_learn'


class Learning:

    def __init__(self, host: Host, ports: Callable[[], Ports] = Ports,
                 index: Callable[[str], int] = socket.if_nametoindex) -> None:
        self.host = host
        self.ports = ports
        self.index = index
        self.said = set()  # type: Set[str]

    def keep(self, bridges: Iterable[str]) -> None:
        """Those that are there and can do it."""
        for bridge in sorted(bridges):
            try:
                with open(self.host.path(_OPTION % bridge)) as stream:
                    learns = stream.read().strip() == '0'
            except OSError:
                continue  # no bridge yet, or an older kernel
            if not learns:
                continue
            try:
                with contextlib.closing(self.ports()) as ports:
                    ports.learn_no_linklocal(self.index(bridge))
            except OSError as e:
                if bridge not in self.said:
                    log('bridge %s goes on learning MACs from LLDP frames (%s): a guest may draw '
                        "another's frames to itself." % (bridge, e.strerror))
                self.said.add(bridge)
